// SPDX-License-Identifier: Apache-2.0
/** Watches a platform from outside until all of it is healthy. */
import type { Config, HostConfig, Role } from "../lib/config/schema.ts";
import { ports, withRole } from "../lib/topology.ts";
import { isOpen, line, page } from "./ask.ts";
import { until } from "./commands.ts";
import {
    bean,
    ensembleServes,
    hdfsServes,
    type NameNode,
    type SparkMaster,
    sparkMaster,
    sparkServes,
} from "./health.ts";

async function askZooKeeper(hosts: readonly HostConfig[]): Promise<boolean> {
    const srvr = await Promise.all(
        hosts.map((host) => line(host.address, ports.zookeeperClient, "srvr")),
    );
    const leader = hosts[srvr.findIndex((answer) => answer.includes("Mode: leader"))];
    if (leader === undefined) return false;
    return ensembleServes(srvr, await line(leader.address, ports.zookeeperClient, "mntr"));
}

async function askNameNode(host: HostConfig): Promise<NameNode> {
    const jmx = async (name: string) =>
        bean(
            await page(
                `http://${host.address}:${ports.namenodeHttp}/jmx?qry=Hadoop:service=NameNode,name=${name}`,
            ),
        );
    const status = await jmx("NameNodeStatus");
    const system = status["State"] === undefined ? {} : await jmx("FSNamesystemState");
    return {
        state: status["State"] as string | undefined,
        fsState: system["FSState"] as string | undefined,
        liveDataNodes: Number(system["NumLiveDataNodes"] ?? 0),
    };
}

/** What each Spark master says; undefined for one that does not answer. */
export function askSparkMasters(config: Config): Promise<(SparkMaster | undefined)[]> {
    return Promise.all(
        withRole(config, "spark-master").map(async ({ address }) => {
            return sparkMaster(await page(`http://${address}:${ports.sparkMasterHttp}/json/`));
        }),
    );
}

/** Host of the active NameNode that is out of safe mode. */
export async function activeNameNode(config: Config): Promise<HostConfig | undefined> {
    for (const host of withRole(config, "namenode")) {
        const { state, fsState } = await askNameNode(host);
        if (state === "active" && fsState === "Operational") return host;
    }
    return undefined;
}

/** Whether a port is open on every host of a role. */
export async function allOpen(config: Config, role: Role, port: number): Promise<boolean> {
    const open = await Promise.all(
        withRole(config, role).map((host) => isOpen(host.address, port)),
    );
    return open.every(Boolean);
}

/** Is the ensemble of ZooKeeper whole? */
export const ensembleHealthy = (config: Config): Promise<boolean> =>
    askZooKeeper(withRole(config, "zookeeper"));

/** The questions whose answers are all yes when the platform is healthy: the same as those of the rolls' last gates. */
function questions(config: Config): Record<string, () => Promise<boolean>> {
    const dataNodes = withRole(config, "datanode").length;
    const workers = withRole(config, "spark-worker").map(({ name }) => name);
    return {
        ZooKeeper: () => ensembleHealthy(config),
        JournalNodes: () => allOpen(config, "journalnode", ports.journalnodeHttp),
        HDFS: async () => {
            const answers = await Promise.all(withRole(config, "namenode").map(askNameNode));
            return hdfsServes(answers, dataNodes) && allOpen(config, "namenode", ports.zkfc);
        },
        "Kafka controllers": () => allOpen(config, "kafka-controller", ports.kafkaController),
        // A broker's port opens only when the controllers' leader has let it in.
        "Kafka brokers": () => allOpen(config, "kafka-broker", ports.kafkaBroker),
        Spark: async () => sparkServes(await askSparkMasters(config), workers),
        "history server": async () => {
            const [host] = withRole(config, "spark-history");
            const url = `http://${host?.address ?? ""}:${ports.sparkHistoryHttp}/api/v1/version`;
            return host === undefined || (await page(url)) !== "";
        },
    };
}

/**
 * Waits until everything is healthy at the same time.
 * @param limit seconds.
 * @param since where the clock starts, in terms of `performance.now()`.
 * @returns seconds until each service was healthy for the first time, and until all were.
 * @throws Error that names what was not healthy in time.
 */
export async function watch(
    config: Config,
    limit: number,
    since: number,
): Promise<{ services: Record<string, number>; all: number }> {
    const asked = Object.entries(questions(config));
    const services: Record<string, number> = {};
    const elapsed = () => Math.round(performance.now() - since) / 1000;
    const open = () => asked.filter(([name]) => services[name] === undefined);
    const round = async () => {
        await Promise.all(
            open().map(async ([name, ask]) => {
                if (await ask()) services[name] = elapsed();
            }),
        );
        if (open().length > 0) return false;
        return (await Promise.all(asked.map(([, ask]) => ask()))).every(Boolean);
    };
    try {
        await until("everything healthy", limit, round);
    } catch (error) {
        const missing = open().map(([name]) => name);
        throw new Error(`the floor: not healthy: ${missing.join(", ")}`, { cause: error });
    }
    return { services, all: elapsed() };
}
