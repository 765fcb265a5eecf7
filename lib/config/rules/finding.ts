// SPDX-License-Identifier: Apache-2.0
/** What rules are made of. Pure. */
import type { Diagnostic } from "../diagnostics.ts";
import type { Config } from "../schema.ts";

/** A relation between keys; returns what it finds wrong. */
export type Rule = (config: Config) => Diagnostic[];

/** Makes a finding: dotted path of the key, what is wrong, what to do. */
export const finding = (path: string, what: string, fix: string): Diagnostic => ({
    path,
    what,
    fix,
});
