// SPDX-License-Identifier: Apache-2.0
/** The secrets of a stack's configuration: how hosts are entered. They never become part of the configuration's plain data. Pure. */
import { Secret } from "../secret.ts";
import { ConfigError, type Diagnostic } from "./diagnostics.ts";

/** Each secret key and what it is for; docs/configuration.md is made from it. */
export const secretKeys = {
    sudoPassword:
        "Password of ssh.user for sudo, where sudo asks for one; goes to sudo's standard input, nowhere else",
    sshKey: "Private key (the text of its file) for hosts and bastion, where no SSH agent is to be used",
    sshKeyPassphrase: "Passphrase of sshKey, if it has one",
} as const;

export type SecretKey = keyof typeof secretKeys;

/** What a stack has of them. */
export type Secrets = Readonly<Partial<Record<SecretKey, Secret>>>;

export const isSecretKey = (key: string): key is SecretKey => Object.hasOwn(secretKeys, key);

/**
 * Takes the secrets out of a stack's decrypted values.
 * @param values by key without the project's name.
 * @param encrypted whether a key's value is encrypted in the stack file.
 * @throws ConfigError naming each one that stands in the stack file in clear text.
 */
export function takeSecrets(
    values: Readonly<Record<string, string>>,
    encrypted: (key: SecretKey) => boolean,
    source: string,
): Secrets {
    const found = Object.entries(values).flatMap(([key, value]) =>
        isSecretKey(key) ? [[key, new Secret(value)] as const] : [],
    );
    const clear = found.map(([key]) => key).filter((key) => !encrypted(key));
    const findings = [...clear.map(inClear), ...wrong(Object.fromEntries(found))];
    if (findings.length > 0) throw new ConfigError(source, findings);
    return Object.fromEntries(found);
}

const inClear = (key: SecretKey): Diagnostic => ({
    path: key,
    what: "stands there in clear text",
    fix: `take it out, change it where it is used, and give the new one with: npx pulumi config set --secret metalstream:${key}`,
});

function wrong({ sudoPassword, sshKey, sshKeyPassphrase }: Secrets): Diagnostic[] {
    const findings: Diagnostic[] = [];
    // A line is what sudo reads; of a second one it would make another attempt.
    if (sudoPassword !== undefined && !/^[^\r\n]+$/.test(sudoPassword.reveal())) {
        findings.push({
            path: "sudoPassword",
            what: "is empty or has more than one line",
            fix: "set it again, without a line end",
        });
    }
    if (sshKeyPassphrase !== undefined && sshKey === undefined) {
        findings.push({
            path: "sshKeyPassphrase",
            what: "there is no sshKey that it belongs to",
            fix: "set sshKey, or remove it",
        });
    }
    return findings;
}
