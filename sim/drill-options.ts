// SPDX-License-Identifier: Apache-2.0
/** The command line of a campaign of drills. */
import { parseArgs } from "node:util";

/**
 * Reads options that are whole numbers, such as `--moments 50`.
 * @param known each option's least value and default.
 * @throws Error when one is no whole number of at least its least.
 */
export function wholeNumbers<Name extends string>(
    known: Readonly<Record<Name, { readonly least: number; readonly otherwise: number }>>,
): Record<Name, number> {
    const names = Object.keys(known) as Name[];
    const { values } = parseArgs({
        options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
    });
    const entries = names.map((name): [Name, number] => {
        const { least, otherwise } = known[name];
        const value = Number(values[name] ?? otherwise);
        if (Number.isInteger(value) && value >= least) return [name, value];
        const given = String(values[name]);
        throw new Error(`--${name} ${given}: give a whole number of at least ${least}`);
    });
    return Object.fromEntries(entries) as Record<Name, number>;
}
