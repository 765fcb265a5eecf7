// SPDX-License-Identifier: Apache-2.0
import { StringDecoder } from "node:string_decoder";

/** A longer line is cut where it is shown, never where it is captured. */
const SHOWN_LINE = 2000;
/** Lines that wait to be shown. A command can write faster than the engine takes them. */
const BACKLOG = 500;

/**
 * Shows the output of a running command line by line. It never blocks the command and never fails:
 * what the engine does not take in time is left out.
 */
export class LineLog {
    readonly #show: (line: string) => Promise<void>;
    readonly #decoder = new StringDecoder("utf8");
    #rest = "";
    #waiting: string[] = [];
    #leftOut = 0;
    #sending: Promise<void> | undefined;

    /** @param show takes one line; the next is given when its promise is settled */
    constructor(show: (line: string) => Promise<void>) {
        this.#show = show;
    }

    /** Takes a piece of output. */
    write(chunk: Buffer): void {
        const lines = (this.#rest + this.#decoder.write(chunk)).split("\n");
        const rest = lines.pop() ?? "";
        // What exceeds the shown part of an unfinished line is dropped here, so that it costs no memory.
        this.#rest = rest.slice(0, SHOWN_LINE + 1);
        for (const line of lines) {
            this.#add(line);
        }
    }

    /** Shows what is left and waits until all is shown. */
    async end(): Promise<void> {
        if (this.#rest !== "") {
            this.#add(this.#rest);
            this.#rest = "";
        }
        await this.#sending;
    }

    #add(line: string): void {
        if (this.#waiting.length >= BACKLOG) {
            this.#leftOut++;
            return;
        }
        const text = line.replace(/\r$/, "");
        this.#waiting.push(text.length > SHOWN_LINE ? `${text.slice(0, SHOWN_LINE)}...` : text);
        this.#sending ??= this.#send().finally(() => {
            this.#sending = undefined;
        });
    }

    async #send(): Promise<void> {
        for (;;) {
            const next = this.#waiting.shift();
            if (next !== undefined) {
                await this.#show(next);
            } else if (this.#leftOut > 0) {
                const count = this.#leftOut;
                this.#leftOut = 0;
                await this.#show(`(${count} lines of output are not shown)`);
            } else {
                return;
            }
        }
    }
}
