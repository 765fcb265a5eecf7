// SPDX-License-Identifier: Apache-2.0
/** What hosts say, made up for tests of decisions. */
import { parseFacts, type HostFacts } from "../../lib/facts/parse.ts";

/** Facts from lines as the host program prints them; lines without a value (undefined) are left out. */
export function says(...lines: (string | undefined)[]): HostFacts {
    return parseFacts(lines.filter((line) => line !== undefined).join("\n"));
}

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
