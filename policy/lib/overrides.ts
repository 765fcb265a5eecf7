// SPDX-License-Identifier: Apache-2.0
/** Keys that a service's overrides may not set to just anything. Pure. */
import type { Config } from "../../lib/config/schema.ts";
import type { Finding } from "./policy.ts";

/** What may not be said of a key, and why. */
export interface UnsafeKey {
    readonly key: string;
    readonly unsafe: (value: string) => boolean;
    /** What the value does, for the finding. */
    readonly effect: string;
}

export const isFalse = (value: string) => value.trim().toLowerCase() === "false";
export const isTrue = (value: string) => value.trim().toLowerCase() === "true";
export const below = (least: number) => (value: string) => !(Number(value) >= least);

/** Findings for the unsafe keys of one map of overrides. */
export function unsafeOverrides(
    path: string,
    overrides: Readonly<Record<string, string>>,
    table: readonly UnsafeKey[],
): Finding[] {
    return table.flatMap(({ key, unsafe, effect }) => {
        const value = overrides[key];
        if (value === undefined || !unsafe(value)) return [];
        return [{ where: `${path}[${key}]`, what: `found ${value}: ${effect}` }];
    });
}

/** Every map of free keys in a configuration, with its path. */
export function overrideMaps(
    config: Config,
): { path: string; map: Readonly<Record<string, string>> }[] {
    return [
        { path: "zookeeper.overrides", map: config.zookeeper.overrides },
        { path: "hdfs.overrides.coreSite", map: config.hdfs.overrides.coreSite },
        { path: "hdfs.overrides.hdfsSite", map: config.hdfs.overrides.hdfsSite },
        { path: "spark.overrides", map: config.spark.overrides },
        { path: "kafka.overrides", map: config.kafka.overrides },
        ...config.kafka.topics.map((topic) => ({
            path: `kafka.topics[${topic.name}].config`,
            map: topic.config,
        })),
    ];
}
