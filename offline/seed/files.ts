// SPDX-License-Identifier: Apache-2.0
import {
    access,
    constants,
    copyFile,
    link,
    mkdir,
    readFile,
    rename,
    rm,
    writeFile,
} from "node:fs/promises";
import { dirname } from "node:path";

/** True when something is there. */
export async function exists(path: string): Promise<boolean> {
    try {
        await access(path);
        return true;
    } catch {
        return false;
    }
}

/** True for a file that can be executed. */
export async function isExecutable(path: string): Promise<boolean> {
    try {
        await access(path, constants.X_OK);
        return true;
    } catch {
        return false;
    }
}

/** The content of a file, or undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
    try {
        return await readFile(path, "utf8");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") {
            return undefined;
        }
        throw error;
    }
}

/** A name beside `path` for what becomes `path` by a rename, so that nobody sees a half-made one. */
function temporary(path: string): string {
    return `${path}.${process.pid}.tmp`;
}

/** Writes a file, or replaces it, in one step. Missing folders are made. */
export async function writeAtomically(path: string, content: string, mode = 0o644): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const unfinished = temporary(path);
    await writeFile(unfinished, content, { mode });
    await rename(unfinished, path);
}

/**
 * Makes `to` the same file as `from`, in one step: a hard link where possible (it costs no space, and
 * stays when `from` is removed), otherwise a copy.
 */
export async function linkOrCopy(from: string, to: string): Promise<void> {
    await mkdir(dirname(to), { recursive: true });
    const unfinished = temporary(to);
    await rm(unfinished, { force: true });
    try {
        await link(from, unfinished);
    } catch {
        await copyFile(from, unfinished, constants.COPYFILE_FICLONE);
    }
    await rename(unfinished, to);
}
