// SPDX-License-Identifier: Apache-2.0
/** How a read-only verb of the host program comes to run on a host: from there where the program lies, else from here. Pure. */
import { hostProgram, NEWEST_PROGRAM } from "../host-program.ts";

/** Exit code for "this program is not here, or not whole"; the program itself has no such one. */
export const NOT_HERE = 96;

/**
 * What runs a verb of the host program that lies on the host.
 * @param keep whether it must be the newest there, by name too (up).
 */
export function residentCommand(verb: string, keep: boolean): string {
    const { name, path } = hostProgram();
    const digest = name.slice(name.indexOf("-") + 1);
    const isWhole = `s=$(sha256sum 2>/dev/null <${path}); [[ \${s:0:${digest.length}} == ${digest} && -x ${path} ]]`;
    const isNewest = keep ? ` && [[ $(readlink ${NEWEST_PROGRAM}) == ${name} ]]` : "";
    return `/bin/bash -c '${isWhole}${isNewest} || exit ${NOT_HERE}; exec ${path} ${verb}'`;
}

/**
 * What runs a verb of the host program, whose text comes first on standard input.
 * @param keep whether the program is put on the host (up), or leaves no trace (preview).
 */
export function carriedCommand(verb: string, keep: boolean): string {
    const { text, name, path } = hostProgram();
    const bytes = Buffer.byteLength(text);
    const directory = path.slice(0, path.lastIndexOf("/"));
    const stored =
        `mkdir -p ${directory} && head -c ${bytes} >${path}.$$ && chmod 755 ${path}.$$ && ` +
        `mv ${path}.$$ ${path} && ln -s ${name} ${NEWEST_PROGRAM}.$$ && mv -T ${NEWEST_PROGRAM}.$$ ${NEWEST_PROGRAM} && ` +
        `exec ${path} ${verb}`;
    const passing = `exec /bin/bash <(head -c ${bytes}) ${verb} program=${name}`;
    return `/bin/bash -c '${keep ? stored : passing}'`;
}
