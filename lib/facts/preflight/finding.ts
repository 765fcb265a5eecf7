// SPDX-License-Identifier: Apache-2.0
/** What a topic of the preflight is given, and what it finds. Pure. */
import type { Diagnostic } from "../../config/diagnostics.ts";
import type { HostConfig } from "../../config/schema.ts";
import type { HostFacts } from "../parse.ts";

/** Hosts that answered, with what they said. */
export type Known = readonly (readonly [HostConfig, HostFacts])[];

/** A finding, and whether it stands in the way. */
export interface Finding extends Diagnostic {
    readonly level: "error" | "warning";
}

/** Stands in the way of `up`. */
export const error = (host: HostConfig, what: string, fix: string): Finding => ({
    level: "error",
    path: host.name,
    what,
    fix,
});

/** Worth knowing. */
export const warning = (host: HostConfig, what: string, fix: string): Finding => ({
    level: "warning",
    path: host.name,
    what,
    fix,
});

/** Whether a converge ever ended on a host: before that, what converge writes is not there yet. */
export const converged = (facts: HostFacts): boolean => facts.token !== undefined;

/** A single-valued line `key a=1 b=2` as a record; empty where the host did not say it. */
export function pairsOf(facts: HostFacts, key: string): Readonly<Record<string, string>> {
    const words = (facts.values.get(key) ?? "").split(" ").filter((word) => word.includes("="));
    return Object.fromEntries(
        words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
    );
}
