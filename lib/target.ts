// SPDX-License-Identifier: Apache-2.0
/** How a host is reached: the plain data behind both the facts' connections and the resources'. Pure. */
import { ConfigError, type Diagnostic } from "./config/diagnostics.ts";
import type { Config, HostConfig } from "./config/schema.ts";
import { hostKeyOf, type KnownHosts } from "./known-hosts.ts";
import { members } from "./topology.ts";

/** One end of an SSH connection. Nothing in it is secret: keys come from an agent. */
export interface Endpoint {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    /** In authorized_keys format: `ssh-ed25519 AAAA…`. */
    readonly hostKey: string;
    readonly agentSocketPath?: string;
}

/** A host and the way to it. */
export interface Target {
    readonly config: HostConfig;
    readonly endpoint: Endpoint;
    readonly bastion?: Endpoint;
}

/**
 * Makes the targets of all hosts that are not lost.
 * @throws ConfigError naming every host without a pinned key.
 */
export function targets(config: Config, known: KnownHosts): Target[] {
    const { ssh } = config;
    const agent = ssh.agentSocketPath === undefined ? {} : { agentSocketPath: ssh.agentSocketPath };
    const missing: Diagnostic[] = [];
    const endpoint = (label: string, host: string, port: number, user: string): Endpoint => {
        const hostKey = hostKeyOf(known, host, port);
        if (hostKey === undefined) {
            missing.push({
                path: label,
                what: `no pinned host key of ${host}:${port} in ${ssh.knownHosts}`,
                fix: `compare the fingerprint with the host's console, then: ssh-keyscan -p ${port} -t ed25519 ${host} >> ${ssh.knownHosts}`,
            });
        }
        return { host, port, user, hostKey: hostKey ?? "", ...agent };
    };
    const { bastion } = ssh;
    const through =
        bastion === undefined
            ? {}
            : { bastion: endpoint("ssh.bastion", bastion.address, bastion.port, bastion.user) };
    const all = members(config).map((host) => ({
        config: host,
        endpoint: endpoint(`host ${host.name}`, host.address, host.port ?? ssh.port, ssh.user),
        ...through,
    }));
    if (missing.length > 0) throw new ConfigError("host keys", missing);
    return all;
}
