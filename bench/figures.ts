// SPDX-License-Identifier: Apache-2.0
/** Arithmetic and tables of the benchmarks. Pure. */

/** The middle one of some figures; of an even number of them, the mean of the middle two. @throws Error when there are none. */
export function median(values: readonly number[]): number {
    const sorted = [...values].sort((a, b) => a - b);
    const upper = sorted[Math.floor(sorted.length / 2)];
    const lower = sorted[Math.ceil(sorted.length / 2) - 1];
    if (upper === undefined || lower === undefined) throw new Error("median of no figures");
    return (lower + upper) / 2;
}

/** `12.3 s`. */
export const seconds = (value: number): string => `${value.toFixed(1)} s`;

/** `6.95 GB`, in powers of ten. */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

/** One figure as a person reads it. */
export interface Row {
    readonly what: string;
    readonly measured: string;
    /** What the project wants, where it wants something. */
    readonly aim?: string;
    /** Whether the aim was reached; undefined without an aim. */
    readonly reached?: boolean;
}

/** A row with an upper limit. */
export function limited(
    what: string,
    value: number,
    limit: number,
    show: (value: number) => string,
): Row {
    return { what, measured: show(value), aim: `≤ ${show(limit)}`, reached: value <= limit };
}

const verdict = ({ aim, reached }: Row): string =>
    aim === undefined ? "" : `${aim}: ${reached === true ? "reached" : "NOT reached"}`;

/** A Markdown table, which is readable in a terminal, too. */
export function table(rows: readonly Row[]): string {
    const cells = [
        ["what", "measured", "aim"],
        ...rows.map((row) => [row.what, row.measured, verdict(row)]),
    ];
    const width = [0, 1, 2].map((i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
    const line = (row: readonly string[]) =>
        `| ${row.map((cell, i) => cell.padEnd(width[i] ?? 0)).join(" | ")} |`;
    const [head = [], ...body] = cells;
    const rule = `| ${width.map((n) => "-".repeat(n)).join(" | ")} |`;
    return [line(head), rule, ...body.map(line)].join("\n");
}
