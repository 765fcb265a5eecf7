// SPDX-License-Identifier: Apache-2.0
/** Hosts: files that a manifest puts there. */
import { manifestItems } from "../lib/manifest.ts";
import { commandPolicy } from "../lib/policy.ts";
import { secretsIn } from "../lib/secrets.ts";
import { text } from "../lib/settings.ts";

export const hostSecretsPrivate = commandPolicy({
    name: "host-secrets-private",
    severity: "critical",
    rule: "A secret file on a host is for its owner only.",
    why: "Every daemon runs as its own user so that one that is broken into cannot read what the others keep.",
    remedy: "Give it mode 0600.",
    settings: { mode: text("0600", "Most that a secret's mode may grant, octal", "^[0-7]{4}$") },
    check: (inputs, { mode }) =>
        manifestItems(inputs).flatMap(({ kind, name, attributes }) => {
            const found = attributes["mode"] ?? "0644";
            const excess = Number.parseInt(found, 8) & ~Number.parseInt(mode, 8);
            if (kind !== "secret" || excess === 0) return [];
            const what = `secret ${name} has mode ${found}, expected at most ${mode}`;
            return [{ where: "stdin", what }];
        }),
});

export const hostFilesNoSecrets = commandPolicy({
    name: "host-files-no-secrets",
    severity: "critical",
    rule: "What a manifest puts into an ordinary file is no secret.",
    why: "Ordinary files are shown by preview, kept in the state in clear text and may be read by others on the host.",
    remedy: "Declare the file as a secret item, or have it refer to one.",
    settings: {},
    check: (inputs) =>
        manifestItems(inputs)
            .filter(({ kind }) => kind !== "secret")
            .flatMap(({ name, content }) =>
                secretsIn(content).map((kind) => ({
                    where: "stdin",
                    what: `${name} holds ${kind}`,
                })),
            ),
});

export const hostFilesPolicies = [hostSecretsPrivate, hostFilesNoSecrets];
