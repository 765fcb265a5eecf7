// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import type { Connection } from "./connection.ts";
import { address } from "./connection.ts";
import { commandFailure, exitReason, quote } from "./errors.ts";
import { openOn } from "./open.ts";
import type { Lease, Pool } from "./pool.ts";
import type { RetryContext } from "./retry.ts";
import { Session } from "./session.ts";

/** How long a command that was asked to end may take before it is killed. */
const TERM_GRACE_MS = 1000;

/** A command to run on another machine. */
export interface RemoteCommand {
    readonly command: string;
    readonly stdin: string;
    /** The server must accept these (sshd's AcceptEnv). */
    readonly environment: Readonly<Record<string, string>>;
    /** These are left out, after `onRefused`, when the server does not accept them. */
    readonly optionalEnvironment: Readonly<Record<string, string>>;
    readonly onRefused: (key: string, required: boolean) => void;
    readonly onStdout: (chunk: Buffer) => void;
    readonly onStderr: (chunk: Buffer) => void;
}

/** What a command wrote. */
export interface Output {
    readonly stdout: Buffer;
    readonly stderr: Buffer;
}

/**
 * Runs a command over a connection of the pool and waits for its end.
 * When the context is cancelled, the command gets SIGTERM, a second later SIGKILL, and its session ends.
 *
 * @throws Error with how it ended, the command, and what it wrote last
 */
export async function runRemote(
    pool: Pool,
    connection: Connection,
    context: RetryContext,
    remote: RemoteCommand,
): Promise<Output> {
    const { opened: session, lease } = await openOn(pool, connection, context, (client) =>
        Session.open(client),
    );
    try {
        await setEnvironment(session, remote);
        const channel = await session.exec(remote.command);
        return await collect(session, channel, connection, context, remote, lease);
    } catch (error) {
        session.close();
        throw error;
    } finally {
        lease.release();
    }
}

async function setEnvironment(session: Session, remote: RemoteCommand): Promise<void> {
    for (const [key, value] of Object.entries(remote.environment)) {
        if (!(await session.setEnvironment(key, value))) {
            remote.onRefused(key, true);
            throw new Error(`could not set environment variable ${quote(key)}: ssh: setenv failed`);
        }
    }
    for (const [key, value] of Object.entries(remote.optionalEnvironment)) {
        if (!(await session.setEnvironment(key, value))) {
            remote.onRefused(key, false);
        }
    }
}

async function collect(
    session: Session,
    channel: ClientChannel,
    connection: Connection,
    context: RetryContext,
    remote: RemoteCommand,
    lease: Lease,
): Promise<Output> {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const both: Buffer[] = [];
    channel.on("data", (chunk: Buffer) => {
        stdout.push(chunk);
        both.push(chunk);
        remote.onStdout(chunk);
    });
    channel.stderr.on("data", (chunk: Buffer) => {
        stderr.push(chunk);
        both.push(chunk);
        remote.onStderr(chunk);
    });
    const ended = endOf(channel);
    channel.end(remote.stdin);

    const how = await Promise.race([ended, aborted(context.signal)]);
    if (how === "aborted") {
        await terminate(session, ended);
        throw commandFailure("cancelled before it ended", remote.command, Buffer.concat(both));
    }
    const lost = lease.isLost() && how.code === null && how.signal === undefined;
    const reason = lost
        ? `the SSH connection to ${connection.user}@${address(connection)} was lost`
        : exitReason(how.code, how.signal);
    if (reason !== undefined) {
        throw commandFailure(reason, remote.command, Buffer.concat(both));
    }
    return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

interface End {
    readonly code: number | null;
    readonly signal: string | undefined;
}

/** `close` comes after the exit status and after the end of the output. */
function endOf(channel: ClientChannel): Promise<End> {
    return new Promise((resolve) => {
        channel.on("error", () => undefined);
        channel.on("close", (code?: number | null, signal?: string) => {
            resolve({ code: code ?? null, signal: signal?.replace(/^SIG/, "") });
        });
    });
}

function aborted(signal: AbortSignal): Promise<"aborted"> {
    return new Promise((resolve) => {
        const done = (): void => {
            resolve("aborted");
        };
        if (signal.aborted) {
            done();
        }
        signal.addEventListener("abort", done, { once: true });
    });
}

/**
 * Ends a command as far as SSH can: sshd passes the signals on to the command's process group, except
 * to processes of another user (sudo). The close of the session then takes their output away.
 */
async function terminate(session: Session, ended: Promise<End>): Promise<void> {
    try {
        session.signal("TERM");
        const grace = await Promise.race([ended, sleep(TERM_GRACE_MS)]);
        if (grace !== undefined) {
            return;
        }
        session.signal("KILL");
        session.close();
    } catch {
        // The channel is closed already: there is nothing left to end.
    }
}
