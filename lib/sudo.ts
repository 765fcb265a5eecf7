// SPDX-License-Identifier: Apache-2.0
/**
 * How a command becomes root on a host. A password goes ahead of the standard input and is taken off again there, whether or not sudo asked
 * for it: nowhere is it an argument, an environment variable or a file. Pure.
 */
import type { Secret } from "./secret.ts";

/** Ends what was sent ahead of the standard input. */
const mark = "-- metalstream: end of what sudo may read --";

const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/**
 * What a login shell is told, so that a command runs as root.
 *
 * With a password sudo is tried first with nothing else to read: it would take the lines behind a wrong password for further attempts. Then
 * it gets the password again, if it wants it; what is left of it is dropped as root, up to the mark.
 */
export function rootCommand(command: string, password: Secret | undefined): string {
    if (password === undefined) return `sudo -n ${command}`;
    const inner = `while IFS= read -r line; do [[ $line == ${quote(mark)} ]] && exec ${command}; done; exit 1`;
    const outer = [
        "IFS= read -r p",
        'said=$(printf "%s\\n" "$p" | sudo -k -S -p "" true 2>&1) || { printf "metalstream: sudo: %s: refused: %s; see ssh.user, and metalstream:sudoPassword\\n" "${USER-}" "${said//$\'\\n\'/ / }" >&2; exit 1; }',
        `{ printf "%s\\n%s\\n" "$p" ${quote(mark)}; exec cat; } | sudo -S -p "" /bin/bash -c ${quote(inner)}`,
    ];
    // Otherwise bash, when sshd starts it, reads ~/.bashrc, which may read the password.
    return `/bin/bash --norc -c ${quote(outer.join("; "))}`;
}

/** The standard input that belongs to {@link rootCommand}. */
export function rootInput(stdin: string, password: Secret | undefined): string {
    return password === undefined ? stdin : `${password.reveal()}\n${stdin}`;
}
