// SPDX-License-Identifier: Apache-2.0
import { PULUMI_VERSION } from "../versions.ts";
import { exists, isExecutable } from "./files.ts";
import type { Paths } from "./paths.ts";
import { PLUGINS, pluginFolder, pluginState } from "./plugins.ts";

/** A table of what is installed and where it comes from, one line a part. */
export async function status(paths: Paths): Promise<string> {
    const seeded = await exists(paths.marker);
    const rows: [string, string, string][] = [];
    for (const [part, path] of [
        [`CLI ${PULUMI_VERSION}`, paths.cli],
        ["language host nodejs", paths.languageHost],
    ] as const) {
        const there = await isExecutable(path);
        rows.push([part, there ? (seeded ? "seeded" : "official") : "missing", path]);
    }
    for (const plugin of PLUGINS) {
        const state = await pluginState(paths, plugin);
        const origin = typeof state === "string" ? state : "seeded";
        rows.push([`plugin ${plugin.name} ${plugin.version}`, origin, pluginFolder(paths, plugin)]);
    }
    rows.push([
        "built CLI (cache)",
        (await isExecutable(paths.cachedCli)) ? "there" : "missing",
        paths.cachedCli,
    ]);
    return rows
        .map(([part, origin, path]) => `${part.padEnd(24)}${origin.padEnd(10)}${path}`)
        .join("\n");
}
