// SPDX-License-Identifier: Apache-2.0
/** Hosts: who logs in. */
import { platformPolicy } from "../lib/policy.ts";
import { texts } from "../lib/settings.ts";

export const hostLoginUnprivileged = platformPolicy({
    name: "host-login-unprivileged",
    severity: "high",
    rule: "Nobody logs in as root, neither to hosts nor to the bastion.",
    why: "Root's logins cannot be told apart, and what a login may do cannot be limited by sudo.",
    remedy: "Set ssh.user, or ssh.bastion.user, to a user of your own with sudo.",
    settings: { users: texts(["root"], "Users that may not log in") },
    check: ({ ssh: { user, bastion } }, { users }) => {
        const logins = [
            { where: "ssh.user", user },
            ...(bastion === undefined ? [] : [{ where: "ssh.bastion.user", user: bastion.user }]),
        ];
        return logins
            .filter((login) => users.includes(login.user))
            .map(({ where, user: found }) => ({ where, what: `found ${found}` }));
    },
});

export const hostLoginPolicies = [hostLoginUnprivileged];
