// SPDX-License-Identifier: Apache-2.0
/**
 * A mirror with the faults of real ones, for tests: `node tar-server.ts FILE PORT ADDRESS`. The first part of the path says how the file is
 * served. Each request is a line on standard error: path, Range or `-`.
 */
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";

const [file = "", port = "", address = ""] = process.argv.slice(2);
const tar = readFileSync(file);
const seen = new Map<string, number>();

/** The rest of the file from `first`, with a length that is true. */
function whole(response: ServerResponse, first: number, body = tar.subarray(first)): void {
    const range = { "content-range": `bytes ${first}-${tar.length - 1}/${tar.length}` };
    response.writeHead(first > 0 ? 206 : 200, {
        "content-length": body.length,
        ...(first > 0 ? range : {}),
    });
    response.end(body);
}

/** Promises everything from `first` on, gives `count` bytes, and then breaks the connection or says no more. */
function part(response: ServerResponse, first: number, count: number, end: "cut" | "hang"): void {
    const length = { "content-length": tar.length - first };
    const range = { "content-range": `bytes ${first}-${tar.length - 1}/${tar.length}` };
    response.writeHead(first > 0 ? 206 : 200, { ...length, ...(first > 0 ? range : {}) });
    response.write(tar.subarray(first, first + count), () => {
        if (end === "cut") response.destroy();
    });
}

const ways: Record<string, (response: ServerResponse, first: number, times: number) => void> = {
    good: (response, first) => {
        whole(response, first);
    },
    cut: (response, first) => {
        part(response, first, Math.ceil(tar.length / 3), "cut");
    },
    wrong: (response, first) => {
        whole(response, first, Buffer.alloc(tar.length - first, "x"));
    },
    truncated: (response) => {
        whole(response, 0, tar.subarray(0, 700));
    },
    rangeless: (response, _, times) => {
        if (times === 1) part(response, 0, 700, "cut");
        else whole(response, 0);
    },
    busy: (response, first, times) => {
        if (times < 3) response.writeHead(429).end();
        else whole(response, first);
    },
    hang: (response, first) => {
        part(response, first, 700, "hang");
    },
};

createServer((request, response) => {
    const [, way = ""] = (request.url ?? "").split("/");
    const range = request.headers.range;
    console.error(request.url, range ?? "-");
    const times = (seen.get(way) ?? 0) + 1;
    seen.set(way, times);
    const serve = ways[way];
    if (serve === undefined) response.writeHead(404).end();
    else serve(response, Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0), times);
}).listen(Number(port), address);

// A test that is cut off leaves no server behind.
setTimeout(() => process.exit(), 120_000).unref();
