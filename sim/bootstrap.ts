// SPDX-License-Identifier: Apache-2.0
/** First-start steps of a model host: the decisions of host/service-*.sh, over the model's evidence. */
import { GRANTED } from "../lib/facts/token.ts";
import { die, refuse } from "./exit.ts";
import type { ModelHost } from "./host.ts";
import type { Call } from "./types.ts";

interface Step {
    readonly host: ModelHost;
    readonly gates: ReadonlyMap<string, string>;
    readonly call: Call;
    readonly print: (line: string) => void;
}

const bornMark = "/var/lib/metalstream/zookeeper.born";
const zookeeperData = "/var/lib/zookeeper/version-2";
const isGranted = ({ call }: Step) => call.options["token"]?.includes(`,${GRANTED},`) === true;
const gate = ({ gates }: Step, key: string) => gates.get(key) ?? "";

function zookeeper(step: Step): void {
    const { host, print } = step;
    if (host.marked(bornMark)) print("zookeeper: was born before");
    else if (host.marked(zookeeperData) || host.cluster.servedByOthers("zookeeper", host)) {
        host.mark(bornMark, "joined");
        print("zookeeper: joined");
    } else if (isGranted(step)) {
        host.mark(bornMark, "born");
        print("zookeeper: born");
    } else {
        const what =
            "this member is empty, no other member serves, and not every member is known to be unborn";
        throw refuse(host.name, "zookeeper", what);
    }
    host.start("zookeeper");
    host.cluster.leader("zookeeper");
}

const images = (step: Step) =>
    gate(step, "namedirs")
        .split(",")
        .map((path) => `${path}/current/fsimage_0`);
const isFormatted = (step: Step) => images(step).every((path) => step.host.marked(path));

function startNameNode({ host }: Step): void {
    host.start("hdfs-namenode");
    host.start("hdfs-zkfc");
}

function namenode(step: Step): void {
    const { host, print } = step;
    if (isFormatted(step)) print("hdfs: was formatted before");
    else if (host.cluster.servedByOthers("hdfs-namenode", host)) {
        throw refuse(
            host.name,
            "hdfs-format",
            "another NameNode answers, so this file system exists",
        );
    } else if (!isGranted(step)) {
        throw refuse(host.name, "hdfs-format", "not every NameNode is known to be empty");
    } else {
        for (const path of images(step)) host.mark(path, "");
        print(`hdfs: formatted the file system ${gate(step, "nameservice")}`);
    }
    startNameNode(step);
}

function standby(step: Step): void {
    const { host, print } = step;
    if (isFormatted(step)) print("hdfs: this NameNode has an image");
    else if (!host.cluster.servedByOthers("hdfs-namenode", host)) {
        throw die(host.name, "hdfs-standby", "no active NameNode", "run up again");
    } else {
        for (const path of images(step)) host.mark(path, "");
        print("hdfs: copied the image from the active NameNode");
    }
    startNameNode(step);
}

/** What is made through a service that another host leads. */
const through =
    (unit: string) =>
    ({ host, print }: Step): void => {
        if (host.cluster.leader(unit) === undefined) {
            throw die(host.name, unit, "nobody serves", "run up again");
        }
        print(`${unit}: as declared`);
    };

const kafka = (unit: string) => (step: Step) => {
    const { host, print } = step;
    const meta = `${gate(step, "directory")}/meta.properties`;
    const mark = `/var/lib/metalstream/${unit}.formatted`;
    const cluster = gate(step, "cluster");
    const is = host.state.marks.get(meta);
    if (is !== undefined && is !== cluster) {
        const what = `${gate(step, "directory")} belongs to the cluster ${is}, not to ${cluster}`;
        throw refuse(host.name, "kafka-format", what);
    }
    if (is !== undefined) print(`${unit}: was formatted before`);
    else if (unit === "kafka-controller" && (host.marked(mark) || !isGranted(step))) {
        const what = host.marked(mark)
            ? "this controller was formatted before and its log is gone"
            : "a controller quorum exists and not all its other members are healthy";
        throw refuse(host.name, "kafka-format", what);
    } else {
        host.mark(meta, cluster);
        host.mark(mark, cluster);
        print(`${unit}: formatted ${gate(step, "directory")}`);
    }
    host.start(unit);
    if (unit === "kafka-controller") {
        host.mark(`${gate(step, "directory")}/__cluster_metadata-0/quorum-state`, "");
    }
};

function streamingJob(step: Step): void {
    const { host, call, print } = step;
    through("spark-master")(step);
    const [name, digest] = [gate(step, "job"), gate(step, "digest")];
    host.state.jobs.set(name, { digest, token: call.options["token"] ?? "-" });
    print(`job: runs as driver-${digest}`);
}

/** By the name that follows `bootstrap`. */
export const bootstrapSteps: Readonly<Record<string, (step: Step) => void>> = {
    zookeeper,
    namenode,
    standby,
    "hdfs-directories": through("hdfs-namenode"),
    "kafka-controller": kafka("kafka-controller"),
    "kafka-broker": kafka("kafka-broker"),
    "kafka-topics": through("kafka-broker"),
    "streaming-job": streamingJob,
};
