// SPDX-License-Identifier: Apache-2.0
/** Commands on hosts: secrets go over standard input, marked as secret. */
import type { PolicyResource, ResourceValidationPolicy } from "@pulumi/policy";
import { commandTexts, type CommandInputs } from "../lib/command.ts";
import { manifestItems } from "../lib/manifest.ts";
import { commandPolicy, commandType, metadata, stackPolicy, type Finding } from "../lib/policy.ts";
import { isMarkedSecret, markSecret } from "../lib/secret-mark.ts";
import { isSecretName, secretsIn } from "../lib/secrets.ts";
import { texts } from "../lib/settings.ts";
import { known } from "../lib/unknown.ts";

const viaStdin = "Pass it on standard input, as a secret.";

export const commandTextNoSecrets = commandPolicy({
    name: "command-text-no-secrets",
    severity: "critical",
    rule: "No secret is written into a command.",
    why: "Commands are in process lists, in the errors that the engine prints, and in the state.",
    remedy: viaStdin,
    settings: {},
    check: (inputs) =>
        commandTexts(inputs).flatMap(({ path, text }) =>
            secretsIn(text).map((kind) => ({ where: path, what: `holds ${kind}` })),
        ),
});

export const commandEnvironmentNoSecrets = commandPolicy({
    name: "command-environment-no-secrets",
    severity: "critical",
    rule: "No secret is passed in the environment of a command.",
    why: "Other processes of the user can read it, sshd may log it, and the state keeps it.",
    remedy: viaStdin,
    settings: { ignored: texts([], "Variables that hold no secret whatever their name says") },
    check: ({ environment = {} }, { ignored }) =>
        Object.entries(environment)
            .filter(([name]) => !ignored.includes(name))
            .flatMap(([name, value]) => {
                const kinds = isSecretName(name) ? ["a secret by its name"] : secretsIn(value);
                return kinds.map((kind) => ({
                    where: `environment[${name}]`,
                    what: `holds ${kind}`,
                }));
            }),
});

/** Outputs of resources that generate secrets. */
const generated: Readonly<Record<string, readonly string[]>> = {
    "random:index/randomPassword:RandomPassword": ["result"],
    "random:index/randomBytes:RandomBytes": ["base64", "hex"],
};

interface Generated {
    readonly name: string;
    readonly value: string;
}

function generatedSecrets(resources: readonly PolicyResource[]): Generated[] {
    return resources.flatMap((resource) =>
        (generated[resource.type] ?? []).flatMap((property) => {
            const value = known(() => resource.props[property]);
            // A shorter value would be found in anything.
            return value === undefined || value.length < 8 ? [] : [{ name: resource.name, value }];
        }),
    );
}

/** Everything of a command that is shown, listed or kept in clear text. */
function exposed({ props, opts }: PolicyResource): { where: string; text: string }[] {
    const outputs = ["stdout", "stderr"].filter(
        (key) => !opts.additionalSecretOutputs.includes(key),
    );
    const properties = ["create", "update", "delete", ...outputs].flatMap((where) => {
        const text = known(() => props[where]);
        return text === undefined ? [] : [{ where, text }];
    });
    const environment = (props as CommandInputs).environment ?? {};
    const variables = Object.keys(environment).flatMap((name) => {
        const text = known(() => environment[name]);
        return text === undefined ? [] : [{ where: `environment[${name}]`, text }];
    });
    return [...properties, ...variables];
}

export const commandOutputsNoSecrets = stackPolicy({
    name: "command-outputs-no-secrets",
    severity: "critical",
    rule: "No generated secret turns up in a command, its environment or its output.",
    why: "Commands and outputs are printed, and outputs are kept in the state in clear text.",
    remedy: `${viaStdin} Name stdout and stderr in additionalSecretOutputs where a command must print it.`,
    settings: {},
    check: (resources) => {
        const secrets = generatedSecrets(resources);
        return resources
            .filter((resource) => resource.type === commandType)
            .flatMap((resource) =>
                exposed(resource).flatMap(({ where, text }) =>
                    secrets
                        .filter(({ value }) => text.includes(value))
                        .map(({ name }): Finding => ({
                            where: `${resource.name} ${where}`,
                            what: `holds the secret that ${name} generated`,
                            urn: resource.urn,
                        })),
                ),
            );
    },
});

/** Whether a text on standard input must be kept as a secret. */
function needsMark(stdin: string): boolean {
    return (
        manifestItems({ stdin }).some(({ kind }) => kind === "secret") ||
        secretsIn(stdin).includes("a private key")
    );
}

const encrypted = {
    name: "command-stdin-encrypted",
    severity: "critical",
    rule: "Standard input with secrets is marked as secret.",
    why: "The state would keep it in clear text and preview would show it.",
    remedy: "Wrap stdin in pulumi.secret(); at the level remediate this policy does it.",
    settings: {},
} as const;

/** A remediation, because only remediations see and set the marks. */
export const commandStdinEncrypted: ResourceValidationPolicy = {
    ...metadata(encrypted),
    remediateResource: ({ type, props }) => {
        if (type !== commandType || isMarkedSecret(props, "stdin")) return undefined;
        const stdin = known(() => (props as CommandInputs).stdin);
        if (stdin === undefined || !needsMark(stdin)) return undefined;
        markSecret(props, "stdin", stdin);
        return props;
    },
};

export const commandSecretsPolicies = [
    commandTextNoSecrets,
    commandEnvironmentNoSecrets,
    commandOutputsNoSecrets,
    commandStdinEncrypted,
];
