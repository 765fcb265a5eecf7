// SPDX-License-Identifier: Apache-2.0
/** Rules about keys that depend on each other. Pure. */
import { withRole } from "../../topology.ts";
import { finding, type Rule } from "./finding.ts";

/** What is written into manifests is clear text on hosts, in the state and in previews. */
export const noPasswordInUrl: Rule = ({ artifacts }) => {
    const url = new URL(artifacts.mirror);
    if (url.username === "" && url.password === "") return [];
    const what =
        "the URL holds a user or password, which would be clear text in state and previews";
    return [finding("artifacts.mirror", what, "serve the folder without, artifacts are verified")];
};

/** The streaming job's topic and services are part of the stack. */
export const streamingNeeds: Rule = (config) => {
    const { logs } = config.streaming;
    if (!logs.enabled) return [];
    const missing = (["spark-master", "spark-worker", "namenode", "kafka-broker"] as const).filter(
        (role) => withRole(config, role).length === 0,
    );
    const findings = missing.map((role) =>
        finding(
            "streaming.logs",
            `the job needs ${role}, which no host has`,
            `give the role or set enabled: false`,
        ),
    );
    if (config.kafka.topics.some((topic) => topic.name === logs.topic)) return findings;
    const what = `topic ${logs.topic} is not in kafka.topics`;
    return [...findings, finding("streaming.logs.topic", what, "add it to kafka.topics")];
};

/** Keys that follow from the topology or from a key of our own; an override would quietly break what the rules promise. */
const protectedKeys = [
    /^fs\.defaultFS$/,
    /^ha\.zookeeper\./,
    /^net\.topology\./,
    /^dfs\.(nameservices|replication)$/,
    /^dfs\.ha\./,
    /^dfs\.namenode\.((rpc|http)-address|shared\.edits\.dir|name\.dir|edits\.dir)/,
    /^dfs\.(journalnode\.edits|datanode\.data)\.dir$/,
    /^dfs\.client\.failover\.proxy\.provider/,
    /^(process\.roles|node\.id|broker\.(id|rack)|log\.dirs?|metadata\.log\.dir|controller\.)/,
    /^(listeners|advertised\.listeners|listener\.security\.protocol\.map)$/,
    /^(default\.replication\.factor|min\.insync\.replicas|unclean\.leader\.election\.enable)$/,
    /^(dataDir|dataLogDir|clientPort|tickTime|maxSessionTimeout|4lw\.commands\.whitelist|server\.\d+)$/,
    /^spark\.(master|eventLog\.dir)$/,
];

/** Overrides stay away from protected keys. */
export const overrides: Rule = (config) => {
    const maps = {
        "zookeeper.overrides": config.zookeeper.overrides,
        "hdfs.overrides.coreSite": config.hdfs.overrides.coreSite,
        "hdfs.overrides.hdfsSite": config.hdfs.overrides.hdfsSite,
        "spark.overrides": config.spark.overrides,
        "kafka.overrides": config.kafka.overrides,
    };
    return Object.entries(maps).flatMap(([path, map]) =>
        Object.keys(map)
            .filter((key) => protectedKeys.some((pattern) => pattern.test(key)))
            .map((key) =>
                finding(
                    `${path}.${key}`,
                    "this key follows from other keys of the stack",
                    "remove the override; docs/configuration.md names the key that decides it",
                ),
            ),
    );
};
