// SPDX-License-Identifier: Apache-2.0
/**
 * A network for bench/artifacts.ts: a mirror and hosts that serve on, each at a loopback address of its own with an uplink of its own, in one
 * process. Hosts answer as host/artifact-server.sh does; a transfer is never faster than one link.
 */
import { existsSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";

const TICK_MS = 50;

/** An uplink, shared evenly by what goes through it. */
class Uplink {
    readonly #rate: number;
    readonly #active = new Set<{ response: ServerResponse; body: Buffer; at: number }>();
    sent = 0;

    constructor(bytesPerSecond: number) {
        this.#rate = bytesPerSecond;
    }

    get transfers(): number {
        return this.#active.size;
    }

    send(response: ServerResponse, body: Buffer): void {
        const transfer = { response, body, at: 0 };
        this.#active.add(transfer);
        response.on("close", () => this.#active.delete(transfer));
    }

    /** By the clock: a machine that is busy makes ticks late, not links slow. */
    tick(passedMs: number): void {
        const share = Math.ceil((this.#rate * passedMs) / 1000 / Math.max(1, this.#active.size));
        for (const transfer of this.#active) {
            const piece = transfer.body.subarray(transfer.at, transfer.at + share);
            transfer.at += piece.length;
            this.sent += piece.length;
            if (transfer.at < transfer.body.length) {
                transfer.response.write(piece);
            } else {
                this.#active.delete(transfer);
                transfer.response.end(piece);
            }
        }
    }
}

/** Who serves at an address. */
export interface Node {
    readonly address: string;
    /** Transfers at once; more are told that it is busy. */
    readonly places: number;
    /** Whether it has the file: `yes`, `coming`, or `no`. */
    readonly has: () => "yes" | "coming" | "no";
}

/** A host of the network: its cache and marks lie in a folder, as host/artifact-server.sh would find them. */
export function hostNode(address: string, places: number, tar: string, mark: string): Node {
    return {
        address,
        places,
        has: () => (existsSync(tar) ? "yes" : existsSync(mark) ? "coming" : "no"),
    };
}

/** Servers at all addresses, one port. */
export class Network {
    readonly #links = new Map<string, Uplink>();
    readonly #servers: Server[] = [];
    readonly #timer: NodeJS.Timeout;
    readonly #body: Buffer;
    readonly #port: number;
    readonly #rate: number;

    constructor(body: Buffer, port: number, bytesPerSecond: number) {
        this.#body = body;
        this.#port = port;
        this.#rate = bytesPerSecond;
        let last = performance.now();
        this.#timer = setInterval(() => {
            const now = performance.now();
            for (const link of this.#links.values()) link.tick(now - last);
            last = now;
        }, TICK_MS);
    }

    async add(node: Node): Promise<void> {
        const link = new Uplink(this.#rate);
        this.#links.set(node.address, link);
        const server = createServer((request, response) => {
            const has = node.has();
            const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
            if (has !== "yes") {
                response.writeHead(has === "coming" ? 503 : 404).end();
            } else if (link.transfers >= node.places) {
                response.writeHead(429).end();
            } else {
                const body = this.#body.subarray(first);
                const range = `bytes ${first}-${this.#body.length - 1}/${this.#body.length}`;
                response.writeHead(first > 0 ? 206 : 200, {
                    "content-length": body.length,
                    ...(first > 0 ? { "content-range": range } : {}),
                });
                if (request.method === "HEAD") response.end();
                else link.send(response, body);
            }
        });
        this.#servers.push(server);
        await new Promise<void>((resolve, reject) => {
            server.once("error", reject);
            server.listen(this.#port, node.address, resolve);
        });
    }

    /** Bytes that the node at this address has sent so far. */
    sent(address: string): number {
        return this.#links.get(address)?.sent ?? 0;
    }

    close(): void {
        clearInterval(this.#timer);
        for (const server of this.#servers) {
            server.close();
            server.closeAllConnections();
        }
    }
}
