// SPDX-License-Identifier: Apache-2.0
// The program that runs on a host: the files of `host/`, joined in the order of `host/ORDER` into one text.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where programs lie on a host. */
export const HOST_PROGRAM_DIRECTORY = "/usr/local/lib/metalstream";

/** The joined program and the name that follows from its content. */
export interface HostProgram {
    /** The whole text; plain bash, ends in a call of its `main`. */
    readonly text: string;
    /** `host-` and the first 12 hex digits of the text's SHA-256. */
    readonly name: string;
    /** Absolute path on a host. */
    readonly path: string;
}

/**
 * Leads to the program that the last `up` ran on a host. For commands that stay as they are when only the program changes: their path must be there
 * on a host that was installed anew since, too.
 */
export const NEWEST_PROGRAM = `${HOST_PROGRAM_DIRECTORY}/host`;

const directory = join(import.meta.dirname, "..", "host");

/** `exit` on the line of `main`, so that a shell that reads the program from a pipe reads nothing behind it. */
const CALL = 'main "$@"; exit "$?"\n';

let joined: HostProgram | undefined;

/** Joins the program; read once per process. Throws when a file that `host/ORDER` names is missing. */
export function hostProgram(): HostProgram {
    joined ??= joinFiles(readFileSync(join(directory, "ORDER"), "utf8"));
    return joined;
}

function joinFiles(order: string): HostProgram {
    const files = order.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const parts = files.map((file) => withoutComments(readFileSync(join(directory, file), "utf8")));
    const text = `#!/bin/bash\n# SPDX-License-Identifier: Apache-2.0\n${parts.join("")}${CALL}`;
    const name = `host-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
    return { text, name, path: `${HOST_PROGRAM_DIRECTORY}/${name}` };
}

/**
 * Comments and indentation are for readers of the repository; the text travels to every host that does not have it, so whole-line comments and
 * leading blanks stay here. No line of a here-document or of a string that is data may therefore start with `#` or a blank; a test compares the
 * functions of both texts.
 */
function withoutComments(text: string): string {
    return text.replace(/^[ \t]*#.*\n/gm, "").replace(/^[ \t]+/gm, "");
}
