// SPDX-License-Identifier: Apache-2.0
/** What policy/config/<environment>.json makes of the policies, by the engine's own rules (pkg/resource/analyzer/config.go). Pure. */
import type { EnforcementLevel, Policies } from "@pulumi/policy";

type Policy = Policies[number];

/** A file of `--policy-pack-config`: a level, or a level with values, per policy; `all` for the level of every one. */
export type PackConfig = Readonly<
    Record<string, EnforcementLevel | Readonly<Record<string, unknown>>>
>;

/** Level and values of a policy in an environment. */
export interface Configured {
    readonly level: EnforcementLevel;
    readonly values: Readonly<Record<string, unknown>>;
}

/** Level and values of a policy; the pack's own level is advisory. */
export function configured(policy: Policy, config: PackConfig): Configured {
    const own = config[policy.name];
    const { enforcementLevel, ...values } =
        typeof own === "object" ? own : { enforcementLevel: own };
    const level = (enforcementLevel ?? config["all"] ?? "advisory") as EnforcementLevel;
    return { level, values };
}

/** Names in a file that no policy has: the engine would ignore them without a word. */
export function unknownNames(policies: Readonly<Policies>, config: PackConfig): string[] {
    const known = new Set(policies.map(({ name }) => name)).add("all");
    return Object.keys(config).filter((name) => !known.has(name));
}
