// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run bench:hosts`: this project, pyinfra and Ansible with the same items on the same hosts, one after the other, each on freshly booted
 * ones. Begins without a lab and ends without one; prints a table, and keeps all figures in `.bench/hosts.json`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { down, up } from "../../lab/index.ts";
import { isStopped, runBenchmark } from "../commands.ts";
import { table } from "../figures.ts";
import { heading, keep, refuseWithLab } from "../keep.ts";
import { machine } from "../machine.ts";
import { Ssh } from "../ssh.ts";
import { measure, type Measured } from "./compare.ts";
import { hostsRows, unequalVersions } from "./rows.ts";
import { installOthers } from "./setting.ts";
import { type Tool, tools } from "./tools.ts";

const say = (line: string): void => {
    console.log(line);
};

/** Command line: how often the short phases are measured, and which tools. */
function wishes(): { repetitions: number; chosen: readonly Tool[] } {
    const names = tools.map(({ name }) => name.toLowerCase());
    const { values } = parseArgs({
        options: {
            repetitions: { type: "string", default: "3" },
            tools: { type: "string", default: names.join(",") },
        },
    });
    const repetitions = Number(values.repetitions);
    const wanted = values.tools.split(",");
    if (!Number.isInteger(repetitions) || repetitions < 1)
        throw new Error(`--repetitions ${values.repetitions}: give a whole number of at least 1`);
    const unknown = wanted.filter((name) => !names.includes(name));
    if (unknown.length > 0)
        throw new Error(`--tools ${unknown.join(",")}: there are ${names.join(", ")}`);
    return {
        repetitions,
        chosen: tools.filter(({ name }) => wanted.includes(name.toLowerCase())),
    };
}

/** What the lab's small image lacks of a server as Debian's installer leaves it, on all hosts alike: Ansible needs it. */
const python =
    "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq -y --no-install-recommends install python3 python3-apt >/dev/null";

async function onFreshHosts(tool: Tool, bin: string, repetitions: number): Promise<Measured> {
    const folder = mkdtempSync(join(tmpdir(), "mshosts-"));
    const ssh = new Ssh();
    say(`\n=== ${tool.name}`);
    try {
        const { dir, hosts } = await up();
        await ssh.open(hosts.map(({ name }) => name));
        await Promise.all(hosts.map(({ name }) => ssh.root(name, python)));
        return await measure(tool, { hosts, lab: dir, folder, bin }, ssh, repetitions, say);
    } finally {
        ssh.close();
        await down();
        rmSync(folder, { recursive: true, force: true });
    }
}

async function main(): Promise<number> {
    refuseWithLab();
    const { repetitions, chosen } = wishes();
    const on = machine();
    say(heading(on));
    const bin = await installOthers(say);
    const measured: Measured[] = [];
    const failures: string[] = [];
    for (const tool of chosen) {
        if (isStopped()) break;
        try {
            measured.push(await onFreshHosts(tool, bin, repetitions));
        } catch (error) {
            failures.push(tool.name);
            say(`${tool.name}: failed: ${error instanceof Error ? error.message : String(error)}`);
        }
    }
    const rows = hostsRows(measured);
    keep("hosts", on, { repetitions, measured, rows });
    say(`\n${heading(on)}\n\n${table(rows)}\n\nall figures: .bench/hosts.json`);
    const unequal = unequalVersions(measured);
    if (unequal.length > 0) say(`FAILED: different versions: ${unequal.join(", ")}`);
    if (failures.length > 0) say(`FAILED: ${failures.join(", ")}`);
    return failures.length > 0 || unequal.length > 0 || isStopped() ? 1 : 0;
}

await runBenchmark(main);
