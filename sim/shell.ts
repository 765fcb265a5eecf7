// SPDX-License-Identifier: Apache-2.0
/** The shell of a model host: understands the commands that the platform sends, and no other. */
import { Exit } from "./exit.ts";
import type { ModelHost } from "./host.ts";
import type { Call } from "./types.ts";

/** How many bytes of standard input are the host program's text, and whether it is put on the host. */
interface Carried {
    readonly bytes: number;
    readonly keep: boolean;
}

/** A command line, taken apart. Undefined when it is none of the platform's. */
export function parseCommand(
    command: string,
): { carried: Carried; program: string; call: Omit<Call, "payload"> } | undefined {
    const match =
        /exec (?:\S*\/(host-[0-9a-f]{12})|\/bin\/bash <\(head -c \d+\)) ([^']+)'$/.exec(command) ??
        /^sudo -n \S*\/(host(?:-[0-9a-f]{12})?) (.+)$/.exec(command);
    if (match === null) return undefined;
    const [, path, rest = ""] = match;
    const words = rest.split(" ").filter((word) => word !== "");
    const options = words
        .filter((word) =>
            /^(token|program|limit|wait|bytes|run|over|who|pid|started|machine|term)=/.test(word),
        )
        .map((word): [string, string] => {
            const at = word.indexOf("=");
            return [word.slice(0, at), word.slice(at + 1)];
        });
    const [verb = "", ...args] = words.filter((word) => !word.includes("="));
    const bytes = Number(/head -c (\d+)/.exec(command)?.[1] ?? 0);
    const program = path ?? new Map(options).get("program") ?? "";
    return {
        carried: { bytes, keep: bytes > 0 && path !== undefined },
        program,
        call: { verb, args, options: { ...Object.fromEntries(options), program } },
    };
}

/** Where a command's output goes. */
export interface Streams {
    readonly out: (text: string) => void;
    readonly err: (text: string) => void;
}

/** Runs a command line on a host. @returns the exit code. */
export async function runCommand(
    host: ModelHost,
    command: string,
    stdin: Buffer,
    { out, err }: Streams,
): Promise<number> {
    const parsed = parseCommand(command);
    if (parsed === undefined) {
        err(`bash: not a command of the platform: ${command.slice(0, 80)}\n`);
        return 127;
    }
    const { carried, program, call } = parsed;
    if (carried.keep) host.state.programs.add(program).add("host");
    if (carried.bytes === 0 && !host.state.programs.has(program)) {
        const asked = /\|\| exit (\d+); exec /.exec(command)?.[1];
        if (asked !== undefined) return Number(asked);
        err(`sudo: /usr/local/lib/metalstream/${program}: command not found\n`);
        return 1;
    }
    const payload = stdin.subarray(carried.bytes).toString("utf8");
    const { bytes } = call.options;
    if (bytes !== undefined && Number(bytes) !== stdin.length - carried.bytes) {
        err(`metalstream: ${host.name}: start: standard input ended early; run again\n`);
        return 1;
    }
    try {
        await host.run({ ...call, payload }, (line) => {
            out(`${line}\n`);
        });
        return 0;
    } catch (error) {
        if (!(error instanceof Exit)) throw error;
        err(`${error.message}\n`);
        return error.code;
    }
}
