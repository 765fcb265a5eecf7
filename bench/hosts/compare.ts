// SPDX-License-Identifier: Apache-2.0
/** One tool on fresh hosts, through all phases, with a look at every host after each. A tool that did not do its work has no figures. */
import type { Ran } from "../commands.ts";
import type { Ssh } from "../ssh.ts";
import { changing, items } from "./items.ts";
import { deviations, lookScript, parseLook, touched, wantedState, type Look } from "./look.ts";
import type { Setting } from "./setting.ts";
import type { Tool } from "./tools.ts";

/** Seconds of one tool. */
export interface Measured {
    readonly tool: string;
    readonly scratch: number;
    readonly nothing: readonly number[];
    readonly change: readonly number[];
    /** Of the tool's dry run, where it is timed: with nothing to change, and with the change to come. */
    readonly preview?: { readonly nothing: readonly number[]; readonly change: readonly number[] };
    /** `name version` of the packages, the same on all hosts. */
    readonly versions: readonly string[];
}

type Looks = ReadonlyMap<string, Look>;

const INTERVAL = 60; // seconds in the agents' files, before any change

const spent = ({ begin, end }: Ran) => (end - begin) / 1000;

/** Looks at all hosts over connections of the benchmark's own. @throws Error with all deviations of all hosts. */
async function look(setting: Setting, ssh: Ssh, tool: Tool, interval: number): Promise<Looks> {
    const set = items(interval);
    const { hosts } = setting;
    const seen = await Promise.all(
        hosts.map(async (host) => {
            const found = parseLook(await ssh.root(host.name, lookScript(set)));
            const wrong = deviations(found, wantedState(set, host, hosts), set);
            return { host, found, wrong };
        }),
    );
    const wrong = seen.flatMap(({ host, wrong: all }) => all.map((line) => `${host.name} ${line}`));
    if (wrong.length > 0)
        throw new Error(`${tool.name} did not reach the wanted state:\n  ${wrong.join("\n  ")}`);
    return new Map(seen.map(({ host, found }) => [host.name, found]));
}

/** @throws Error when something else was touched on some host than `expected`. */
function expectTouched(tool: string, before: Looks, after: Looks, expected: readonly string[]) {
    for (const [host, found] of after) {
        const old = before.get(host);
        const there = old === undefined ? [] : touched(old, found);
        if (there.sort().join(" ") !== [...expected].sort().join(" "))
            throw new Error(
                `${tool} touched "${there.join(" ")}" on ${host}, instead of "${expected.join(" ")}"`,
            );
    }
}

/** Measures one tool. The hosts must be fresh. */
export async function measure(
    tool: Tool,
    setting: Setting,
    ssh: Ssh,
    repetitions: number,
    say: (line: string) => void,
): Promise<Measured> {
    const timed = async (what: string, work: (setting: Setting) => Promise<Ran>) => {
        const seconds = spent(await work(setting));
        say(`  ${tool.name}, ${what}: ${seconds.toFixed(1)} s`);
        return seconds;
    };
    const nothing: number[] = [];
    const change: number[] = [];
    const preview = { nothing: [] as number[], change: [] as number[] };
    const previewed = async (what: "nothing" | "change") => {
        if (tool.preview !== undefined)
            preview[what].push(await timed(`preview, ${what}`, tool.preview));
    };

    await tool.prepare(setting);
    tool.want(setting, INTERVAL);
    const scratch = await timed("from scratch", tool.apply);
    let before = await look(setting, ssh, tool, INTERVAL);
    for (let i = 0; i < repetitions; i++) {
        nothing.push(await timed("nothing to change", tool.apply));
        await previewed("nothing");
    }
    expectTouched(tool.name, before, await look(setting, ssh, tool, INTERVAL), []);
    for (let i = 1; i <= repetitions; i++) {
        tool.want(setting, INTERVAL + i);
        await previewed("change");
        expectTouched(tool.name, before, await look(setting, ssh, tool, INTERVAL + i - 1), []);
        change.push(await timed("one file changed on every host", tool.apply));
        const after = await look(setting, ssh, tool, INTERVAL + i);
        expectTouched(tool.name, before, after, [changing.path, changing.unit]);
        before = after;
    }
    const versions = [...new Set([...before.values()].flatMap((found) => found.versions))];
    return {
        ...{ tool: tool.name, scratch, nothing, change, versions },
        ...(tool.preview === undefined ? {} : { preview }),
    };
}
