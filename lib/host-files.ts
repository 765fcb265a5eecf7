// SPDX-License-Identifier: Apache-2.0
/**
 * Hosts of a stack that are in files of their own. Pulumi hands the whole configuration to a program in one environment variable, of which Linux
 * takes 128 KiB: enough for some 800 hosts.
 */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { ConfigError } from "./config/diagnostics.ts";

type Raw = Readonly<Record<string, unknown>>;

const fileOf = (entry: unknown): string | undefined => {
    if (typeof entry !== "object" || entry === null) return undefined;
    const { file } = entry as { file?: unknown };
    return Object.keys(entry).length === 1 && typeof file === "string" ? file : undefined;
};

async function readHosts(file: string, source: string): Promise<unknown[]> {
    const refuse = (what: string) =>
        new ConfigError(source, [
            {
                path: "hosts",
                what,
                fix: "give the path of a list of hosts, from the project's folder",
            },
        ]);
    const text = await readFile(file, "utf8").catch((error: unknown) => {
        throw refuse(`cannot read ${file}: ${String(error)}`);
    });
    let hosts: unknown;
    try {
        hosts = parse(text);
    } catch (error) {
        throw refuse(`${file} is no YAML: ${String(error)}`);
    }
    if (!Array.isArray(hosts)) throw refuse(`${file} holds no list`);
    return hosts as unknown[];
}

/**
 * The same configuration, with the hosts of a file in the place of each entry `{file: PATH}` of `hosts`.
 * @throws ConfigError when a file cannot be read or holds no list.
 */
export async function withHostFiles(raw: Raw, source: string): Promise<Record<string, unknown>> {
    const { hosts } = raw;
    if (!Array.isArray(hosts)) return { ...raw };
    const entries = await Promise.all(
        (hosts as unknown[]).map((entry) => {
            const file = fileOf(entry);
            return file === undefined ? Promise.resolve([entry]) : readHosts(file, source);
        }),
    );
    return { ...raw, hosts: entries.flat() };
}
