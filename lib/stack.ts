// SPDX-License-Identifier: Apache-2.0
/** From a stack's raw configuration to everything that a run needs to know of its hosts. */
import { readFile } from "node:fs/promises";
import { ConfigError } from "./config/diagnostics.ts";
import { parseConfig } from "./config/parse.ts";
import type { Config } from "./config/schema.ts";
import { parseKnownHosts } from "./known-hosts.ts";
import { targets, type Target } from "./target.ts";

/** A stack's validated configuration and the ways to its hosts. */
export interface Stack {
    readonly name: string;
    readonly config: Config;
    readonly targets: readonly Target[];
}

/**
 * Pulumi's configuration, `metalstream:key` -> JSON text, as one object. Values that are no JSON are plain words.
 */
export function rawConfig(values: Readonly<Record<string, string>>): Record<string, unknown> {
    const prefix = "metalstream:";
    const own = Object.entries(values).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(
        own.map(([key, value]) => [key.slice(prefix.length), parseValue(value)]),
    );
}

function parseValue(value: string): unknown {
    if (value === "true" || value === "false") return value === "true";
    if (!/^[[{"]/.test(value.trim())) return value;
    try {
        return JSON.parse(value) as unknown;
    } catch {
        return value;
    }
}

/**
 * Validates a stack's configuration and reads its pinned host keys.
 * @throws ConfigError with every finding.
 */
export async function loadStack(name: string, raw: Record<string, unknown>): Promise<Stack> {
    const config = parseConfig(raw, `stacks/Pulumi.${name}.yaml`);
    const file = config.ssh.knownHosts;
    const text = await readFile(file, "utf8").catch((error: unknown) => {
        throw new ConfigError(`stacks/Pulumi.${name}.yaml`, [
            {
                path: "ssh.knownHosts",
                what: `cannot read ${file}: ${String(error)}`,
                fix:
                    name === "lab"
                        ? "boot the lab first: npm run lab"
                        : "make it: ssh-keyscan -t ed25519 HOST… after comparing fingerprints",
            },
        ]);
    });
    return { name, config, targets: targets(config, parseKnownHosts(text)) };
}
