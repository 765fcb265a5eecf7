// SPDX-License-Identifier: Apache-2.0

/** An error that another attempt would only repeat, such as a wrong host key. */
export class FatalDialError extends Error {}

const REASONS: Record<string, string> = {
    ECONNREFUSED: "connect: connection refused",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ETIMEDOUT: "i/o timeout",
    ENOENT: "connect: no such file or directory",
    EACCES: "connect: permission denied",
    ENOTFOUND: "no such host",
    EAI_AGAIN: "temporary failure in name resolution",
};

/** What the operating system says of a failed connection, in the words of the official plugin. */
export function socketReason(error: unknown): string {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}

/** A string in double quotes with escapes, as Go's `%q` prints it. */
export function quote(text: string): string {
    const named: Record<string, string> = {
        "\u0007": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        '"': '\\"',
        "\\": "\\\\",
    };
    const escaped = text.replace(/["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
        const code = char.codePointAt(0) ?? 0;
        return (
            named[char] ??
            (code < 0x80
                ? `\\x${code.toString(16).padStart(2, "0")}`
                : `\\u${code.toString(16).padStart(4, "0")}`)
        );
    });
    return `"${escaped}"`;
}

/** An error travels in an HTTP/2 header, which holds 64 KB after up to three bytes for one. */
const COMMAND_LIMIT = 3000;
const OUTPUT_LIMIT = 12_000;

/**
 * The error of a command that failed: how it ended, the command, and the end of its output.
 *
 * @param how such as `Process exited with status 3`
 */
export function commandFailure(how: string, command: string, output: Buffer): Error {
    const left = output.length - OUTPUT_LIMIT;
    const tail = output.subarray(Math.max(left, 0)).toString("utf8");
    const shown = left > 0 ? `... (${left} bytes left out)\n${tail}` : tail;
    const cut = command.length > COMMAND_LIMIT ? `${command.slice(0, COMMAND_LIMIT)}...` : command;
    return new Error(`${how}: running ${quote(cut)}:\n${shown}`);
}

const SIGNALS: Record<string, number> = {
    ABRT: 6,
    ALRM: 14,
    FPE: 8,
    HUP: 1,
    ILL: 4,
    INT: 2,
    KILL: 9,
    PIPE: 13,
    QUIT: 3,
    SEGV: 11,
    TERM: 15,
};

/** How a process ended, in the words of the official plugin; undefined when it ended well. */
export function exitReason(code: number | null, signal: string | undefined): string | undefined {
    if (signal !== undefined) {
        const status = 128 + (SIGNALS[signal] ?? 0);
        return `Process exited with status ${status} from signal ${signal}`;
    }
    if (code === null) {
        return "wait: remote command exited without exit status or exit signal";
    }
    return code === 0 ? undefined : `Process exited with status ${code}`;
}
