// SPDX-License-Identifier: Apache-2.0
/** What hosts say, made up for tests of decisions. */
import type { Answer } from "../../lib/facts/gather.ts";
import { parseFacts, type HostFacts } from "../../lib/facts/parse.ts";
import { manifestDigest } from "../../lib/facts/token.ts";

/** Facts from lines as the host program prints them; lines without a value (undefined) are left out. */
export function says(...lines: (string | undefined)[]): HostFacts {
    return parseFacts(lines.filter((line) => line !== undefined).join("\n"));
}

/** A host on which a unit runs something else than what is wanted. */
export const stale = (unit: string): Answer => ({
    kind: "facts",
    facts: says(`unit ${unit} active running=000000000000 current=000000000000 wanted=- rolled=t`),
});

/** Every way to take one value from each list. */
export function combinations<T extends readonly (readonly unknown[])[]>(
    ...lists: T
): { [K in keyof T]: T[K][number] }[] {
    return lists.reduce<unknown[][]>(
        (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
        [[]],
    ) as { [K in keyof T]: T[K][number] }[];
}

/** A line with a value, or none. */
export const line = (key: string, value: string | undefined): string | undefined =>
    value === undefined ? undefined : `${key} ${value}`;

/** What a host that does as it is told prints at the end of a converge; nothing for other resources. For mocks of the engine. */
export function appliedBy(name: string, inputs: unknown): string | undefined {
    const { stdin } = inputs as { stdin?: string };
    if (!name.startsWith("converge-") || stdin === undefined) return undefined;
    return `converged ${manifestDigest(stdin).slice(0, 12)}: 0 changed, 1 unchanged`;
}
