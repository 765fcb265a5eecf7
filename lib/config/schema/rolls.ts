// SPDX-License-Identifier: Apache-2.0
/** The schema of rolls: how many hosts a change may take away at a time. */
import * as z from "zod";

export const rolls = z
    .strictObject({
        workers: z
            .int()
            .positive()
            .optional()
            .describe(
                "How many workers of one rack restart at the same time. Default: one in 20 workers where every topic is spread over racks, else 1",
            ),
    })
    .prefault({})
    .describe("How a change goes from host to host");
