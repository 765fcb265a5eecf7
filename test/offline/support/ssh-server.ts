// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import ssh2 from "ssh2";
import type { AuthContext, Connection, ServerChannel, Session } from "ssh2";
import { serveSftp } from "./sftp-server.ts";

/** What a test server does differently from the default. */
export interface ServerOptions {
    /** Sessions that it takes at once on one connection. Default: 10, as sshd. */
    readonly maxSessions?: number;
    /** Which environment variables it takes. Default: all. */
    readonly acceptEnvironment?: RegExp;
    /** The only password. Default: any credentials are taken. */
    readonly password?: string;
    /** The only public key that is let in, as in authorized_keys. Default: any. */
    readonly authorizedKey?: string;
    /** How many connections it drops before it greets, as an sshd with too many logins under way. Default: 0. */
    readonly dropFirst?: number;
    /** Address to listen at. Default: 127.0.0.1 */
    readonly address?: string;
    /** Port to listen at. Default: one that is free. */
    readonly port?: number;
    /** Host keys besides an ed25519 one. */
    readonly otherKeys?: readonly string[];
    /** Environment of commands, besides PATH. */
    readonly environment?: Readonly<Record<string, string>>;
}

const { private: userKey } = keyPair();

/**
 * An SSH server on a free port of the loopback address that runs commands of this machine's shell. It
 * counts what clients do, so that tests can tell reused from new connections.
 */
export class SshServer {
    /** The public host key, as in authorized_keys. */
    readonly hostKey: string;
    /** A private key to log in with. */
    static readonly userKey = userKey;
    readonly commands: string[] = [];
    readonly signals: string[] = [];
    readonly logins: string[] = [];
    connections = 0;
    forwards = 0;
    /** Connections that were dropped before the greeting. */
    dropped = 0;
    readonly #listener: Server;
    readonly #options: ServerOptions;
    readonly #clients = new Set<Connection>();
    readonly #processes = new Set<ChildProcessWithoutNullStreams>();

    private constructor(options: ServerOptions, hostKey: { private: string; public: string }) {
        this.#options = options;
        this.hostKey = hostKey.public;
        const hostKeys = [hostKey.private, ...(options.otherKeys ?? [])];
        const server = new ssh2.Server({ hostKeys }, (client) => {
            this.#accept(client);
        });
        // Like sshd; without it every small answer waits 40 ms.
        this.#listener = createServer({ noDelay: true }, (socket) => {
            if (this.dropped < (options.dropFirst ?? 0)) {
                this.dropped++;
                socket.resetAndDestroy();
            } else {
                server.injectSocket(socket);
            }
        });
    }

    static async start(options: ServerOptions = {}): Promise<SshServer> {
        const server = new SshServer(options, keyPair());
        await new Promise<void>((resolve) => {
            server.#listener.listen(options.port ?? 0, options.address ?? "127.0.0.1", resolve);
        });
        return server;
    }

    get port(): number {
        return (this.#listener.address() as AddressInfo).port;
    }

    /** Input `connection` of a resource for this server. */
    connection(more: Record<string, unknown> = {}): Record<string, unknown> {
        return {
            host: this.#options.address ?? "127.0.0.1",
            port: this.port,
            user: "tester",
            privateKey: SshServer.userKey,
            hostKey: this.hostKey,
            dialErrorLimit: 1,
            ...more,
        };
    }

    /** Processes of commands that have not ended. */
    get running(): number {
        return this.#processes.size;
    }

    /** Connections that are open now. */
    get open(): number {
        return this.#clients.size;
    }

    /** Breaks all connections, as a reboot would. */
    dropClients(): void {
        for (const client of this.#clients) {
            client.end();
        }
    }

    stop(): void {
        this.dropClients();
        for (const { pid } of this.#processes) {
            if (pid !== undefined) {
                process.kill(-pid, "SIGKILL");
            }
        }
        this.#listener.close();
    }

    #accept(client: Connection): void {
        this.connections++;
        this.#clients.add(client);
        client.on("error", () => undefined);
        client.on("close", () => this.#clients.delete(client));
        client.on("authentication", (login) => {
            const { password, authorizedKey } = this.#options;
            if (authorizedKey !== undefined && !holds(login, authorizedKey)) {
                login.reject(["publickey"]);
            } else if (
                password !== undefined &&
                !(login.method === "password" && login.password === password)
            ) {
                login.reject(["password"]);
            } else {
                this.logins.push(`${login.username} ${login.method}`);
                login.accept();
            }
        });
        let sessions = 0;
        client.on("session", (accept, reject) => {
            if (sessions >= (this.#options.maxSessions ?? 10)) {
                reject();
                return;
            }
            sessions++;
            const session = accept();
            session.on("close", () => sessions--);
            this.#serveSession(session);
        });
        client.on("tcpip", (accept, reject, info) => {
            this.forwards++;
            const socket = connect(info.destPort, info.destIP);
            socket.on("error", () => {
                reject();
            });
            socket.on("connect", () => {
                const stream = accept();
                stream.pipe(socket).pipe(stream);
                stream.on("error", () => undefined);
            });
        });
    }

    #serveSession(session: Session): void {
        const environment: Record<string, string> = {};
        let child: ChildProcessWithoutNullStreams | undefined;
        session.on("env", (accept, reject, info) => {
            const accepted = this.#options.acceptEnvironment?.test(info.key) ?? true;
            // ssh2 gives both only when the client wants a reply.
            if (accepted) {
                environment[info.key] = (info as unknown as { val: string }).val;
                (accept as (() => void) | undefined)?.();
            } else {
                (reject as (() => void) | undefined)?.();
            }
        });
        session.on("eof", () => {
            // sshd takes signals after the end of the input; ssh2 drops them unless told otherwise.
            (session as unknown as { _ending: boolean })._ending = false;
        });
        session.on("signal", (accept, _reject, info) => {
            this.signals.push(info.name);
            (accept as (() => void) | undefined)?.();
            if (child?.pid !== undefined) {
                // Like sshd: to the process group of the command.
                process.kill(-child.pid, `SIG${info.name.replace(/^SIG/, "")}` as NodeJS.Signals);
            }
        });
        session.on("exec", (accept, _reject, info) => {
            this.commands.push(info.command);
            child = this.#run(info.command, environment, accept());
        });
        session.on("sftp", (accept) => {
            serveSftp(accept());
        });
    }

    #run(
        command: string,
        environment: Record<string, string>,
        channel: ServerChannel,
    ): ChildProcessWithoutNullStreams {
        const child = spawn("/bin/sh", ["-c", command], {
            env: { PATH: process.env["PATH"], ...this.#options.environment, ...environment },
            detached: true,
        });
        this.#processes.add(child);
        child.stdout.pipe(channel, { end: false });
        child.stderr.pipe(channel.stderr, { end: false });
        channel.pipe(child.stdin);
        child.stdin.on("error", () => undefined);
        channel.on("error", () => undefined);
        child.on("close", (code, signal) => {
            this.#processes.delete(child);
            if (signal === null) {
                channel.exit(code ?? 0);
            } else {
                channel.exit(signal.replace(/^SIG/, ""));
            }
            channel.end();
        });
        return child;
    }
}

/** A key pair. ssh2 makes one now and then that it cannot read itself ("Malformed OpenSSH private key"). */
export function keyPair(passphrase?: string): { private: string; public: string } {
    const pair =
        passphrase === undefined
            ? ssh2.utils.generateKeyPairSync("ed25519")
            : ssh2.utils.generateKeyPairSync("ed25519", {
                  passphrase,
                  cipher: "aes256-cbc",
                  rounds: 2,
              });
    const parsed: unknown = ssh2.utils.parseKey(pair.private, passphrase);
    return parsed instanceof Error ? keyPair(passphrase) : pair;
}

/** Whether a login is one with this public key. */
function holds(login: AuthContext, key: string): boolean {
    const [type = "", encoded = ""] = key.split(" ");
    return (
        login.method === "publickey" &&
        login.key.algo === type &&
        login.key.data.equals(Buffer.from(encoded, "base64"))
    );
}
