// SPDX-License-Identifier: Apache-2.0
/** Hosts that gave no facts: which may be missing. Pure. */
import type { HostConfig } from "../../config/schema.ts";
import { quorumRoles } from "../../topology.ts";
import type { Answer } from "../gather.ts";
import { error, type Finding } from "./finding.ts";

/** What stands in the way. At most one worker in ten, and always one, may be out of reach. */
export function reachFindings(
    asked: readonly HostConfig[],
    answers: ReadonlyMap<string, Answer>,
): Finding[] {
    const workersDown = asked.filter(
        (host) =>
            answers.get(host.name)?.kind === "unreachable" &&
            !host.roles.some((role) => quorumRoles.includes(role)),
    ).length;
    const budget = Math.max(1, Math.floor(asked.length / 10));
    return asked.flatMap((host) => {
        const answer = answers.get(host.name);
        if (answer?.kind === "unreachable")
            return unreachable(host, answer.reason, workersDown, budget);
        if (answer?.kind !== "failed") return [];
        const fix =
            answer.fix ??
            "the login user must be able to run sudo, by itself or with metalstream:sudoPassword";
        return [error(host, answer.reason, fix)];
    });
}

function unreachable(
    host: HostConfig,
    reason: string,
    workersDown: number,
    budget: number,
): Finding[] {
    const voting = host.roles.filter((role) => quorumRoles.includes(role));
    if (voting.length === 0 && workersDown <= budget) return [];
    const why =
        voting.length > 0
            ? `it is part of a quorum (${voting.join(", ")})`
            : `${workersDown} workers are out of reach, ${budget} may be`;
    return [
        error(
            host,
            `does not answer: ${reason}; ${why}`,
            "bring it back, or say state: down in the stack file",
        ),
    ];
}
