// SPDX-License-Identifier: Apache-2.0
/** The platform as a whole: members out of action, secrets and listeners in the configuration. */
import type { Role } from "../../lib/config/schema.ts";
import { overrideMaps } from "../lib/overrides.ts";
import { platformPolicy } from "../lib/policy.ts";
import { isSecretName, secretsIn } from "../lib/secrets.ts";
import { integer } from "../lib/settings.ts";

const voting: readonly Role[] = ["zookeeper", "journalnode", "kafka-controller"];

export const platformQuorumsAvailable = platformPolicy({
    name: "platform-quorums-available",
    severity: "critical",
    rule: "At most one member of a quorum is out of action in an update.",
    why: "With two of three members down, or replaced in one update, the majority and with it the quorum's data may be gone.",
    remedy: "Bring the hosts back, or replace them one at a time: the next one after the first has synced.",
    settings: { maximum: integer(1, "Most members of a quorum that may be down or lost") },
    check: ({ hosts }, { maximum }) =>
        voting.flatMap((role) => {
            const away = hosts.filter((h) => h.roles.includes(role) && h.state !== "present");
            if (away.length <= maximum) return [];
            const list = away.map(({ name, state }) => `${name} ${state}`).join(", ");
            const what = `${away.length} hosts with the role ${role} are out of action (${list}), expected at most ${maximum}`;
            return [{ where: "hosts", what }];
        }),
});

export const platformConfigNoSecrets = platformPolicy({
    name: "platform-config-no-secrets",
    severity: "critical",
    rule: "No override and no topic holds a secret.",
    why: "The configuration lies in version control and in the state, in clear text.",
    remedy: "Remove the key; refer to a file on the host, or set a secret with `pulumi config set --secret`.",
    settings: {},
    check: (config) =>
        overrideMaps(config).flatMap(({ path, map }) =>
            Object.entries(map).flatMap(([key, value]) => {
                const kinds = isSecretName(key) ? ["a secret by its name"] : secretsIn(value);
                return kinds.map((kind) => ({ where: `${path}[${key}]`, what: `holds ${kind}` }));
            }),
        ),
});

export const platformListenersBound = platformPolicy({
    name: "platform-listeners-bound",
    severity: "high",
    rule: "No override opens a listener on all addresses of a host.",
    why: "A host in two networks would serve the one that the platform is not meant for.",
    remedy: "Name the address or the host name to listen on.",
    settings: {},
    check: (config) =>
        overrideMaps(config).flatMap(({ path, map }) =>
            Object.entries(map)
                .filter(([, value]) => /(?:^|[^\d.])0\.0\.0\.0(?:$|[^\d.])|\[::\]/.test(value))
                .map(([key, value]) => ({ where: `${path}[${key}]`, what: `found ${value}` })),
        ),
});

export const platformPolicies = [
    platformQuorumsAvailable,
    platformConfigNoSecrets,
    platformListenersBound,
];
