// SPDX-License-Identifier: Apache-2.0
/** Hosts that the configuration says are away: what a run does about them, in words. Pure. */
import type { Config } from "../config/schema.ts";

/** One sentence for each host that is declared down or lost. */
export function absentHosts(config: Config): string[] {
    const of = (state: "down" | "lost") => config.hosts.filter((host) => host.state === state);
    return [
        ...of("down").map(
            ({ name }) =>
                `${name} is declared down: it is left alone, and keeps what the state has of it; if it was never set up, up stops at converge-${name}`,
        ),
        ...of("lost").map(
            ({ name }) =>
                `${name} is declared lost: nothing counts on it, and it is not contacted; after this up take its line out of the stack file`,
        ),
    ];
}
