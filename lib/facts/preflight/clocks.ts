// SPDX-License-Identifier: Apache-2.0
/** Clocks against what most hosts say. Pure. */
import type { HostFacts } from "../parse.ts";
import { error, type Finding, type Known } from "./finding.ts";

const maxSkewSeconds = 5;

/** How far a host's clock is ahead of this machine's, at least and at most, seconds. */
interface Offset {
    readonly least: number;
    readonly most: number;
}

/** The host read its clock at some time between question and answer, so its offset is only known within these bounds. */
function clockOffset(facts: HostFacts): Offset | undefined {
    const clock = Number(facts.values.get("clock") ?? Number.NaN);
    const [sent = Number.NaN, received = Number.NaN] = (facts.values.get("asked-at") ?? "")
        .split(" ")
        .map((word) => (word === "" ? Number.NaN : Number(word)));
    const offset = { least: clock - received, most: clock - sent };
    return Number.isNaN(offset.least + offset.most) ? undefined : offset;
}

/** The bounds on which most hosts agree (Marzullo's algorithm: they begin where those of one host begin). */
function agreedOffset(offsets: readonly Offset[]): Offset {
    const agreeing = (at: number) => offsets.filter((o) => o.least <= at && at <= o.most);
    const most = offsets
        .map(({ least }) => agreeing(least))
        .reduce((best, group) => (group.length > best.length ? group : best), []);
    return {
        least: Math.max(...most.map(({ least }) => least)),
        most: Math.min(...most.map((offset) => offset.most)),
    };
}

/** Hosts whose clock is off. */
export function clockFindings(known: Known): Finding[] {
    const measured = known.flatMap(([host, facts]) => {
        const offset = clockOffset(facts);
        return offset === undefined ? [] : [{ host, offset }];
    });
    const agreed = agreedOffset(measured.map(({ offset }) => offset));
    return measured.flatMap(({ host, offset }) => {
        const skew =
            Math.max(0, offset.least - agreed.most) + Math.min(0, offset.most - agreed.least);
        if (Math.abs(skew) <= maxSkewSeconds) return [];
        const what = `its clock is at least ${Math.abs(skew).toFixed(1)} s ${skew > 0 ? "ahead of" : "behind"} the others'`;
        return [error(host, what, "set up time synchronisation (chrony)")];
    });
}
