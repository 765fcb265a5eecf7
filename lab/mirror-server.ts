// SPDX-License-Identifier: Apache-2.0
/**
 * Serves the files of one folder over HTTP, read-only: GET and HEAD, one byte range, nothing outside the folder.
 *
 * usage: node mirror-server.ts FOLDER ADDRESS PORT
 */

import { createReadStream, realpathSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { pipeline } from "node:stream";

/** The first and last byte that a Range header asks for; "unsatisfiable", or undefined when all of it is wanted. */
export function parseRange(
    header: string | undefined,
    size: number,
): { first: number; last: number } | "unsatisfiable" | undefined {
    const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
    if (match === null || (match[1] === "" && match[2] === "")) {
        return undefined;
    }
    const suffix = match[1] === "";
    const first = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
    const last = suffix || match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
    return first > last || first >= size ? "unsatisfiable" : { first, last };
}

/** The file under `folder` that a request path names; undefined when there is none, or it lies elsewhere. */
export function resolveFile(folder: string, url: string): string | undefined {
    try {
        const path = decodeURIComponent(new URL(url, "http://mirror").pathname);
        // Links are followed before the check, so that none leads outside.
        const file = realpathSync(join(folder, path));
        return file.startsWith(realpathSync(folder) + sep) && statSync(file).isFile()
            ? file
            : undefined;
    } catch {
        return undefined;
    }
}

function answer(folder: string, request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== "GET" && request.method !== "HEAD") {
        response.writeHead(405, { allow: "GET, HEAD" }).end();
        return;
    }
    const file = resolveFile(folder, request.url ?? "/");
    if (file === undefined) {
        response.writeHead(404).end("not found\n");
        return;
    }
    const { size } = statSync(file);
    const range = parseRange(request.headers.range, size);
    if (range === "unsatisfiable") {
        response.writeHead(416, { "content-range": `bytes */${size}` }).end();
        return;
    }
    const { first, last } = range ?? { first: 0, last: size - 1 };
    response.writeHead(range === undefined ? 200 : 206, {
        "content-type": "application/octet-stream",
        "content-length": last - first + 1,
        "accept-ranges": "bytes",
        ...(range === undefined ? {} : { "content-range": `bytes ${first}-${last}/${size}` }),
    });
    if (request.method === "HEAD" || size === 0) {
        response.end();
        return;
    }
    pipeline(createReadStream(file, { start: first, end: last }), response, () => undefined);
}

const [script, folder, address, port] = process.argv.slice(1);
if (script !== undefined && import.meta.url === pathToFileURL(realpathSync(script)).href) {
    if (folder === undefined || address === undefined || port === undefined) {
        console.error("usage: mirror-server.ts FOLDER ADDRESS PORT");
        process.exit(2);
    }
    createServer((request, response) => {
        answer(folder, request, response);
    }).listen(Number(port), address);
}
