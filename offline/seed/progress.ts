// SPDX-License-Identifier: Apache-2.0

/** What the set-up has to say; one line each. */
export type Say = (message: string) => void;

/** Lines on stderr, with a prefix that says where they come from. */
export const say: Say = (message) => {
    process.stderr.write(`offline: ${message}\n`);
};

/**
 * Does long work and says every 20 seconds that it goes on.
 *
 * @param what such as `building the Pulumi CLI`
 */
export async function withProgress<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = Date.now();
    const seconds = (): number => Math.round((Date.now() - start) / 1000);
    const timer = setInterval(() => {
        say(`${what} (${seconds()} s so far)`);
    }, 20_000);
    try {
        const result = await work();
        say(`${what}: done in ${seconds()} s`);
        return result;
    } finally {
        clearInterval(timer);
    }
}
