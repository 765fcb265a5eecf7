// SPDX-License-Identifier: Apache-2.0
/** Tries again where a connection was dropped: an sshd that restarts, or that has too many logins under way (MaxStartups). */
import { setTimeout as sleep } from "node:timers/promises";
import { SshError } from "./ssh-error.ts";

/** Milliseconds before the second attempt, the third … */
export const pauses = [500, 2000, 4000] as const;

/** No attempt begins later than this, milliseconds: a host whose sshd hangs must not hold up a run. */
const budget = 30_000;

/** Takes a line of progress for a person. */
export type Say = (line: string) => void;

/**
 * Runs `attempt` until it succeeds, fails for good, or has failed once more than there are pauses, or the time is up.
 * @param name of the host, for what is said before each pause.
 */
export async function retried<T>(name: string, attempt: () => Promise<T>, say: Say): Promise<T> {
    const start = Date.now();
    for (const [i, pause] of pauses.entries()) {
        try {
            return await attempt();
        } catch (error) {
            if (!(error instanceof SshError) || error.kind !== "dropped") throw error;
            if (Date.now() - start + pause > budget) throw error;
            // Hosts that were dropped together must not come back together.
            const wait = pause * (1 + Math.random() / 2);
            say(
                `${name}: ${error.message}; trying again in ${(wait / 1000).toFixed(1)} s (attempt ${i + 2} of ${pauses.length + 1})`,
            );
            await sleep(wait);
        }
    }
    return attempt();
}
