// SPDX-License-Identifier: Apache-2.0
import { readdir, stat } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import type { SFTPWrapper, Stats } from "ssh2";
import { messageOf } from "../plugin/serve.ts";

/** SFTP status "no such file". */
const NO_SUCH_FILE = 2;

/** What is copied: a text, or a file or directory of this machine. */
export type Source = { readonly text: string } | { readonly path: string };

/**
 * Copies a source to a path of another machine. Parent directories are made. As in the official plugin:
 *
 * | source | target is a directory | target is not there | target is a file |
 * |---|---|---|---|
 * | file | target/file | target | target, overwritten |
 * | dir | target/dir | target/dir | error |
 * | dir/ | target/x for x in dir | target/x for x in dir | error |
 * | text | error | target | target, overwritten |
 */
export async function copyTo(sftp: SFTPWrapper, source: Source, target: string): Promise<void> {
    const there = await remoteStat(sftp, target);
    if ("text" in source) {
        if (there?.isDirectory() === true) {
            throw new Error(
                `remote path ${target} is a directory; when using a text asset, remotePath must be a file path`,
            );
        }
        await makeParents(sftp, target);
        await writeText(sftp, source.text, target);
    } else if ((await stat(source.path)).isDirectory()) {
        const inside = source.path.endsWith("/")
            ? target
            : posix.join(target, basename(source.path));
        await makeDirectories(sftp, target);
        await copyDirectory(sftp, source.path, inside);
    } else {
        const file =
            there?.isDirectory() === true ? posix.join(target, basename(source.path)) : target;
        await makeParents(sftp, file);
        await copyFile(sftp, source.path, file);
    }
}

async function copyDirectory(sftp: SFTPWrapper, from: string, to: string): Promise<void> {
    await makeDirectory(sftp, to);
    for (const entry of await readdir(from)) {
        const path = join(from, entry);
        const target = posix.join(to, entry);
        if ((await stat(path)).isDirectory()) {
            await copyDirectory(sftp, path, target);
        } else {
            await copyFile(sftp, path, target);
        }
    }
}

/** Undefined when nothing is there. */
async function remoteStat(sftp: SFTPWrapper, path: string): Promise<Stats | undefined> {
    return new Promise((resolve, reject) => {
        sftp.stat(path, (error, found) => {
            if (error === undefined) {
                resolve(found);
            } else if ((error as { code?: number }).code === NO_SUCH_FILE) {
                resolve(undefined);
            } else {
                reject(new Error(`failed to stat remote path ${path}: ${error.message}`));
            }
        });
    });
}

async function makeParents(sftp: SFTPWrapper, path: string): Promise<void> {
    await makeDirectories(sftp, posix.dirname(path));
}

async function makeDirectories(sftp: SFTPWrapper, path: string): Promise<void> {
    const there = await remoteStat(sftp, path);
    if (there === undefined) {
        await makeDirectories(sftp, posix.dirname(path));
    }
    await makeDirectory(sftp, path);
}

async function makeDirectory(sftp: SFTPWrapper, path: string): Promise<void> {
    const there = await remoteStat(sftp, path);
    if (there?.isDirectory() === true) {
        return;
    }
    if (there !== undefined) {
        throw new Error(`remote path ${path} exists but is not a directory`);
    }
    await new Promise<void>((resolve, reject) => {
        sftp.mkdir(path, (error) => {
            if (error) {
                reject(new Error(`failed to create remote directory ${path}: ${error.message}`));
            } else {
                resolve();
            }
        });
    });
}

async function writeText(sftp: SFTPWrapper, text: string, path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
        sftp.writeFile(path, text, (error) => {
            if (error) {
                reject(
                    new Error(
                        `failed to write text content to remote path ${path}: ${messageOf(error)}`,
                    ),
                );
            } else {
                resolve();
            }
        });
    });
}

async function copyFile(sftp: SFTPWrapper, from: string, to: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
        sftp.fastPut(from, to, (error) => {
            if (error) {
                reject(
                    new Error(
                        `failed to copy file ${from} to remote path ${to}: ${messageOf(error)}`,
                    ),
                );
            } else {
                resolve();
            }
        });
    });
}
