// SPDX-License-Identifier: Apache-2.0
/** The secrets of a stack, for commands that go to its hosts themselves. */
import { spawnSync } from "node:child_process";
import { isSecretKey, takeSecrets, type Secrets } from "../lib/config/secrets.ts";
import { ownValues } from "../lib/stack.ts";

interface Decrypted {
    readonly value?: string;
    readonly secret?: boolean;
}

/**
 * Secrets of a stack file. Pulumi is asked only where there is one, since it takes a second and the stack's passphrase.
 * @param values what the file says, by key without the project's name.
 */
export function stackSecrets(name: string, values: Readonly<Record<string, unknown>>): Secrets {
    if (!Object.keys(values).some(isSecretKey)) return {};
    const decrypted = ownValues(decrypt(name));
    const texts = Object.entries(decrypted).map(([key, { value = "" }]) => [key, value] as const);
    return takeSecrets(
        Object.fromEntries(texts),
        (key) => decrypted[key]?.secret === true,
        `stacks/Pulumi.${name}.yaml`,
    );
}

function decrypt(name: string): Record<string, Decrypted> {
    const args = ["--no", "--", "pulumi", "config", "--stack", name, "--show-secrets", "--json"];
    const { status, stdout, stderr } = spawnSync("npx", args, {
        encoding: "utf8",
        timeout: 60_000,
    });
    if (status === 0) return JSON.parse(stdout) as Record<string, Decrypted>;
    // Standard error is Pulumi's reason; standard output may hold what was decrypted.
    throw new Error(
        `the secrets of the stack ${name} cannot be read: ${stderr.trim() || "pulumi config gave no answer"}`,
    );
}
