// SPDX-License-Identifier: Apache-2.0
/** Types of values that several parts of the schema share. */
import * as z from "zod";

export const absolutePath = z
    .string()
    .regex(
        /^\/[^\s,:"\\]*[^\s,:"\\/]$/,
        "must be an absolute path without blanks, commas or colons",
    );
export const mib = z.int().positive();
export const port = z.int().min(1).max(65535);
export const overrides = z.record(z.string().min(1), z.string()).default({});
/** Least memory that Spark accepts for a driver or an executor is 450 MiB of usable heap (UnifiedMemoryManager). */
export const sparkMemory = mib.min(512);
