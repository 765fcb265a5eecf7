// SPDX-License-Identifier: Apache-2.0
/** What can be configured of a policy: values with a type, a default and a JSON schema that the engine checks. Pure. */
import type { PolicyConfigSchema } from "@pulumi/policy";

/** A JSON schema, as the engine takes it. */
type PolicyConfigJSONSchema = PolicyConfigSchema["properties"][string];

/** One configurable value of a policy. */
export interface Setting<T> {
    readonly schema: PolicyConfigJSONSchema;
    readonly default: T;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values of settings, defaults filled in. */
export type Values<S extends Settings> = {
    readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** A whole number of at least `minimum`. */
export function integer(fallback: number, description: string, minimum = 0): Setting<number> {
    return {
        default: fallback,
        schema: { type: "integer", minimum, default: fallback, description },
    };
}

/** A text that matches `pattern`. */
export function text(fallback: string, description: string, pattern = ""): Setting<string> {
    return {
        default: fallback,
        schema: { type: "string", pattern, default: fallback, description },
    };
}

/** A list of texts. */
export function texts(
    fallback: readonly string[],
    description: string,
): Setting<readonly string[]> {
    return {
        default: fallback,
        schema: { type: "array", items: { type: "string" }, default: [...fallback], description },
    };
}

const word = { type: "string", minLength: 3 } as const;

/** The schema of `exemptions`, which every policy takes; see exemptions.ts. */
const exemptionsSchema: PolicyConfigJSONSchema = {
    type: "array",
    default: [],
    description: "Findings that are tolerated until a day, each with a reason and an owner",
    items: {
        type: "object",
        additionalProperties: false,
        required: ["finding", "reason", "owner", "expires"],
        properties: {
            finding: { ...word, minLength: 1, description: "What a finding starts with, or *" },
            reason: { ...word, description: "Why it is tolerated" },
            owner: { ...word, description: "Who answers for it" },
            expires: {
                type: "string",
                pattern: "^\\d{4}-\\d{2}-\\d{2}$",
                description: "Last day on which it is tolerated, UTC",
            },
        },
    },
};

/** The configuration schema of a policy, for the engine. */
export function configSchema(settings: Settings): PolicyConfigSchema {
    const own = Object.entries(settings).map(([key, { schema }]) => [key, schema]);
    return {
        properties: {
            ...(Object.fromEntries(own) as Record<string, PolicyConfigJSONSchema>),
            exemptions: exemptionsSchema,
        },
    };
}

/** What is configured, over the defaults. The engine has checked it against the schema. */
export function valuesOf<S extends Settings>(
    settings: S,
    configured: Readonly<Record<string, unknown>>,
): Values<S> {
    const entries = Object.entries(settings).map(([key, setting]) => [
        key,
        configured[key] ?? setting.default,
    ]);
    return Object.fromEntries(entries) as Values<S>;
}
