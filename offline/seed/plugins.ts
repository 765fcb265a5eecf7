// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMAND_VERSION, RANDOM_VERSION } from "../versions.ts";
import { exists, readIfThere, writeAtomically } from "./files.ts";
import type { Paths } from "./paths.ts";
import { lastLines, run } from "./process.ts";
import { shim } from "./runtime.ts";

const DOWNLOAD_MS = 120_000;
const MARKER = "seeded.json";

/** A resource plugin that we have a replacement for. */
export interface SeedPlugin {
    readonly name: string;
    readonly version: string;
    readonly program: "pulumi-resource-command" | "pulumi-resource-random";
}

/** The plugins that can be seeded. */
export const PLUGINS: readonly SeedPlugin[] = [
    { name: "command", version: COMMAND_VERSION, program: "pulumi-resource-command" },
    { name: "random", version: RANDOM_VERSION, program: "pulumi-resource-random" },
];

/** Whose plugin is installed; `current` tells whether a seeded one is of the given runtime. */
export type PluginState = "missing" | "official" | { readonly runtime: string };

/** Where the engine looks for a plugin. */
export function pluginFolder(paths: Paths, plugin: SeedPlugin): string {
    return join(paths.pulumiHome, "plugins", `resource-${plugin.name}-v${plugin.version}`);
}

/** What is installed now. A folder without our marker is taken for official, and left alone. */
export async function pluginState(paths: Paths, plugin: SeedPlugin): Promise<PluginState> {
    const folder = pluginFolder(paths, plugin);
    if (!(await exists(folder))) {
        return "missing";
    }
    const marker = await readIfThere(join(folder, MARKER));
    return marker === undefined ? "official" : (JSON.parse(marker) as { runtime: string });
}

/**
 * Asks the CLI to download the official plugin, with a time limit.
 *
 * @returns undefined when it worked, otherwise why it did not
 */
export async function downloadPlugin(
    paths: Paths,
    plugin: SeedPlugin,
): Promise<string | undefined> {
    const result = await install(paths, plugin, [], DOWNLOAD_MS);
    return result.code === 0 ? undefined : lastLines(result.output, 1);
}

/**
 * Installs our plugin by the CLI.
 *
 * @param runtime the folder with its program
 * @throws Error when the CLI refuses
 */
export async function seedPlugin(paths: Paths, plugin: SeedPlugin, runtime: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "offline-plugin-"));
    try {
        await writeAtomically(join(folder, plugin.program), shim(runtime, plugin.program), 0o755);
        const marker = { seededBy: "offline/seed.ts", runtime };
        await writeAtomically(join(folder, MARKER), `${JSON.stringify(marker, undefined, 4)}\n`);
        const result = await install(paths, plugin, ["--file", folder, "--reinstall"], DOWNLOAD_MS);
        if (result.code !== 0) {
            throw new Error(
                `plugin ${plugin.name} ${plugin.version} could not be installed:\n${lastLines(result.output)}`,
            );
        }
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

/** Removes our plugin; an official one stays. */
export async function removePlugin(paths: Paths, plugin: SeedPlugin): Promise<boolean> {
    if (typeof (await pluginState(paths, plugin)) === "string") {
        return false;
    }
    const folder = pluginFolder(paths, plugin);
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}.lock`, { force: true });
    return true;
}

function install(
    paths: Paths,
    plugin: SeedPlugin,
    more: readonly string[],
    timeout: number,
): ReturnType<typeof run> {
    return run(paths.cli, ["plugin", "install", "resource", plugin.name, plugin.version, ...more], {
        // Not in a project: its Pulumi.yaml is none of our business, and may have errors.
        cwd: tmpdir(),
        env: { ...process.env, PULUMI_HOME: paths.pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "1" },
        timeout,
    });
}
