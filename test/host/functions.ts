// SPDX-License-Identifier: Apache-2.0
/** Calls functions of the host program in bash, without its main. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { hostProgram } from "../../lib/host-program.ts";

const quote = (word: string) => `'${word.replace(/'/g, "'\\''")}'`;

/**
 * Calls one function per row, all in one bash, and gives what each printed (one line each).
 * @param before runs before the first call: GATE entries, directories.
 */
export function callEach(
    rows: readonly (readonly string[])[],
    before = "",
    environment: Readonly<Record<string, string>> = {},
): string[] {
    const calls = rows.map((row) => `printf '%s\\n' "$(${row.map(quote).join(" ")})"`);
    const script = [before, ...calls, ""].join("\n");
    const input = hostProgram().text.replace(/main "\$@"; exit "\$\?"\n$/, () => script);
    const { status, stdout, stderr } = spawnSync("bash", ["-s"], {
        input,
        encoding: "utf8",
        env: { ...process.env, ...environment },
    });
    if (status !== 0 || stderr !== "") throw new Error(`bash ended with ${status}: ${stderr}`);
    return stdout.split("\n").slice(0, -1);
}

/** Compares a function of the program with what is expected, row by row. */
export function table<T extends readonly string[]>(
    name: string,
    rows: readonly T[],
    expected: (...row: T) => string,
): void {
    const got = callEach(rows.map((row) => [name, ...row]));
    assert.deepEqual(
        rows.map((row, i) => [...row, got[i]]),
        rows.map((row) => [...row, expected(...row)]),
    );
}
