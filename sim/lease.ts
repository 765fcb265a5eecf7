// SPDX-License-Identifier: Apache-2.0
/** The run lease of a model host, as host/lease.sh keeps it. */
import type { Call } from "./types.ts";

interface Held {
    readonly run: string;
    readonly words: string;
    /** Seconds since 1970. */
    readonly taken: number;
    readonly until: number;
}

/** Lies in memory: a reboot ends it. */
export class ModelLease {
    #held: Held | undefined;

    /** What `lease take|give|show` prints. */
    answer({ args, options }: Call): string {
        const now = Math.floor(Date.now() / 1000);
        if (this.#held !== undefined && this.#held.until <= now) this.#held = undefined;
        const { run = "", over } = options;
        const mine = this.#held === undefined || [run, over].includes(this.#held.run);
        if (args[0] === "take" && mine) {
            const who = ["run", "who", "pid", "started", "machine"];
            this.#held = {
                run,
                words: who.map((key) => `${key}=${options[key] ?? ""}`).join(" "),
                taken: this.#held?.run === run ? this.#held.taken : now,
                until: now + Number(options["term"] ?? 120),
            };
            return `lease own run=${run}`;
        }
        if (args[0] === "give" && this.#held?.run === run) this.#held = undefined;
        if (this.#held === undefined) return "lease none";
        const { words, taken, until } = this.#held;
        return `lease held ${words} taken=${taken} until=${until}`;
    }

    end(): void {
        this.#held = undefined;
    }
}
