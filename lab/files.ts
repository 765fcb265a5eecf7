// SPDX-License-Identifier: Apache-2.0
/** The text of every file that the lab writes, for a host or for its users. Pure. */

import { LOGIN_USER, MIRROR_PORT, type LabHost, type LabLayout } from "./layout.ts";

/** A file's content and permission bits. */
export interface HostFile {
    readonly text: string;
    readonly mode: number;
}

/** Units that a host does not need, or that would take apt's lock from the product at a random moment. */
export const MASKED_UNITS = [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "console-getty.service",
    "getty@.service",
    "systemd-networkd-wait-online.service",
    "systemd-timesyncd.service",
] as const;

/** What the image has beside its packages, by path without the leading slash. */
export function imageFiles(): Record<string, HostFile> {
    return {
        "etc/sudoers.d/lab": { text: `${LOGIN_USER} ALL=(ALL) NOPASSWD: ALL\n`, mode: 0o440 },
        "etc/ssh/sshd_config.d/lab.conf": {
            text: [
                "HostKey /etc/ssh/ssh_host_ed25519_key",
                // For clients that are older than ed25519, as Debian has it.
                "HostKey /etc/ssh/ssh_host_ecdsa_key",
                "PermitRootLogin no",
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication no",
                // The lab's own login keys are beside, not in, the user's home: they change while the host runs.
                "AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab-authorized/%u",
                "UseDNS no",
                "",
            ].join("\n"),
            mode: 0o644,
        },
        "etc/systemd/system/ssh.service.d/lab.conf": {
            text: [
                "[Service]",
                "ExecStartPre=",
                "ExecStartPre=/bin/sh -c '[ -e /etc/ssh/ssh_host_ecdsa_key ] || ssh-keygen -q -t ecdsa -N \"\" -f /etc/ssh/ssh_host_ecdsa_key'",
                "ExecStartPre=/usr/sbin/sshd -t",
                "",
            ].join("\n"),
            mode: 0o644,
        },
        // Where the kernel has cgroups of version 1, moving a process to its cgroup sometimes fails with EIO (status 219/CGROUP; seen once in some 40 boots).
        // Services of the platform are started again by their own units; without this one /run/nologin stays, and nobody is let in.
        "etc/systemd/system/systemd-user-sessions.service.d/lab.conf": {
            text: ["[Service]", "Restart=on-failure", "RestartSec=200ms", ""].join("\n"),
            mode: 0o644,
        },
        // The user's manager never ends: under a cgroup file system that cannot be written to its stop takes 90 s to
        // time out, and a login meanwhile waits for it.
        [`var/lib/systemd/linger/${LOGIN_USER}`]: { text: "", mode: 0o644 },
        "etc/ssh/lab-authorized/README": {
            text: "Mounted from the machine that runs the lab.\n",
            mode: 0o644,
        },
    };
}

/** What distinguishes one host from another, by path without the leading slash. */
export function hostFiles(
    layout: LabLayout,
    host: LabHost,
    identity: { machineId: string; privateKey: string; publicKey: string },
): Record<string, HostFile> {
    const network = [
        "[Match]",
        "Name=host0",
        "",
        "[Network]",
        `Address=${host.address}/24`,
        `Gateway=${layout.gateway}`,
        "LinkLocalAddressing=no",
        "IPv6AcceptRA=no",
        "",
    ];
    return {
        "etc/hostname": { text: `${host.name}\n`, mode: 0o644 },
        "etc/hosts": { text: hostsFile(layout), mode: 0o644 },
        "etc/machine-id": { text: `${identity.machineId}\n`, mode: 0o444 },
        "etc/systemd/network/10-host0.network": { text: network.join("\n"), mode: 0o644 },
        "etc/ssh/ssh_host_ed25519_key": { text: identity.privateKey, mode: 0o600 },
        "etc/ssh/ssh_host_ed25519_key.pub": { text: identity.publicKey, mode: 0o644 },
    };
}

/** The names of all hosts. A host's own name must not be a loopback address: services would announce that one. */
export function hostsFile(layout: LabLayout): string {
    const lines = layout.hosts.map((host) => `${host.address} ${host.name}\n`);
    return `127.0.0.1 localhost\n${lines.join("")}`;
}

/** A known_hosts file with exactly the pinned keys. */
export function knownHosts(layout: LabLayout, hostKeys: ReadonlyMap<string, string>): string {
    return layout.hosts
        .map((host) => `${host.name},${host.address} ${hostKeys.get(host.name) ?? ""}\n`)
        .join("");
}

/** The client configuration behind `ssh -F .lab/ssh_config <host>`. */
export function sshConfig(layout: LabLayout): string {
    const common = [
        `Host ${layout.hosts.map((host) => host.name).join(" ")}`,
        `    User ${LOGIN_USER}`,
        `    IdentityAgent ${layout.alias}/agent.sock`,
        "    IdentityFile none",
        `    UserKnownHostsFile ${layout.alias}/known_hosts`,
        "    GlobalKnownHostsFile /dev/null",
        "    StrictHostKeyChecking yes",
        "    HostKeyAlgorithms ssh-ed25519",
        "    PreferredAuthentications publickey",
        "    UpdateHostKeys no",
        "    ConnectTimeout 5",
        "    LogLevel ERROR",
    ];
    const each = layout.hosts.flatMap((host) => [
        "",
        `Host ${host.name}`,
        `    HostName ${host.address}`,
    ]);
    return [...common, ...each, ""].join("\n");
}

/** What the product reads to know the lab: `.lab/hosts.json`. */
export function hostsJson(layout: LabLayout, hostKeys: ReadonlyMap<string, string>): string {
    const hosts = layout.hosts.map((host) => ({
        name: host.name,
        address: host.address,
        port: 22,
        user: LOGIN_USER,
        rack: host.rack,
        hostKey: hostKeys.get(host.name),
    }));
    const mirror = `http://${layout.gateway}:${MIRROR_PORT}`;
    return `${JSON.stringify({ hosts, agentSocket: ".lab/agent.sock", mirror }, null, 4)}\n`;
}

/** The firewall rules that let the hosts out through this machine, as a script for nft. */
export function firewallRules(layout: LabLayout): string {
    const network = `${layout.subnet}.0/24`;
    return [
        `table ip ${layout.bridge} {`,
        "    chain postrouting {",
        "        type nat hook postrouting priority srcnat; policy accept;",
        `        ip saddr ${network} oifname != "${layout.bridge}" masquerade`,
        "    }",
        "    chain forward {",
        "        type filter hook forward priority filter; policy accept;",
        `        iifname "${layout.bridge}" accept`,
        `        oifname "${layout.bridge}" ct state established,related accept`,
        `        oifname "${layout.bridge}" drop`,
        "    }",
        "}",
        "",
    ].join("\n");
}
