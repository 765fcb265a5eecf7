// SPDX-License-Identifier: Apache-2.0
/**
 * The schema of a stack file: every key, its type, its default and what it drives. docs/configuration.md is made from it.
 * Relations between keys (racks, quorums, memory) are in rules.ts.
 */
import * as z from "zod";
import { hardware, host, ssh } from "./schema/machines.ts";
import { rolls } from "./schema/rolls.ts";
import { system } from "./schema/system.ts";
import { hdfs, heaps, kafka, spark, streaming, zookeeper } from "./schema/services.ts";

export { roles, type Hardware, type HostConfig, type Role } from "./schema/machines.ts";
export type { SystemConfig } from "./schema/system.ts";
export type { TopicConfig } from "./schema/services.ts";

/** The whole configuration of a stack, defaults filled in by parsing. */
export const schema = z.strictObject({
    hosts: z
        .array(host)
        .min(1)
        .describe(
            "The machines, and what runs on each. An entry `{file: PATH}` stands for the hosts of that file, a list as here: for more than some 800 hosts, since Pulumi hands over at most 128 KiB",
        ),
    ssh: ssh.describe("How hosts are reached"),
    hardware: hardware.describe(
        "The machine that all sizes are derived from; the same for all hosts",
    ),
    heaps,
    zookeeper,
    hdfs,
    spark,
    kafka,
    streaming,
    system,
    rolls,
    artifacts: z
        .strictObject({
            mirror: z
                .url({ protocol: /^https?$/, error: "must be a URL with http or https" })
                .describe(
                    "Where hosts fetch artifacts: a folder made by `npx metalstream artifacts build`",
                ),
            peers: z
                .boolean()
                .default(true)
                .describe(
                    "Whether hosts that have fetched an artifact serve it to the other hosts of the platform for a quarter of an hour, so that the mirror need not serve all of them",
                ),
            keepVersions: z
                .int()
                .min(1)
                .max(100)
                .default(3)
                .describe(
                    "Newest versions of each artifact that stay on a host; a version in use always stays",
                ),
        })
        .describe("Where the hosts get the software from"),
    protect: z
        .boolean()
        .default(true)
        .describe(
            "Whether what made data (formats, births, ids) is protected from destroy, and units are removed only when their service can miss them",
        ),
    facts: z
        .enum(["on", "off"])
        .default("on")
        .describe("off: a preview without contacting hosts; refused by up"),
});

export type Config = z.infer<typeof schema>;
/** Top-level keys, as Pulumi.yaml declares them. */
export const topLevelKeys = Object.keys(schema.shape) as (keyof Config)[];
