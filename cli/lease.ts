// SPDX-License-Identifier: Apache-2.0
/** `metalstream lease`: who may change a platform now, and how to take that away from a run that is dead. */
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { askLease } from "../lib/facts/exclusive.ts";
import { giveLease, holderText, leaseAnswer, leaseHosts, type Holder } from "../lib/facts/lease.ts";
import type { Target } from "../lib/target.ts";
import { readStack } from "./stack.ts";

interface Found {
    readonly target: Target;
    readonly holder: Holder | "none" | undefined;
}

/** `metalstream lease show|break --stack S [--yes]`. @returns 0 done, 1 somebody has it (show) or it could not be broken, 2 usage. */
export async function leaseCommand(args: string[]): Promise<number> {
    const { values, positionals } = parseArgs({
        args,
        allowPositionals: true,
        options: {
            stack: { type: "string", short: "s" },
            yes: { type: "boolean", short: "y", default: false },
        },
    });
    const [what = "show"] = positionals;
    if (!["show", "break"].includes(what)) {
        console.error(`lease ${what}? There are: lease show, lease break`);
        return 2;
    }
    if (values.stack === undefined) throw new Error("name the stack: --stack lab");
    const hosts = leaseHosts((await readStack(values.stack)).targets);
    const found = await Promise.all(hosts.map(look));
    for (const one of found) console.log(describe(one));
    const taken = found.filter(({ holder }) => typeof holder === "object");
    if (what === "show") return taken.length > 0 ? 1 : 0;
    if (taken.length === 0) return 0;
    if (!values.yes && !(await confirm(values.stack))) return 1;
    return (await Promise.all(taken.map(release))).every(Boolean) ? 0 : 1;
}

async function look(target: Target): Promise<Found> {
    const answer = leaseAnswer(await askLease(target, "show"));
    return { target, holder: answer === "own" ? undefined : answer };
}

function describe({ target, holder }: Found): string {
    const name = target.config.name.padEnd(8);
    if (holder === undefined) return `${name} does not answer`;
    return `${name} ${holder === "none" ? "free" : holderText(holder)}`;
}

/** Only a person can know that the other run is dead. */
async function confirm(stack: string): Promise<boolean> {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    const text = `If that run is alive, two runs will change the hosts at once. Type the stack's name (${stack}) to break its lease: `;
    const answer = await terminal.question(text);
    terminal.close();
    if (answer.trim() === stack) return true;
    console.error("nothing was changed");
    return false;
}

/** Only the lease that was shown: another run may have begun since. */
async function release({ target, holder }: Found): Promise<boolean> {
    if (typeof holder !== "object") return true;
    const [answer] = await giveLease([target], holder.run, askLease);
    const gone = answer !== undefined && leaseAnswer(answer) === "none";
    console.log(`${target.config.name.padEnd(8)} ${gone ? "broken" : "not broken: look again"}`);
    return gone;
}
