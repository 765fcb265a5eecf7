// SPDX-License-Identifier: Apache-2.0
/** Findings that are tolerated for a time. An exemption ends by itself: afterwards the finding is back, with whose it was. Pure. */
import type { Finding } from "./policy.ts";

/** A finding that is tolerated until a day. */
export interface Exemption {
    /** What the finding starts with, such as `kafka.topics[logs]` or the name of a resource; `*` for all of the policy. */
    readonly finding: string;
    readonly reason: string;
    readonly owner: string;
    /** Last day on which it is tolerated, `YYYY-MM-DD` in UTC. */
    readonly expires: string;
}

/**
 * What remains of findings under exemptions.
 * @param resource name of the resource that the findings are about.
 * @param now the time that decides what has expired.
 */
export function withExemptions(
    findings: readonly Finding[],
    exemptions: readonly Exemption[],
    resource: string,
    now: Date,
): Finding[] {
    const today = now.toISOString().slice(0, 10);
    return findings.flatMap((finding) => {
        const granted = exemptions.filter(
            ({ finding: of }) => of === "*" || of === resource || finding.where.startsWith(of),
        );
        if (granted.some(({ expires }) => expires >= today)) return [];
        const [expired] = granted;
        if (expired === undefined) return [finding];
        const { reason, owner, expires } = expired;
        return [
            {
                ...finding,
                what: `${finding.what} (exempted by ${owner} until ${expires}: ${reason})`,
            },
        ];
    });
}
