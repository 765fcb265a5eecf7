// SPDX-License-Identifier: Apache-2.0
/** From a stack's raw configuration to everything that a run needs to know of its hosts. */
import { readFile } from "node:fs/promises";
import { ConfigError } from "./config/diagnostics.ts";
import { parseConfig } from "./config/parse.ts";
import type { Config } from "./config/schema.ts";
import { isSecretKey, takeSecrets, type Secrets } from "./config/secrets.ts";
import { withHostFiles } from "./host-files.ts";
import { parseKnownHosts } from "./known-hosts.ts";
import { lostTargets, targets, type Target } from "./target.ts";

/** A stack's validated configuration and the ways to its hosts. */
export interface Stack {
    readonly name: string;
    readonly config: Config;
    readonly targets: readonly Target[];
    /** Hosts that are lost: only what the state has of them is of interest. */
    readonly lost: readonly Target[];
}

/** The values of this project by key without its name. */
export function ownValues<T>(values: Readonly<Record<string, T>>): Record<string, T> {
    const prefix = "metalstream:";
    const own = Object.entries(values).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}

/**
 * Pulumi's configuration, `metalstream:key` -> JSON text, as one object without its secrets. Values that are no JSON are plain words.
 */
export function rawConfig(values: Readonly<Record<string, string>>): Record<string, unknown> {
    const own = Object.entries(ownValues(values)).filter(([key]) => !isSecretKey(key));
    return Object.fromEntries(own.map(([key, value]) => [key, parseValue(value)]));
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
export async function loadStack(
    name: string,
    raw: Record<string, unknown>,
    secrets: Secrets = {},
): Promise<Stack> {
    const source = `stacks/Pulumi.${name}.yaml`;
    const config = parseConfig(await withHostFiles(raw, source), source);
    const file = config.ssh.knownHosts;
    const text = await readFile(file, "utf8").catch((error: unknown) => {
        throw new ConfigError(`stacks/Pulumi.${name}.yaml`, [
            {
                path: "ssh.knownHosts",
                what: `cannot read ${file}: ${String(error)}`,
                fix:
                    name === "lab"
                        ? "boot the lab first: npm run lab"
                        : `npx metalstream hosts keys --stack ${name} makes it, once you have compared the fingerprints`,
            },
        ]);
    });
    return {
        name,
        config,
        targets: targets(config, parseKnownHosts(text), secrets),
        lost: lostTargets(config),
    };
}

/**
 * The stack that this process is Pulumi's program of.
 * @param values its configuration, decrypted.
 * @throws ConfigError with every finding.
 */
export async function runningStack(
    name: string,
    values: Readonly<Record<string, string>>,
): Promise<Stack> {
    // How the language host says what was encrypted in the file; the SDK has no question for it.
    const encrypted = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
    const secrets = takeSecrets(
        ownValues(values),
        (key) => encrypted.includes(`metalstream:${key}`),
        `stacks/Pulumi.${name}.yaml`,
    );
    return loadStack(name, rawConfig(values), secrets);
}
