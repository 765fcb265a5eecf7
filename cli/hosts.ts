// SPDX-License-Identifier: Apache-2.0
import { open, readFile, rename, rm } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { parseConfig } from "../lib/config/parse.ts";
import type { Config } from "../lib/config/schema.ts";
import { withBastion } from "../lib/facts/bastion.ts";
import { dial, fingerprint } from "../lib/facts/dial.ts";
import { presentedKey } from "../lib/facts/host-key.ts";
import { retried } from "../lib/facts/retry.ts";
import { forward, SshError } from "../lib/facts/ssh.ts";
import { hostKeyOf, knownName, parseKnownHosts, withPinned } from "../lib/known-hosts.ts";
import { bastionOf, type Endpoint } from "../lib/target.ts";
import { members } from "../lib/topology.ts";
import { describeKey, verdict, type Consent, type Presented } from "./host-keys.ts";
import { stackSecrets } from "./secrets.ts";
import { readStackFile, withoutSecrets } from "./stack.ts";

const usage =
    "usage: npx metalstream hosts keys --stack S [--host H]… [--replace H]… [--yes | --expect SHA256:…]";

/** How many hosts are asked at a time. */
const width = 32;

interface Options extends Consent {
    readonly stack: string;
    /** Names; all when empty. */
    readonly hosts: readonly string[];
    readonly yes: boolean;
}

function options(args: string[]): Options {
    const names = { type: "string", multiple: true, default: [] as string[] } as const;
    const { values } = parseArgs({
        args,
        options: {
            stack: { type: "string", short: "s" },
            host: names,
            replace: names,
            yes: { type: "boolean", default: false },
            expect: { type: "string" },
        },
    });
    if (values.stack === undefined) throw new Error("name the stack: --stack lab");
    if (values.expect !== undefined && values.host.length !== 1)
        throw new Error("--expect is the fingerprint of one host: name it with --host");
    return {
        stack: values.stack,
        hosts: values.host,
        replace: new Set(values.replace),
        yes: values.yes,
        expect: values.expect,
    };
}

/** A place that has a key. */
interface Place {
    readonly name: string;
    readonly host: string;
    readonly port: number;
}

/** Bastion and hosts, in the order in which their keys are needed. */
function places(config: Config): { bastion: Place | undefined; hosts: Place[] } {
    const { bastion, port } = config.ssh;
    return {
        bastion: bastion && { name: "bastion", host: bastion.address, port: bastion.port },
        hosts: members(config).map((host) => ({
            name: host.name,
            host: host.address,
            port: host.port ?? port,
        })),
    };
}

const fingerprintOf = (key: string) => fingerprint(Buffer.from(key.split(" ")[1] ?? "", "base64"));

/** Reads the file of pinned keys; one that is not there has none. */
async function knownText(file: string): Promise<string> {
    return readFile(file, "utf8").catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
        throw error;
    });
}

/** Writes a file whole or not at all. */
async function replaceFile(file: string, text: string): Promise<void> {
    const aside = `${file}.${process.pid}`;
    try {
        const handle = await open(aside, "wx", 0o644);
        await handle.writeFile(text);
        await handle.sync();
        await handle.close();
        await rename(aside, file);
    } finally {
        await rm(aside, { force: true });
    }
}

async function ask(place: Place, config: Config, bastion?: Endpoint): Promise<Presented> {
    const text = await knownText(config.ssh.knownHosts);
    const pinned = hostKeyOf(parseKnownHosts(text), place.host, place.port);
    const connect = config.ssh.connectTimeoutSeconds * 1000;
    const attempt = () =>
        bastion === undefined
            ? presentedKey(place, pinned, connect)
            : withBastion(
                  bastion,
                  () => dial(bastion, connect),
                  async (client) =>
                      presentedKey(
                          place,
                          pinned,
                          connect,
                          await forward(client, place, { connect }),
                      ),
              );
    const name = { name: place.name, knownName: knownName(place.host, place.port), pinned };
    try {
        const say = (line: string) => {
            console.error(line);
        };
        return { ...name, key: { found: await retried(place.name, attempt, say) } };
    } catch (error) {
        if (!(error instanceof SshError)) throw error;
        return { ...name, key: { missing: error.message } };
    }
}

/** Asks places side by side. */
async function askAll(
    all: readonly Place[],
    config: Config,
    bastion?: Endpoint,
): Promise<Presented[]> {
    const answers: Presented[] = [];
    for (let i = 0; i < all.length; i += width) {
        const some = all.slice(i, i + width);
        answers.push(...(await Promise.all(some.map((place) => ask(place, config, bastion)))));
    }
    return answers;
}

async function confirmed(count: number, file: string): Promise<boolean> {
    if (!process.stdin.isTTY)
        throw new Error(
            "nobody is there to compare the fingerprints: run it in a terminal, or say --expect or --yes",
        );
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await lines.question(
        `Compared with each console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)? yes pins ${count} in ${file}: `,
    );
    lines.close();
    return answer.trim() === "yes";
}

/** Shows what was presented and pins what may be. @returns whether all of it is pinned now. */
async function settle(
    presented: readonly Presented[],
    config: Config,
    wanted: Options,
): Promise<boolean> {
    const decided = presented.map((one) => ({ one, is: verdict(one, wanted, fingerprintOf) }));
    for (const { one, is } of decided) console.log(describeKey(one, is, fingerprintOf));
    // Where one is not what it was, nobody knows yet what else is not.
    if (decided.some(({ is }) => is === "changed" || is === "unexpected")) return false;
    const pins = decided.flatMap(({ one, is }) =>
        is === "pin" && "found" in one.key ? [[one.knownName, one.key.found] as const] : [],
    );
    if (pins.length > 0) {
        const file = config.ssh.knownHosts;
        const sure = wanted.yes || wanted.expect !== undefined;
        if (!sure && !(await confirmed(pins.length, file))) return false;
        await replaceFile(file, withPinned(await knownText(file), new Map(pins)));
        console.log(`${pins.length} pinned in ${file}`);
    }
    return decided.every(({ is }) => is !== "missing");
}

/** `metalstream hosts keys`: pins the host keys of new hosts, after a person has compared them. */
export async function hostsCommand(args: string[]): Promise<number> {
    const [verb, ...rest] = args;
    if (verb !== "keys") {
        console.error(usage);
        return 2;
    }
    const wanted = options(rest);
    const values = await readStackFile(wanted.stack);
    const config = parseConfig(withoutSecrets(values), `stacks/Pulumi.${wanted.stack}.yaml`);
    const { bastion, hosts } = places(config);
    const names = [...(bastion === undefined ? [] : [bastion.name]), ...hosts.map((h) => h.name)];
    const unknown = [...wanted.hosts, ...wanted.replace].filter((name) => !names.includes(name));
    if (unknown.length > 0) throw new Error(`no such host in the stack: ${unknown.join(", ")}`);
    const chosen = ({ name }: Place) => wanted.hosts.length === 0 || wanted.hosts.includes(name);

    if (bastion !== undefined && chosen(bastion)) {
        if (!(await settle(await askAll([bastion], config), config, wanted))) return 1;
    }
    const some = hosts.filter(chosen);
    if (some.length === 0) return 0;
    const known = parseKnownHosts(await knownText(config.ssh.knownHosts));
    const through = bastionOf(config, known, stackSecrets(wanted.stack, values));
    return (await settle(await askAll(some, config, through), config, wanted)) ? 0 : 1;
}
