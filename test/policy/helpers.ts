// SPDX-License-Identifier: Apache-2.0
/** Policies asked as the pack asks them: properties behind the proxy that knows unknown values, configuration as the engine gives it. */
import { readFileSync } from "node:fs";
import { unknownCheckingProxy, type Policies, type ResourceValidationArgs } from "@pulumi/policy";
import { parse } from "yaml";
import { parseConfig } from "../../lib/config/parse.ts";
import type { Config } from "../../lib/config/schema.ts";
import { platformType } from "../../policy/lib/policy.ts";
import { configured, type PackConfig } from "../../policy/lib/pack-config.ts";
import { policies } from "../../policy/policies/index.ts";

export type Policy = Policies[number];
export const environments = ["lab", "dev", "staging", "prod"] as const;
export type Environment = (typeof environments)[number];

/** A string that is not known in a preview, as the engine writes it. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const root = new URL("../../", import.meta.url);

/** The configuration of a stack of the repository. */
export function stack(name: Environment): Config {
    const file = `stacks/Pulumi.${name}.yaml`;
    const { config } = parse(readFileSync(new URL(file, root), "utf8")) as { config: object };
    const entries = Object.entries(config).map(([key, value]: [string, unknown]) => [
        key.replace(/^metalstream:/, ""),
        value,
    ]);
    return parseConfig(Object.fromEntries(entries), file);
}

/** policy/config of an environment. */
export function packConfig(name: Environment): PackConfig {
    const file = new URL(`policy/config/${name}.json`, root);
    return JSON.parse(readFileSync(file, "utf8")) as PackConfig;
}

export interface Resource {
    readonly type: string;
    readonly name?: string;
    readonly props: Record<string, unknown>;
    readonly opts?: Partial<ResourceValidationArgs["opts"]>;
}

/** The declaration of this function is stripped from the package's types. */
const proxied = unknownCheckingProxy as unknown as (
    props: Record<string, unknown>,
) => Record<string, unknown>;

/** A resource as policies are given it. */
export function resourceOf({ type, name = "it", props, opts = {} }: Resource) {
    return {
        type,
        name,
        urn: `urn:pulumi:test::metalstream::${type}::${name}`,
        props: proxied(props),
        opts: {
            protect: false,
            ignoreChanges: [],
            aliases: [],
            customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
            additionalSecretOutputs: [],
            ...opts,
        },
        stackTags: new Map<string, string>(),
        isType: () => false,
        asType: () => undefined,
        notApplicable: (reason?: string): never => {
            throw new Error(reason);
        },
    };
}

/** The policy of a name. */
export function policy(name: string): Policy {
    const found = policies.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no policy ${name}`);
    return found;
}

/** What one policy says of resources: each message as it is reported. */
export function findings(
    one: Policy,
    resources: readonly Resource[],
    values: Readonly<Record<string, unknown>> = {},
): string[] {
    const said: string[] = [];
    const report = (message: string) => void said.push(message);
    const getConfig = (() => values) as ResourceValidationArgs["getConfig"];
    const given = resources.map(resourceOf);
    if ("validateStack" in one) {
        const all = given.map((resource) => ({
            ...resource,
            dependencies: [],
            propertyDependencies: {},
        }));
        const args = { ...given[0], resources: all, getConfig } as unknown;
        void one.validateStack(args as Parameters<typeof one.validateStack>[0], report);
        return said;
    }
    const { validateResource } = one;
    if (typeof validateResource !== "function") return said;
    for (const resource of given) void validateResource({ ...resource, getConfig }, report);
    return said;
}

/** What one policy says of a platform. */
export function platformFindings(
    name: string,
    config: Config,
    values: Readonly<Record<string, unknown>> = {},
): string[] {
    const props = structuredClone(config) as unknown as Record<string, unknown>;
    return findings(policy(name), [{ type: platformType, name: "platform", props }], values);
}

/** Names of the policies that refuse a platform in an environment, at the level mandatory. */
export function refusals(environment: Environment, config: Config): string[] {
    const pack = packConfig(environment);
    return policies
        .filter((one) => {
            const { level, values } = configured(one, pack);
            return level === "mandatory" && platformFindings(one.name, config, values).length > 0;
        })
        .map(({ name }) => name);
}
