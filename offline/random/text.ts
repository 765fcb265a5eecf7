// SPDX-License-Identifier: Apache-2.0
import { randomInt } from "node:crypto";

/** Which characters a random text has. */
export interface TextRules {
    readonly length: number;
    readonly upper: boolean;
    readonly lower: boolean;
    readonly numeric: boolean;
    readonly special: boolean;
    readonly minUpper: number;
    readonly minLower: number;
    readonly minNumeric: number;
    readonly minSpecial: number;
    /** The special characters to use; empty means the default set. */
    readonly overrideSpecial: string;
}

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/**
 * A random text by the rules, from the operating system's random source.
 *
 * @throws Error when the rules leave no character, or ask for more than the length
 */
export function randomText(rules: TextRules): string {
    const special = rules.overrideSpecial === "" ? SPECIAL : rules.overrideSpecial;
    const classes = [
        { chars: UPPER, use: rules.upper, min: rules.minUpper },
        { chars: LOWER, use: rules.lower, min: rules.minLower },
        { chars: DIGITS, use: rules.numeric, min: rules.minNumeric },
        { chars: special, use: rules.special, min: rules.minSpecial },
    ];
    const all = classes.flatMap((one) => (one.use ? Array.from(one.chars) : []));
    if (all.length === 0) {
        throw new Error("the character set specified is empty");
    }
    const needed = classes.reduce((sum, one) => sum + one.min, 0);
    if (needed > rules.length) {
        throw new Error(
            `length ${rules.length} is less than minUpper + minLower + minNumeric + minSpecial = ${needed}`,
        );
    }
    const picked = classes.flatMap((one) => pick(Array.from(one.chars), one.min));
    picked.push(...pick(all, rules.length - needed));
    return shuffle(picked).join("");
}

function pick(chars: readonly string[], count: number): string[] {
    return Array.from({ length: count }, () => chars[randomInt(chars.length)] ?? "");
}

/** Fisher-Yates: every order is equally likely. */
function shuffle(items: string[]): string[] {
    const order = [...items];
    for (let i = order.length - 1; i > 0; i--) {
        const j = randomInt(i + 1);
        [order[i], order[j]] = [order[j] ?? "", order[i] ?? ""];
    }
    return order;
}
