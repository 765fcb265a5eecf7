// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { byCodeUnit, ArtifactError } from "./artifact.ts";

const block = 512;
/** GNU tar pads to records of 20 blocks; readers expect at least the two empty blocks at the end. */
const record = 20 * block;

/** 2020-01-01T00:00:00Z. One constant for all: class-data archives compare the mtimes of jars. */
const mtime = 1577836800;

/** A regular file to be put into a tar; its content is loaded when its turn comes. */
export interface TarFile {
    /** Relative path with "/" between parts. */
    readonly path: string;
    readonly load: () => Promise<Buffer>;
}

/**
 * Writes a tar (POSIX ustar) that depends on nothing but the paths and contents of its files: sorted
 * names, folders included, one mtime, owner 0, modes 0644 and 0755.
 *
 * @param write takes each piece in order; what it has taken is never changed again
 * @returns hex sha256 and size in bytes of what was written
 */
export async function writeTar(
    files: readonly TarFile[],
    write: (piece: Buffer) => Promise<void>,
): Promise<{ sha256: string; size: number }> {
    const hash = createHash("sha256");
    let size = 0;
    const put = async (piece: Buffer) => {
        hash.update(piece);
        size += piece.length;
        await write(piece);
    };
    const byPath = new Map(files.map((file) => [file.path, file]));
    if (byPath.size !== files.length) {
        throw new ArtifactError("two files have the same path in the artifact");
    }
    const folders = [...byPath.keys()].flatMap(parents);
    for (const member of [...new Set([...folders, ...byPath.keys()])].sort(byCodeUnit)) {
        const content = await byPath.get(member)?.load();
        await put(header(member, content?.length));
        if (content) await put(content);
        if (content) await put(Buffer.alloc(-content.length & (block - 1)));
    }
    const end = 2 * block;
    await put(Buffer.alloc(end + ((record - ((size + end) % record)) % record)));
    return { sha256: hash.digest("hex"), size };
}

/** `a/b/c` -> `a/`, `a/b/`. */
function parents(file: string): string[] {
    const parts = file.split("/").slice(0, -1);
    return parts.map((_, i) => `${parts.slice(0, i + 1).join("/")}/`);
}

/** The header block of a file of this size in bytes, or of a folder when there is none. */
function header(member: string, size?: number): Buffer {
    const head = Buffer.alloc(block);
    const { name, prefix } = splitName(member);
    const octal = (value: number, offset: number, width: number) =>
        head.write(value.toString(8).padStart(width - 1, "0"), offset, "ascii");
    head.write(name, 0, "utf8");
    octal(size === undefined ? 0o755 : 0o644, 100, 8);
    octal(0, 108, 8); // uid
    octal(0, 116, 8); // gid
    octal(size ?? 0, 124, 12);
    octal(mtime, 136, 12);
    head.write(" ".repeat(8), 148, "ascii"); // the checksum counts itself as blanks
    head.write(size === undefined ? "5" : "0", 156, "ascii");
    head.write("ustar\0" + "00", 257, "ascii");
    head.write(prefix, 345, "utf8");
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "ascii");
    return head;
}

/** ustar has 100 bytes for the name and 155 for the folders before it. */
function splitName(member: string): { name: string; prefix: string } {
    const bytes = (text: string) => Buffer.byteLength(text, "utf8");
    if (bytes(member) <= 100) return { name: member, prefix: "" };
    for (let cut = member.indexOf("/"); cut >= 0; cut = member.indexOf("/", cut + 1)) {
        const prefix = member.slice(0, cut);
        const name = member.slice(cut + 1);
        if (name !== "" && bytes(prefix) <= 155 && bytes(name) <= 100) return { name, prefix };
    }
    throw new ArtifactError(`path is too long for a tar (ustar, 255 bytes): ${member}`);
}
