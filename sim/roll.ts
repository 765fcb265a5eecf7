// SPDX-License-Identifier: Apache-2.0
/** The verb `roll` of a model host: gate, switch and restart where another digest runs, gate. */
import { setTimeout as sleep } from "node:timers/promises";
import { STARTS_ONLY } from "../lib/facts/token.ts";
import { die, Exit } from "./exit.ts";
import type { ModelHost } from "./host.ts";

/** One unit of a roll's specification. */
export interface RollBlock {
    readonly unit: string;
    readonly digest: string;
}

/** `gate KEY VALUE…` lines. */
export function parseSpecification(text: string): Map<string, string> {
    const lines = text.split("\n").filter((line) => line.startsWith("gate "));
    return new Map(
        lines.map((line) => {
            const [, key = "", ...value] = line.split(" ");
            return [key, value.join(" ")];
        }),
    );
}

/** Units of a specification, in order. @throws Exit with code 2. */
export function parseRoll(host: string, text: string): RollBlock[] {
    const blocks = text.split(/^roll /m).slice(1);
    if (blocks.length === 0) throw new Exit(2, `metalstream: ${host}: roll: no unit to roll`);
    return blocks.map((block) => ({
        unit: block.slice(0, block.indexOf("\n")),
        digest: /^digest ([0-9a-f]{12})$/m.exec(block)?.[1] ?? "",
    }));
}

const pollMs = 5;

async function poll(limit: number, holds: () => boolean): Promise<boolean> {
    const end = performance.now() + limit;
    while (!holds()) {
        if (performance.now() > end) return false;
        await sleep(pollMs);
    }
    return true;
}

async function restart(host: ModelHost, name: string, wanted: string): Promise<void> {
    const { cluster, latency } = host;
    const unit = host.state.units.get(name);
    if (unit === undefined) throw die(host.name, `roll ${name}`, "is not there", "converge first");
    if (!(await poll(latency.gate, () => cluster.mayGo(name, host)))) {
        const what = `gate_before_${name.replaceAll("-", "_")} did not pass within ${latency.gate / 1000} s`;
        const fix = "bring the other members back first; nothing was restarted";
        throw die(host.name, `roll ${name}`, what, fix);
    }
    cluster.handOver(name, host);
    cluster.begin(name, host);
    unit.running = undefined;
    Object.assign(unit, { current: wanted, enabled: true, masked: false, edited: false });
    await sleep(latency.change);
    host.start(name);
    cluster.end(name, host);
}

/** Rolls one unit. @throws Exit when a gate does not pass. */
export async function rollUnit(
    host: ModelHost,
    { unit: name, digest }: RollBlock,
    token: string | undefined,
    print: (line: string) => void,
): Promise<void> {
    const unit = host.state.units.get(name);
    if (unit?.directories.has(digest) !== true) {
        const what = `configuration ${digest} is not on this host`;
        throw die(host.name, `roll ${name}`, what, "let converge succeed first");
    }
    host.state.rolled.delete(name);
    const running = unit.running;
    const decision = running === undefined ? "start" : running === digest ? "nothing" : "restart";
    print(`roll ${name}: ${decision} (running ${running ?? "-"}, wanted ${digest})`);
    if (decision === "restart" && token?.includes(`,${STARTS_ONLY}`) === true) {
        const what = "it came up with another configuration after this run had looked at the hosts";
        throw new Exit(
            3,
            `metalstream: ${host.name}: roll ${name}: refused: ${what}; run up again`,
        );
    }
    if (decision === "restart") await restart(host, name, digest);
    else if (decision === "start") {
        Object.assign(unit, { current: digest, enabled: true });
        host.start(name);
    }
    if (!(await poll(host.latency.gate, () => host.runs(name)))) {
        const what = `its gate did not pass within ${host.latency.gate / 1000} s`;
        throw die(host.name, `roll ${name}`, what, `read journalctl -u ${name} on this host`);
    }
    if (token !== undefined) host.state.rolled.set(name, token);
    print(`roll ${name}: done`);
}
