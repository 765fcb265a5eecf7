// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../plugin/serve.ts";
import { FatalDialError } from "./errors.ts";

const FIRST_DELAY_MS = 100;
const BACKOFF = 1.5;
const LONGEST_DELAY_MS = 5000;

/** What retrying reports to and is ended by. */
export interface RetryContext {
    readonly signal: AbortSignal;
    /** Shows the current status. */
    readonly status: (message: string) => void;
}

/**
 * Tries until it works or the limit is reached: after 100 ms, then each time half as long again, up to 5 s.
 *
 * @param what the first word of the status, such as `Dial`
 * @param limit retries after the first attempt; -1 means without end
 * @throws the last error, with the number of attempts; a {@link FatalDialError} at once
 */
export async function retry<T>(
    context: RetryContext,
    what: string,
    limit: number,
    attempt: () => Promise<T>,
): Promise<T> {
    let delay = FIRST_DELAY_MS;
    for (let tries = 0; ; tries++) {
        context.signal.throwIfAborted();
        try {
            return await attempt();
        } catch (error) {
            if (error instanceof FatalDialError || context.signal.aborted) {
                throw error;
            }
            if (limit >= 0 && tries >= limit) {
                throw new Error(`after ${tries} failed attempts: ${messageOf(error)}`, {
                    cause: error,
                });
            }
            const of = limit < 0 ? "inf" : String(limit);
            context.status(`${what} ${tries + 1}/${of} failed: retrying`);
        }
        await sleep(delay, undefined, { signal: context.signal });
        delay = Math.min(delay * BACKOFF, LONGEST_DELAY_MS);
    }
}
