// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ARCHIVE, ASSET, SIGNATURE } from "../plugin/wire.ts";
import type { WireObject } from "../plugin/wire.ts";
import { globFiles } from "./glob.ts";

/**
 * The files that globs select, as the output `assets`: a file asset each, by relative path.
 *
 * @param folder where the globs start
 */
export async function assetsOf(folder: string, globs: readonly string[]): Promise<WireObject> {
    const assets: WireObject = {};
    for (const path of await globFiles(folder, globs)) {
        const file = join(folder, path);
        const hash = createHash("sha256")
            .update(await readFile(file))
            .digest("hex");
        assets[path] = { [SIGNATURE]: ASSET, path: file, hash };
    }
    return assets;
}

/** The files that globs select, as the output `archive`. */
export async function archiveOf(folder: string, globs: readonly string[]): Promise<WireObject> {
    const assets = await assetsOf(folder, globs);
    const hash = createHash("sha256").update(JSON.stringify(assets)).digest("hex");
    return { [SIGNATURE]: ARCHIVE, assets, hash };
}
