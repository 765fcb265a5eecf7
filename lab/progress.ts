// SPDX-License-Identifier: Apache-2.0
/** Tells a person what is going on: a line when a step is done, and now and then while a long one runs. */

/** Takes one line of text. */
export type Report = (line: string) => void;

/** Runs one step and reports it with its time. `work` gets a function that names the current detail of a long step. */
export async function step<T>(
    report: Report,
    title: string,
    work: (detail: Report) => Promise<T>,
): Promise<T> {
    const begin = performance.now();
    const seconds = (): string => `${((performance.now() - begin) / 1000).toFixed(1)} s`;
    let detail = "";
    const timer = setInterval(() => {
        report(`  … ${title}${detail === "" ? "" : `: ${detail}`} (${seconds()})`);
    }, 10_000);
    try {
        const answer = await work((line) => (detail = line));
        report(`  ✓ ${title} (${seconds()})`);
        return answer;
    } catch (error) {
        report(`  ✗ ${title} (${seconds()})`);
        throw error;
    } finally {
        clearInterval(timer);
    }
}
