// SPDX-License-Identifier: Apache-2.0
/** How a host is reached: the plain data behind both the facts' connections and the resources'. Pure. */
import { ConfigError, type Diagnostic } from "./config/diagnostics.ts";
import type { Config, HostConfig } from "./config/schema.ts";
import type { Secrets } from "./config/secrets.ts";
import { hostKeyOf, type KnownHosts } from "./known-hosts.ts";
import { Secret } from "./secret.ts";
import { members } from "./topology.ts";

/** One end of an SSH connection. What is secret in it does not print; keys come from an agent unless the configuration has one. */
export interface Endpoint {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    /** In authorized_keys format: `ssh-ed25519 AAAA…`. */
    readonly hostKey: string;
    readonly agentSocketPath?: string;
    /** The text of a private key file, in place of an agent's key. */
    readonly privateKey?: Secret;
    readonly passphrase?: Secret;
}

/** Time limits, seconds. */
export interface Timeouts {
    /** Of one attempt to connect. */
    readonly connect: number;
    /** Of a question that changes nothing. */
    readonly question: number;
    /** Of a step that has none of its own. */
    readonly command: number;
}

/** A host and the way to it. */
export interface Target {
    readonly config: HostConfig;
    readonly endpoint: Endpoint;
    readonly bastion?: Endpoint;
    /** What sudo on the host is told when it asks; without it sudo must not ask. */
    readonly sudoPassword?: Secret;
    readonly timeouts: Timeouts;
}

/** Makes endpoints, and notes in `missing` each that has no pinned key. */
function endpoints(config: Config, known: KnownHosts, secrets: Secrets, missing: Diagnostic[]) {
    const { ssh } = config;
    const { sshKey, sshKeyPassphrase } = secrets;
    const login = {
        ...(ssh.agentSocketPath === undefined ? {} : { agentSocketPath: ssh.agentSocketPath }),
        ...(sshKey === undefined ? {} : { privateKey: sshKey }),
        ...(sshKeyPassphrase === undefined ? {} : { passphrase: sshKeyPassphrase }),
    };
    return (label: string, host: string, port: number, user: string): Endpoint => {
        const hostKey = hostKeyOf(known, host, port);
        if (hostKey === undefined) {
            missing.push({
                path: label,
                what: `no pinned host key of ${host}:${port} in ${ssh.knownHosts}`,
                fix: "npx metalstream hosts keys shows its fingerprint and, once you have compared it with the host's console, pins it",
            });
        }
        return { host, port, user, hostKey: hostKey ?? "", ...login };
    };
}

/** What makes endpoints of addresses. */
type Endpoints = ReturnType<typeof endpoints>;

function throughBastion(config: Config, endpoint: Endpoints): Endpoint | undefined {
    const { bastion } = config.ssh;
    return bastion && endpoint("ssh.bastion", bastion.address, bastion.port, bastion.user);
}

/**
 * The way to the bastion, if the stack has one.
 * @throws ConfigError when its key is not pinned.
 */
export function bastionOf(
    config: Config,
    known: KnownHosts,
    secrets: Secrets,
): Endpoint | undefined {
    const missing: Diagnostic[] = [];
    const bastion = throughBastion(config, endpoints(config, known, secrets, missing));
    if (missing.length > 0) throw new ConfigError("host keys", missing);
    return bastion;
}

function timeouts({ ssh }: Config): Timeouts {
    return {
        connect: ssh.connectTimeoutSeconds,
        question: ssh.questionTimeoutSeconds,
        command: ssh.commandTimeoutSeconds,
    };
}

/**
 * Makes the targets of all hosts that are not lost.
 * @throws ConfigError naming every host without a pinned key.
 */
export function targets(config: Config, known: KnownHosts, secrets: Secrets = {}): Target[] {
    const { ssh } = config;
    const missing: Diagnostic[] = [];
    const endpoint = endpoints(config, known, secrets, missing);
    const bastion = throughBastion(config, endpoint);
    const { sudoPassword } = secrets;
    const all = members(config).map((host) => ({
        config: host,
        endpoint: endpoint(`host ${host.name}`, host.address, host.port ?? ssh.port, ssh.user),
        ...(bastion === undefined ? {} : { bastion }),
        ...(sudoPassword === undefined ? {} : { sudoPassword }),
        timeouts: timeouts(config),
    }));
    if (missing.length > 0) throw new ConfigError("host keys", missing);
    return all;
}

/** Targets of the hosts that are lost: names for what the state has of them. They are never contacted, so their keys may be gone. */
export function lostTargets(config: Config): Target[] {
    const lost = config.hosts.filter(({ state }) => state === "lost");
    return lost.map((host) => ({
        config: host,
        endpoint: {
            host: host.address,
            port: host.port ?? config.ssh.port,
            user: config.ssh.user,
            hostKey: "",
        },
        timeouts: timeouts(config),
    }));
}

/** Targets as text for another process of ours, secrets included: for standard input, never for arguments or files. */
export function writeTargets(targets: readonly Target[]): string {
    return JSON.stringify(targets, function (this: Record<string, unknown>, key, value: unknown) {
        const raw = this[key];
        return raw instanceof Secret ? { secret: raw.reveal() } : value;
    });
}

/** The inverse of writeTargets. */
export function readTargets(text: string): Target[] {
    return JSON.parse(text, (_, value: unknown) =>
        isWrittenSecret(value) ? new Secret(value.secret) : value,
    ) as Target[];
}

function isWrittenSecret(value: unknown): value is { secret: string } {
    return (
        typeof value === "object" &&
        value !== null &&
        Object.keys(value).join() === "secret" &&
        typeof (value as { secret: unknown }).secret === "string"
    );
}
