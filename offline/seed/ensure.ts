// SPDX-License-Identifier: Apache-2.0
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildCli, downloadCli, installCli } from "./cli.ts";
import { exists, isExecutable, readIfThere, writeAtomically } from "./files.ts";
import type { Paths } from "./paths.ts";
import { downloadPlugin, PLUGINS, pluginState, removePlugin, seedPlugin } from "./plugins.ts";
import type { SeedPlugin } from "./plugins.ts";
import type { Say } from "./progress.ts";
import { installRuntime, shim } from "./runtime.ts";

/** How long a runtime stays that a newer one has replaced. */
const RUNTIME_KEPT_MS = 3_600_000;

/** How `ensure` goes about it. */
export interface EnsureOptions {
    /** Do not even try the official downloads. */
    readonly offline: boolean;
}

/**
 * Makes `npx pulumi` work: the CLI, the Node language host, and the plugins. What is there stays, what
 * can be downloaded from its makers is; only the rest is seeded. A second call does only what is missing.
 */
export async function ensure(paths: Paths, options: EnsureOptions, say: Say): Promise<void> {
    let offline = options.offline;
    if (!(await isExecutable(paths.cli))) {
        const reason = offline ? "asked to stay offline" : await downloadCli(paths);
        if (reason !== undefined) {
            say(`the official Pulumi CLI cannot be downloaded (${reason}): seeding our own build`);
            offline = true;
            await buildCli(paths, say);
            await installCli(paths);
            await writeMarker(paths);
        }
    }

    const seeded = await exists(paths.marker);
    let runtime: string | undefined;
    const prepare = async (): Promise<string> =>
        (runtime ??= await installRuntime(paths.versionFolder));
    if (seeded) {
        await writeShim(paths, await prepare());
    }
    for (const plugin of PLUGINS) {
        await ensurePlugin(paths, plugin, offline, prepare, say);
    }
    if (runtime !== undefined) {
        await removeOldRuntimes(paths, runtime);
    }
}

async function writeMarker(paths: Paths): Promise<void> {
    const marker = { seededBy: "offline/seed.ts", at: new Date().toISOString() };
    await writeAtomically(paths.marker, `${JSON.stringify(marker, undefined, 4)}\n`);
}

async function writeShim(paths: Paths, runtime: string): Promise<void> {
    const wanted = shim(runtime, "pulumi-language-nodejs");
    if ((await readIfThere(paths.languageHost)) !== wanted) {
        await writeAtomically(paths.languageHost, wanted, 0o755);
    }
}

async function ensurePlugin(
    paths: Paths,
    plugin: SeedPlugin,
    offline: boolean,
    prepare: () => Promise<string>,
    say: Say,
): Promise<void> {
    const state = await pluginState(paths, plugin);
    if (state === "official") {
        return;
    }
    const title = `plugin ${plugin.name} ${plugin.version}`;
    if (state === "missing") {
        const reason = offline ? "no official downloads here" : await downloadPlugin(paths, plugin);
        if (reason === undefined) {
            return;
        }
        say(`${title}: seeding ours (${reason})`);
    }
    const runtime = await prepare();
    if (state === "missing" || state.runtime !== runtime) {
        await seedPlugin(paths, plugin, runtime);
    }
}

/** Removes runtimes that no shim refers to any more, unless one may just be starting from them. */
async function removeOldRuntimes(paths: Paths, current: string): Promise<void> {
    for (const name of await runtimeFolders(paths)) {
        const folder = join(paths.versionFolder, name);
        const age = Date.now() - (await stat(folder)).mtimeMs;
        if (folder !== current && age > RUNTIME_KEPT_MS) {
            await rm(folder, { recursive: true, force: true });
        }
    }
}

async function runtimeFolders(paths: Paths): Promise<string[]> {
    const names = await readdir(paths.versionFolder).catch(() => []);
    return names.filter((name) => name.startsWith("runtime-"));
}

/**
 * Removes what was seeded, and nothing else. The cache with the built CLI stays.
 *
 * @returns what was removed
 */
export async function remove(paths: Paths): Promise<string[]> {
    const removed: string[] = [];
    for (const plugin of PLUGINS) {
        if (await removePlugin(paths, plugin)) {
            removed.push(`plugin ${plugin.name} ${plugin.version}`);
        }
    }
    if (await exists(paths.marker)) {
        await rm(paths.versionFolder, { recursive: true, force: true });
        removed.push(`CLI and language host in ${paths.versionFolder}`);
    } else {
        for (const name of await runtimeFolders(paths)) {
            await rm(join(paths.versionFolder, name), { recursive: true, force: true });
        }
    }
    return removed;
}
