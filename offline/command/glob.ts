// SPDX-License-Identifier: Apache-2.0
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * The files below a folder that a list of globs selects: `*` matches anything but `/`, `**` anything,
 * `?` one character, `[…]` and `{a,b}` choices; a glob that starts with `!` takes files out again.
 *
 * @returns paths relative to the folder, sorted
 */
export async function globFiles(folder: string, globs: readonly string[]): Promise<string[]> {
    const rules = globs.map((glob) => ({
        exclude: glob.startsWith("!"),
        pattern: globPattern(glob.replace(/^!/, "")),
    }));
    const selected: string[] = [];
    for (const path of await filesBelow(folder, "")) {
        // The last rule that matches decides.
        const rule = rules.findLast(({ pattern }) => pattern.test(path));
        if (rule?.exclude === false) {
            selected.push(path);
        }
    }
    return selected.sort();
}

async function filesBelow(root: string, below: string): Promise<string[]> {
    const entries = await readdir(join(root, below), { withFileTypes: true });
    const nested = await Promise.all(
        entries.map((entry) => {
            const path = below === "" ? entry.name : `${below}/${entry.name}`;
            return entry.isDirectory() ? filesBelow(root, path) : Promise.resolve([path]);
        }),
    );
    return nested.flat();
}

/** A glob as a regular expression over a whole path. */
export function globPattern(glob: string): RegExp {
    let depth = 0;
    const source = glob.replace(/\*\*|\*|\?|\[!?[^\]]*\]|[{},]|\\.|[.+^$()|\]\\]/g, (token) => {
        switch (token) {
            case "**":
                return ".*";
            case "*":
                return "[^/]*";
            case "?":
                return "[^/]";
            case "{":
                depth++;
                return "(?:";
            case "}":
                depth--;
                return ")";
            case ",":
                return depth > 0 ? "|" : ",";
            default:
                return token.startsWith("[")
                    ? token.replace(/^\[!/, "[^")
                    : `\\${token.replace(/^\\/, "")}`;
        }
    });
    return new RegExp(`^${source}$`, "s");
}
