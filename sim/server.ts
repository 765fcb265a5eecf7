// SPDX-License-Identifier: Apache-2.0
/** SSH on a loopback address for each model host: one process, one port, a host key each. */
import { createServer, type Server, type Socket } from "node:net";
import ssh2 from "ssh2";
import type { Connection, ServerChannel } from "ssh2";
import type { ModelHost } from "./host.ts";
import { runCommand } from "./shell.ts";

/** How a host behaves on the network. */
export type Reach =
    | "up"
    /** Refuses connections: the machine runs, sshd does not. */
    | "down"
    /** Accepts connections and never says a word. */
    | "silent"
    /** Shows another host key than the pinned one: reinstalled, or somebody else. */
    | "other-key";

interface Keys {
    readonly private: string;
    readonly public: string;
}

/** A new host key. One in some hundred that ssh2 makes it cannot read again itself. */
function newKeys(): Keys {
    for (;;) {
        const keys = ssh2.utils.generateKeyPairSync("ed25519");
        if (!(ssh2.utils.parseKey(keys.private) instanceof Error)) return keys;
    }
}

/** SSH of one host. */
export class HostServer {
    readonly address: string;
    /** As in known_hosts: `ssh-ed25519 AAAA…`. */
    readonly publicKey: string;
    readonly host: ModelHost;
    reach: Reach = "up";
    /** Commands that came, without their payloads. */
    commands = 0;
    readonly #keys: Keys;
    readonly #sockets = new Set<Socket>();
    #ssh: InstanceType<typeof ssh2.Server>;
    #listener: Server | undefined;

    constructor(host: ModelHost, address: string) {
        this.host = host;
        this.address = address;
        this.#keys = newKeys();
        this.publicKey = this.#keys.public.trim();
        this.#ssh = this.#server(this.#keys);
    }

    #server(keys: Keys): InstanceType<typeof ssh2.Server> {
        return new ssh2.Server({ hostKeys: [keys.private] }, (client) => {
            this.#accept(client);
        });
    }

    /** @throws Error when the port is taken. */
    async listen(port: number): Promise<number> {
        // Like sshd; without it every small answer waits 40 ms.
        const listener = createServer({ noDelay: true }, (socket) => {
            this.#take(socket);
        });
        await new Promise<void>((resolve, reject) => {
            listener.once("error", reject);
            listener.listen(port, this.address, 512, resolve);
        });
        this.#listener = listener;
        const address = listener.address();
        return typeof address === "object" && address !== null ? address.port : port;
    }

    /** Changes how this host behaves; connections that are open break. */
    setReach(reach: Reach): void {
        this.reach = reach;
        const keys = reach === "other-key" ? newKeys() : this.#keys;
        this.#ssh = this.#server(keys);
        this.dropConnections();
    }

    dropConnections(): void {
        for (const socket of this.#sockets) socket.destroy();
    }

    close(): void {
        this.#listener?.close();
        this.dropConnections();
    }

    #take(socket: Socket): void {
        socket.on("error", () => undefined);
        if (this.reach === "down" || !this.host.power) {
            socket.resetAndDestroy();
            return;
        }
        this.#sockets.add(socket);
        socket.on("close", () => this.#sockets.delete(socket));
        if (this.reach !== "silent") this.#ssh.injectSocket(socket);
    }

    #accept(client: Connection): void {
        client.on("error", () => undefined);
        client.on("authentication", (login) => {
            if (login.method === "publickey") login.accept();
            else login.reject(["publickey"]);
        });
        client.on("session", (accept) => {
            accept().on("exec", (take, _reject, { command }) => {
                this.commands += 1;
                this.#execute(command, take());
            });
        });
    }

    #execute(command: string, channel: ServerChannel): void {
        const parts: Buffer[] = [];
        channel.on("data", (part: Buffer) => parts.push(part));
        channel.on("error", () => undefined);
        // The end of the input, also when the connection broke: sshd then closes the pipe, and the program reads what came so far.
        channel.on("end", () => {
            const write = (stream: NodeJS.WritableStream, text: string) => {
                if (!channel.destroyed) stream.write(text);
            };
            const streams = {
                out: (text: string) => {
                    write(channel, text);
                },
                err: (text: string) => {
                    write(channel.stderr, text);
                },
            };
            void runCommand(this.host, command, Buffer.concat(parts), streams).then((code) => {
                if (channel.destroyed) return;
                channel.exit(code);
                channel.end();
            });
        });
    }
}
