// SPDX-License-Identifier: Apache-2.0
import { inflateRawSync } from "node:zlib";
import { ArtifactError } from "./artifact.ts";

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localHeader = 30;

/**
 * Reads the regular files below one folder of a zip or jar that is held in memory.
 *
 * @param folder path that ends in "/"
 * @returns path in the archive -> content
 */
export function readZipFolder(zip: Buffer, folder: string): Map<string, Buffer> {
    const files = new Map<string, Buffer>();
    const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
    if (end < 0 || zip.readUInt32LE(end) !== endSignature) throw broken("no central directory");
    const count = zip.readUInt16LE(end + 10);
    let at = zip.readUInt32LE(end + 16);
    if (count === 0xffff || at === 0xffffffff) throw broken("the zip64 format is not supported");
    for (let i = 0; i < count; i++) {
        if (zip.readUInt32LE(at) !== entrySignature) throw broken(`entry ${i} is damaged`);
        const nameLength = zip.readUInt16LE(at + 28);
        const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
        if (name.startsWith(folder) && !name.endsWith("/")) files.set(name, content(zip, at, name));
        at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    }
    return files;
}

/** Content of the entry whose record in the central directory begins at `at`. */
function content(zip: Buffer, at: number, name: string): Buffer {
    if (name.split("/").includes("..")) throw broken(`the path ${name} leaves its folder`);
    const method = zip.readUInt16LE(at + 10);
    const packed = zip.readUInt32LE(at + 20);
    const local = zip.readUInt32LE(at + 42);
    // The lengths in the local header count: its extra field may differ from the directory's.
    const extra = zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const data = zip.subarray(local + localHeader + extra, local + localHeader + extra + packed);
    if (method === 0) return data;
    if (method === 8) return inflateRawSync(data);
    throw broken(`${name} is packed with method ${method}, only 0 and 8 are supported`);
}

function broken(why: string): ArtifactError {
    return new ArtifactError(`cannot read the jar: ${why}`);
}
