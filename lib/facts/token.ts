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

/** Token of a manifest beside the main one. What it wants is an input of its own, so only what the host has is judged. */
export function sectionToken(facts: HostFacts | undefined, section: string, now: Date): string {
    const { token, drift = [] } = facts?.sections.get(section) ?? {};
    if (token === undefined) return fresh(now, ["new"]);
    return drift.length > 0 ? fresh(now, drift) : token;
}

/**
 * Marks the token of a roll that waits for no other, because nothing was to restart when the hosts were looked at. The host holds the roll to it:
 * it starts what does not run, and refuses to restart (host/roll.sh).
 */
export const STARTS_ONLY = "starts-only";

/**
 * Token of a roll of units: "running another digest" and "not running" are drift too.
 * @param startsOnly whether a new token is marked so.
 */
export function rollToken(
    facts: HostFacts | undefined,
    units: readonly { name: string; digest: string }[],
    now: Date,
    startsOnly = false,
): string {
    const anew = (reasons: readonly string[]) =>
        fresh(now, startsOnly ? [STARTS_ONLY, ...reasons] : reasons);
    const states = units.map(({ name, digest }) => ({
        name,
        digest,
        unit: facts?.units.get(name),
    }));
    const stale = states.filter(({ digest, unit }) => !unit?.active || unit.running !== digest);
    if (stale.length > 0) return anew(stale.map(({ name }) => name));
    const tokens = new Set(states.map(({ unit }) => unit?.rolled));
    const [token] = tokens;
    // A roll that failed between two units leaves them with different tokens.
    return tokens.size === 1 && token !== undefined ? token : anew(["new"]);
}

/** Marks the token of a first-start step that may begin something new, for an hour after the token's time (host/service-bootstrap.sh). */
export const GRANTED = "granted";

/**
 * Token of a first-start step: a new one where the host does not hold one, or is known to be without what the step makes (it was reinstalled, its
 * disk replaced), so that the step runs again and judges the evidence.
 * @param step as the host program calls it.
 * @param undone what the host is known to be without.
 * @param granted whether it may begin something new, by the evidence of all hosts.
 */
export function stepToken(
    facts: HostFacts | undefined,
    step: string,
    undone: string | undefined,
    granted: boolean,
    now: Date,
): string {
    const token = facts?.steps.get(step);
    if (token !== undefined && undone === undefined) return token;
    return fresh(now, [...(granted ? [GRANTED] : []), undone ?? "new"]);
}

/** Token of the step that sees to a streaming job: a job that does not run is drift. */
export function jobToken(facts: HostFacts | undefined, job: string, now: Date): string {
    const token = facts?.jobs.get(job);
    if (token !== undefined) return token;
    return fresh(now, [facts?.jobs.has(job) === true ? "new" : `job_${job}_stopped`]);
}
