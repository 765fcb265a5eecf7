// SPDX-License-Identifier: Apache-2.0
/** Whether too many members would leave a service in one run, by what the hosts noted of the run before. Pure. */
import type { Diagnostic } from "../config/diagnostics.ts";
import { roles, type Config, type Role } from "../config/schema.ts";
import { quorumRoles } from "../topology.ts";
import type { Answer } from "./gather.ts";

/** Roles whose members hold data or vote. Their members are noted on every host. */
export const watchedRoles: readonly Role[] = roles.filter(
    (role) => quorumRoles.includes(role) || role === "datanode" || role === "kafka-broker",
);

/** Key of the note with a role's members (`note KEY m1,m2,m3`; `-` when there are none). */
export const membersNote = (role: Role) => `members.${role}`;

/**
 * Members that hosts still count and the configuration no longer does. Hosts may disagree after a run that was cut off; a member that any of
 * them counts is a member: better one run too many than a quorum too few.
 */
export function leaving(
    role: Role,
    config: Config,
    answers: ReadonlyMap<string, Answer>,
): string[] {
    const noted = [...answers.values()].flatMap((answer) =>
        answer.kind === "facts"
            ? (answer.facts.notes.get(membersNote(role)) ?? "-").split(",")
            : [],
    );
    const staying = new Set(
        config.hosts
            .filter((host) => host.roles.includes(role) && host.state !== "lost")
            .map(({ name }) => name),
    );
    return [...new Set(noted)].filter((name) => name !== "-" && !staying.has(name)).sort();
}

/**
 * Refuses a run in which more than one member would leave a quorum, lost ones included; and, with `protect`, more than one DataNode or broker
 * that could still be asked: their gates look at the others at the same moment, and each would find the others there.
 */
export function leavingTogether(
    config: Config,
    answers: ReadonlyMap<string, Answer>,
): Diagnostic[] {
    const lost = new Set(config.hosts.filter(({ state }) => state === "lost").map((h) => h.name));
    return watchedRoles.flatMap((role) => {
        const votes = quorumRoles.includes(role);
        if (!votes && !config.protect) return [];
        const gone = leaving(role, config, answers).filter((name) => votes || !lost.has(name));
        if (gone.length < 2) return [];
        return [
            {
                path: "hosts",
                what: `${gone.length} members of ${role} would leave in one run (${gone.join(", ")})`,
                fix: `take out one, up, and then the next; for now put ${gone.slice(1).join(", ")} back`,
            },
        ];
    });
}
