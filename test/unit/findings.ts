// SPDX-License-Identifier: Apache-2.0
/** What the rules find about a changed configuration of the lab. */
import { checkRules } from "../../lib/config/rules.ts";
import { schema, type Config } from "../../lib/config/schema.ts";
import { rawStack } from "./stacks.ts";

/** A configuration that may be changed. */
export type Draft = { -readonly [K in keyof Config]: Config[K] };

/** The findings about the lab's configuration after `change`, as `path: what | fix`. */
export function findings(change: (config: Draft) => void): string[] {
    const config = schema.parse(rawStack("lab"));
    change(config);
    return checkRules(config).map(({ path, what, fix }) => `${path}: ${what} | ${fix}`);
}
