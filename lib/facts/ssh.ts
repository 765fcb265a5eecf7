// SPDX-License-Identifier: Apache-2.0
/** One command on one host over SSH, for facts and status. Resources go through lib/ops instead. */
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { Endpoint, Target } from "../target.ts";
import { withBastion } from "./bastion.ts";
import { dial } from "./dial.ts";
import { retried, type Say } from "./retry.ts";
import { SshError } from "./ssh-error.ts";

export { SshError } from "./ssh-error.ts";

export interface CommandResult {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
    /** This machine's clock when the command was sent and when its end was known, milliseconds: bounds of when it ran. */
    readonly sent: number;
    readonly received: number;
}

/** Time to connect and to run, milliseconds. */
export interface Limits {
    readonly connect: number;
    readonly command: number;
}

/** A stream to a host through its bastion. */
export function forward(
    bastion: Client,
    to: Pick<Endpoint, "host" | "port">,
    limits: Pick<Limits, "connect">,
): Promise<Duplex> {
    return new Promise((resolve, reject) => {
        let waiting = true;
        const settle = (outcome: Duplex | SshError) => {
            clearTimeout(timer);
            bastion.off("close", lost);
            if (outcome instanceof SshError) reject(outcome);
            else if (waiting) resolve(outcome);
            else outcome.destroy();
            waiting = false;
        };
        const fail = (why: string, kind: "silent" | "dropped") => {
            settle(new SshError(why, kind));
        };
        const lost = () => {
            fail("the connection to the bastion was lost", "dropped");
        };
        const timer = setTimeout(() => {
            fail(
                `the bastion cannot reach it: nothing within ${limits.connect / 1000} s`,
                "silent",
            );
        }, limits.connect);
        bastion.once("close", lost);
        bastion.forwardOut("127.0.0.1", 0, to.host, to.port, (error, stream) => {
            if (error) fail(`the bastion cannot reach it: ${error.message}`, "silent");
            else settle(stream);
        });
    });
}

function execute(
    client: Client,
    command: string,
    stdin: string,
    limits: Limits,
): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
            reject(new SshError(`no answer within ${limits.command / 1000} s`, "silent"));
        }, limits.command);
        const lost = () => {
            clearTimeout(timer);
            reject(new SshError("the connection was lost before it had answered", "dropped"));
        };
        client.once("close", lost);
        const sent = Date.now();
        client.exec(command, (error, channel) => {
            if (error) {
                clearTimeout(timer);
                reject(new SshError(error.message, "dropped", { cause: error }));
                return;
            }
            const output = { stdout: "", stderr: "" };
            let code: number | undefined;
            channel.setEncoding("utf8");
            channel.stderr.setEncoding("utf8");
            channel.on("data", (data: string) => (output.stdout += data));
            channel.stderr.on("data", (data: string) => (output.stderr += data));
            channel.on("exit", (status: number | null) => (code = status ?? -1));
            // A host that ends before it has read everything breaks the writing, which says less than how it ended.
            channel.on("error", () => undefined);
            channel.on("close", () => {
                if (code === undefined) {
                    lost();
                    return;
                }
                clearTimeout(timer);
                resolve({ code, ...output, sent, received: Date.now() });
            });
            channel.end(stdin);
        });
    });
}

/** Runs `use` with a connection to a host, through its bastion if it has one. */
async function withHost<T>(
    target: Target,
    limits: Limits,
    use: (client: Client) => Promise<T>,
): Promise<T> {
    const { endpoint, bastion } = target;
    const direct = async (sock?: Duplex) => {
        const client = await dial(endpoint, limits.connect, sock);
        try {
            return await use(client);
        } finally {
            client.end();
        }
    };
    if (bastion === undefined) return direct();
    const connect = () =>
        dial(bastion, limits.connect).catch((error: unknown) => {
            if (!(error instanceof SshError)) throw error;
            throw new SshError(`bastion ${bastion.host}: ${error.message}`, error.kind);
        });
    return withBastion(bastion, connect, async (client) =>
        direct(await forward(client, endpoint, limits)),
    );
}

/**
 * Runs one command that changes nothing on a host, through its bastion if it has one, and closes the connection. It is run again when the
 * connection is dropped.
 * @param say is told what is waited for.
 * @throws SshError when the host cannot be reached, shows another key, or does not answer in time.
 */
export async function runOnHost(
    target: Target,
    command: string,
    stdin: string,
    limits: Limits,
    say: Say = () => undefined,
): Promise<CommandResult> {
    return retried(
        target.config.name,
        () => withHost(target, limits, (client) => execute(client, command, stdin, limits)),
        say,
    );
}
