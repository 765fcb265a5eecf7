// SPDX-License-Identifier: Apache-2.0
/** Drift in words for a preview. Pure. */
import type { HostFacts } from "./parse.ts";

/**
 * What `up` would change on a host, item by item, with the changed lines of files (never of secrets). A host that was never converged is new
 * as a whole: then the plan itself says it all.
 */
export function driftReport(host: string, facts: HostFacts): string | undefined {
    const drift = [
        ...facts.drift,
        ...[...facts.sections.values()].flatMap((section) => section.drift),
    ];
    const garbage = facts.manifest === facts.values.get("wanted") ? [] : facts.garbage;
    if (facts.token === undefined || drift.length + garbage.length === 0) return undefined;
    const items = [
        ...drift.map((item) => `  ${item}`),
        ...facts.garbage.map((item) => `  ${item} no longer needed`),
    ];
    const diffs = [...facts.diffs].flatMap(([item, lines]) => [
        `  ${item}:`,
        ...lines.map((line) => `    ${line}`),
    ]);
    return [`${host} differs from what is wanted:`, ...items, ...diffs].join("\n");
}
