// SPDX-License-Identifier: Apache-2.0
/** Findings about configuration, all of them at once. */

/** One finding: where, what was found, what was expected, what to do. */
export interface Diagnostic {
    /** Dotted path of the key, such as `hosts[2].rack`. */
    readonly path: string;
    /** What is wrong, with the value found and the value expected. */
    readonly what: string;
    /** What to do next. */
    readonly fix: string;
}

/** A configuration that cannot be used. The message lists every finding; there is no stack trace to read. */
export class ConfigError extends Error {
    readonly diagnostics: readonly Diagnostic[];
    constructor(source: string, diagnostics: readonly Diagnostic[]) {
        const count = diagnostics.length === 1 ? "1 finding" : `${diagnostics.length} findings`;
        const lines = diagnostics.map((d) => `  ${d.path}: ${d.what}\n      ${d.fix}`);
        super(`${source}: ${count}, nothing was touched\n${lines.join("\n")}`);
        this.name = "ConfigError";
        this.diagnostics = diagnostics;
        this.stack = this.message;
    }
}

/** Levenshtein distance, for "did you mean". */
function distance(a: string, b: string): number {
    let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (const [i, ca] of Array.from(a).entries()) {
        const row = [i + 1];
        for (const [j, cb] of Array.from(b).entries()) {
            const substitute = (previous[j] ?? 0) + (ca === cb ? 0 : 1);
            row.push(Math.min(substitute, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
        }
        previous = row;
    }
    return previous[b.length] ?? 0;
}

/** The known word nearest to `word`, or undefined when none is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
    const near = known
        .map((candidate) => ({
            candidate,
            d: distance(word.toLowerCase(), candidate.toLowerCase()),
        }))
        .filter(({ candidate, d }) => d <= Math.max(2, candidate.length / 3))
        .sort((a, b) => a.d - b.d);
    return near[0]?.candidate;
}
