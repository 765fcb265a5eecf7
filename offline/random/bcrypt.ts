// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";

/** 2^10 rounds, the default of the official plugin. */
const COST = 10;
const ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const MAGIC = "OrpheanBeholderScryDoubt";
/** bcrypt ignores what is beyond. */
const LONGEST_PASSWORD = 72;
const SUBKEYS = 18;
const BOX_WORDS = 4 * 256;

/**
 * The bcrypt hash of a password, as `$2a$10$<salt><hash>`.
 *
 * @param salt 16 bytes; random unless a test needs a certain one
 */
export function bcrypt(password: string, salt = randomBytes(16), cost = COST): string {
    const key = Buffer.concat([
        Buffer.from(password, "utf8").subarray(0, LONGEST_PASSWORD),
        Buffer.of(0),
    ]);
    const cipher = new Blowfish();
    const keyWords = cyclicWords(key);
    const saltWords = cyclicWords(salt);
    cipher.expand(keyWords, saltWords);
    for (let round = 0; round < 2 ** cost; round++) {
        cipher.expand(keyWords);
        cipher.expand(saltWords);
    }
    const text = Buffer.from(MAGIC, "latin1");
    const words = new Uint32Array(6);
    for (let i = 0; i < words.length; i++) {
        words[i] = text.readUInt32BE(i * 4);
    }
    for (let i = 0; i < words.length; i += 2) {
        for (let round = 0; round < 64; round++) {
            cipher.encrypt(words, i);
        }
    }
    const hash = Buffer.alloc(24);
    words.forEach((word, i) => hash.writeUInt32BE(word, i * 4));
    return `$2a$${String(cost).padStart(2, "0")}$${encode(salt)}${encode(hash.subarray(0, 23))}`;
}

/** The bytes, repeated as often as needed, as the 18 words that one expansion takes. */
function cyclicWords(bytes: Buffer): Uint32Array {
    const words = new Uint32Array(SUBKEYS);
    for (let i = 0; i < SUBKEYS * 4; i++) {
        const word = i >> 2;
        words[word] = (words[word] ?? 0) * 256 + (bytes[i % bytes.length] ?? 0);
    }
    return words;
}

/** Base64 with bcrypt's own alphabet and no padding. */
function encode(bytes: Buffer): string {
    let text = "";
    for (let i = 0; i < bytes.length; i += 3) {
        const group = [bytes[i] ?? 0, bytes[i + 1] ?? 0, bytes[i + 2] ?? 0] as const;
        const bits = (group[0] << 16) | (group[1] << 8) | group[2];
        const digits = Math.min(bytes.length - i, 3) + 1;
        for (let digit = 0; digit < digits; digit++) {
            text += ALPHABET[(bits >> (18 - 6 * digit)) & 63] ?? "";
        }
    }
    return text;
}

/** The Blowfish cipher with bcrypt's expensive key schedule. */
class Blowfish {
    readonly #subkeys: Uint32Array;
    readonly #boxes: Uint32Array;

    constructor() {
        const digits = piWords();
        this.#subkeys = digits.slice(0, SUBKEYS);
        this.#boxes = digits.slice(SUBKEYS);
    }

    /**
     * Mixes a key into the state.
     *
     * @param salt mixed into the blocks that are encrypted; 16 bytes, repeated
     */
    expand(key: Uint32Array, salt?: Uint32Array): void {
        for (let i = 0; i < SUBKEYS; i++) {
            this.#subkeys[i] = at(this.#subkeys, i) ^ at(key, i);
        }
        const block = new Uint32Array(2);
        let position = 0;
        for (const table of [this.#subkeys, this.#boxes]) {
            for (let i = 0; i < table.length; i += 2) {
                if (salt !== undefined) {
                    block[0] = at(block, 0) ^ at(salt, position & 3);
                    block[1] = at(block, 1) ^ at(salt, (position + 1) & 3);
                    position += 2;
                }
                this.encrypt(block, 0);
                table[i] = at(block, 0);
                table[i + 1] = at(block, 1);
            }
        }
    }

    /** Encrypts the two words at `index` in place. */
    encrypt(words: Uint32Array, index: number): void {
        const subkeys = this.#subkeys;
        const boxes = this.#boxes;
        let left = at(words, index);
        let right = at(words, index + 1);
        for (let round = 0; round < 16; round++) {
            left ^= at(subkeys, round);
            const mixed =
                ((at(boxes, left >>> 24) + at(boxes, 256 + ((left >>> 16) & 255))) ^
                    at(boxes, 512 + ((left >>> 8) & 255))) +
                at(boxes, 768 + (left & 255));
            const next = right ^ mixed;
            right = left;
            left = next;
        }
        words[index] = right ^ at(subkeys, 17);
        words[index + 1] = left ^ at(subkeys, 16);
    }
}

function at(words: Uint32Array, index: number): number {
    return words[index] ?? 0;
}

let knownPi: Uint32Array | undefined;

/** Blowfish starts from the fraction of pi in binary: 18 subkeys, then the four boxes. */
function piWords(): Uint32Array {
    if (knownPi === undefined) {
        const count = SUBKEYS + BOX_WORDS;
        const guard = 64n;
        const scale = BigInt(count * 32) + guard;
        // Machin: pi = 16 atan(1/5) - 4 atan(1/239).
        const pi = 16n * arctanOfInverse(5n, scale) - 4n * arctanOfInverse(239n, scale);
        const fraction = (pi - (3n << scale)) >> guard;
        const hex = fraction.toString(16).padStart(count * 8, "0");
        knownPi = Uint32Array.from({ length: count }, (_, i) =>
            Number.parseInt(hex.slice(i * 8, i * 8 + 8), 16),
        );
    }
    return knownPi;
}

/** atan(1/x) in fixed point with `scale` bits. */
function arctanOfInverse(x: bigint, scale: bigint): bigint {
    let power = (1n << scale) / x;
    let sum = power;
    for (let n = 3n; power !== 0n; n += 2n) {
        power /= -(x * x);
        sum += power / n;
    }
    return sum;
}
