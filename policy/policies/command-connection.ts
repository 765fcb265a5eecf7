// SPDX-License-Identifier: Apache-2.0
/** Commands on hosts: how the connection is made. */
import { connectedTypes, hops } from "../lib/command.ts";
import { commandPolicy } from "../lib/policy.ts";
import { texts } from "../lib/settings.ts";

const keyFormat =
    /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-\S+) [A-Za-z0-9+/]{40,}={0,3}(?: |$)/;

export const commandHostkeyPinned = commandPolicy({
    name: "command-hostkey-pinned",
    severity: "critical",
    types: connectedTypes,
    rule: "Every connection to a host, and to its bastion, pins the host's key.",
    why: "Without one the command plugin accepts any key, and whoever answers at the address gets root's commands.",
    remedy: "Put the host's key into the file that ssh.knownHosts names, after comparing its fingerprint.",
    settings: {},
    check: (inputs) =>
        hops(inputs).flatMap(({ path, hop }) => {
            const where = `${path}.hostKey`;
            if (hop.hostKey === undefined || hop.hostKey === "") {
                return [{ where, what: "no host key is pinned" }];
            }
            if (keyFormat.test(hop.hostKey)) return [];
            return [{ where, what: "not a public key such as `ssh-ed25519 AAAA…`" }];
        }),
});

export const commandConnectionPasswordless = commandPolicy({
    name: "command-connection-passwordless",
    severity: "high",
    types: connectedTypes,
    rule: "No connection logs in with a password.",
    why: "A password can be guessed, and it is the same one for every host that accepts it.",
    remedy: "Use a key in an SSH agent.",
    settings: {},
    check: (inputs) =>
        hops(inputs)
            .filter(({ hop }) => hop.password !== undefined)
            .map(({ path }) => ({ where: `${path}.password`, what: "a password is given" })),
});

export const commandConnectionAgent = commandPolicy({
    name: "command-connection-agent",
    severity: "medium",
    types: connectedTypes,
    rule: "The keys of connections stay in an SSH agent.",
    why: "A key in the connection is kept in the state, and changing it runs every command again.",
    remedy: "Take privateKey out of the connection and start an agent with the key (ssh.agentSocketPath).",
    settings: {},
    check: (inputs) =>
        hops(inputs)
            .filter(({ hop }) => hop.privateKey !== undefined)
            .map(({ path }) => ({ where: `${path}.privateKey`, what: "a private key is given" })),
});

export const commandLoginUnprivileged = commandPolicy({
    name: "command-login-unprivileged",
    severity: "high",
    types: connectedTypes,
    rule: "No command logs in as root.",
    why: "Root's logins cannot be told apart, and what a login may do cannot be limited by sudo.",
    remedy: "Set the user of the connection; the command plugin's own default is root.",
    settings: { users: texts(["root"], "Users that may not log in") },
    check: (inputs, { users }) =>
        hops(inputs).flatMap(({ path, hop }) => {
            const user = hop.user ?? "root";
            if (!users.includes(user)) return [];
            const found = hop.user === undefined ? "no user, which means root" : `found ${user}`;
            return [{ where: `${path}.user`, what: found }];
        }),
});

export const commandConnectionPolicies = [
    commandHostkeyPinned,
    commandConnectionPasswordless,
    commandConnectionAgent,
    commandLoginUnprivileged,
];
