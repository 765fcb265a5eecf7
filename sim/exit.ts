// SPDX-License-Identifier: Apache-2.0
/** How a verb of the host program ends other than well. */

/** An end with an exit code and a last line on standard error. */
export class Exit extends Error {
    override readonly name = "Exit";
    readonly code: number;
    constructor(code: number, message: string) {
        super(message);
        this.code = code;
    }
}

/** Failed: exit code 1. */
export const die = (host: string, step: string, what: string, fix: string): Exit =>
    new Exit(1, `metalstream: ${host}: ${step}: ${what}; ${fix}`);

/** Refused by a guard, nothing touched: exit code 3. */
export const refuse = (host: string, step: string, what: string): Exit =>
    new Exit(3, `metalstream: ${host}: ${step}: refused: ${what}; a person must decide`);
