// SPDX-License-Identifier: Apache-2.0
/**
 * The token that turns drift into a diff. In step, a resource's input is the token that the host itself holds; otherwise a new one, never
 * used before. Every rule was tried under the real engine (docs/decisions/0003-token.md). Pure but for the clock given to it.
 */
import { createHash } from "node:crypto";
import type { HostFacts } from "./parse.ts";

/** SHA-256 of a manifest's text, as the stamp holds it. */
export function manifestDigest(text: string): string {
    return createHash("sha256").update(text).digest("hex");
}

/** A token never used before, which names what is out of step (names only: state is clear text). No blanks: it is one argument. */
function fresh(now: Date, reasons: readonly string[]): string {
    const names = reasons.map((reason) => reason.replace(/[^\w./:@=-]+/g, "_")).join(",");
    const shown = names.length > 200 ? `${names.slice(0, 200)}...` : names;
    return `${now.toISOString()}${shown === "" ? "" : `,${shown}`}`;
}

/**
 * Token of a host's converge.
 * @param facts what the host said; undefined when it was not asked.
 * @param wanted digest of the manifest wanted now.
 */
export function convergeToken(facts: HostFacts | undefined, wanted: string, now: Date): string {
    if (facts?.token === undefined) return fresh(now, ["new"]);
    if (facts.manifest !== wanted) return fresh(now, ["manifest"]);
    if (facts.drift.length > 0) return fresh(now, facts.drift);
    return facts.token;
}

/** Token of a roll of units: "running another digest" and "not running" are drift too. */
export function rollToken(
    facts: HostFacts | undefined,
    units: readonly { name: string; digest: string }[],
    now: Date,
): string {
    const states = units.map(({ name, digest }) => ({
        name,
        digest,
        unit: facts?.units.get(name),
    }));
    const stale = states.filter(({ digest, unit }) => !unit?.active || unit.running !== digest);
    if (stale.length > 0)
        return fresh(
            now,
            stale.map(({ name }) => name),
        );
    const tokens = new Set(states.map(({ unit }) => unit?.rolled));
    const [token] = tokens;
    // A roll that failed between two units leaves them with different tokens.
    return tokens.size === 1 && token !== undefined ? token : fresh(now, ["new"]);
}

/** Token of the step that sees to a streaming job: a job that does not run is drift. */
export function jobToken(facts: HostFacts | undefined, job: string, now: Date): string {
    const token = facts?.jobs.get(job);
    if (token !== undefined) return token;
    return fresh(now, [facts?.jobs.has(job) === true ? "new" : `job_${job}_stopped`]);
}
