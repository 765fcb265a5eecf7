// SPDX-License-Identifier: Apache-2.0
/** The three tools: what each needs before the first run, and the command that a person would type. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, type CommandOptions, project, type Ran } from "../commands.ts";
import { inventory } from "./inventory.ts";
import { items } from "./items.ts";
import type { Setting } from "./setting.ts";

const LIMIT = 900; // seconds a run

/** A way to bring the items onto the hosts. */
export interface Tool {
    readonly name: string;
    /** What is done once, before anything is timed. */
    readonly prepare: (setting: Setting) => Promise<void>;
    /** Writes down what is wanted: nobody has to run anything for that. */
    readonly want: (setting: Setting, interval: number) => void;
    /** Makes it true. */
    readonly apply: (setting: Setting) => Promise<Ran>;
    /** Shows what `apply` would do, where that is timed. */
    readonly preview?: (setting: Setting) => Promise<Ran>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Keys come from the lab's agent for all three. */
const agent = ({ lab }: Setting) => ({ SSH_AUTH_SOCK: join(lab, "agent.sock") });

const program = join(import.meta.dirname, "program");
/** Where program/Pulumi.yaml says that stack files are. */
const stackFile = join(project, ".bench", "hosts", "Pulumi.bench.yaml");

function pulumi(setting: Setting, ...args: string[]): Promise<Ran> {
    const state = join(setting.folder, "state");
    mkdirSync(state, { recursive: true });
    const environment = { ...agent(setting), PULUMI_BACKEND_URL: `file://${state}` };
    const options: CommandOptions = { limit: LIMIT, folder: program, environment };
    return command(["pulumi", ...args, "--stack", "bench"], options);
}

const metalstream: Tool = {
    name: "metalstream",
    prepare: async (setting) => {
        await pulumi(setting, "stack", "init");
    },
    want: ({ hosts, lab }, interval) => {
        const config = {
            "hosts-bench:hosts": hosts.map(({ name, address }) => ({ name, address })),
            "hosts-bench:knownHosts": join(lab, "known_hosts"),
            "hosts-bench:interval": interval,
        };
        mkdirSync(join(stackFile, ".."), { recursive: true });
        // JSON is YAML.
        writeFileSync(stackFile, JSON.stringify({ config }, null, 4));
    },
    apply: (setting) => pulumi(setting, "up", "--yes", "--skip-preview"),
    preview: (setting) => pulumi(setting, "preview", "--diff"),
};

const others = join(import.meta.dirname, "others");
const inventoryFile = ({ folder }: Setting) => join(folder, "inventory.json");

function writeInventory(setting: Setting, interval: number): void {
    writeFileSync(inventoryFile(setting), inventory(setting.hosts, items(interval)));
}

const ansible: Tool = {
    name: "Ansible",
    prepare: nothing,
    want: writeInventory,
    apply: (setting) =>
        command([join(setting.bin, "ansible-playbook"), "-i", inventoryFile(setting), "site.yml"], {
            limit: LIMIT,
            folder: others,
            environment: {
                ...agent(setting),
                LC_ALL: "C.UTF-8",
                ANSIBLE_CONFIG: join(others, "ansible.cfg"),
                // The user's own ~/.ansible stays out of it.
                ANSIBLE_HOME: join(setting.folder, "ansible"),
                ANSIBLE_SSH_CONTROL_PATH_DIR: join(setting.folder, "cp"),
                ANSIBLE_SSH_COMMON_ARGS: `-F ${join(setting.lab, "ssh_config")}`,
            },
        }),
};

const pyinfra: Tool = {
    name: "pyinfra",
    prepare: nothing,
    want: writeInventory,
    apply: (setting) =>
        command([join(setting.bin, "pyinfra"), "-y", "inventory.py", "deploy.py"], {
            limit: LIMIT,
            folder: others,
            environment: {
                ...agent(setting),
                LC_ALL: "C.UTF-8",
                // The checkout gets no __pycache__.
                PYTHONDONTWRITEBYTECODE: "1",
                BENCH_INVENTORY: inventoryFile(setting),
                BENCH_KNOWN_HOSTS: join(setting.lab, "known_hosts"),
            },
        }),
};

/** In the order in which they are measured. */
export const tools: readonly Tool[] = [metalstream, pyinfra, ansible];
