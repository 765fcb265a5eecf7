// SPDX-License-Identifier: Apache-2.0

/** A value that is not shown by accident: printing, JSON and string templates give `[secret]`. */
export class Secret {
    readonly #value: string;

    constructor(value: string) {
        this.#value = value;
    }

    /** The value itself: for an input that is encrypted or a connection, never for a text that is shown. */
    reveal(): string {
        return this.#value;
    }

    toString(): string {
        return "[secret]";
    }

    toJSON(): string {
        return "[secret]";
    }
}
