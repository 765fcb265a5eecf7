// SPDX-License-Identifier: Apache-2.0
/** Who runs what, and on which port: the questions that every renderer asks of a validated configuration. Pure. */
import type { Config, HostConfig, Role } from "./config/schema.ts";
import { remembered } from "./memo.ts";

/** Ports are the services' own defaults, so that the services' own documentation holds. */
export const ports = {
    zookeeperClient: 2181,
    zookeeperQuorum: 2888,
    zookeeperElection: 3888,
    journalnodeRpc: 8485,
    journalnodeHttp: 8480,
    namenodeRpc: 8020,
    namenodeHttp: 9870,
    zkfc: 8019,
    datanodeData: 9866,
    datanodeHttp: 9864,
    datanodeIpc: 9867,
    sparkMaster: 7077,
    sparkMasterHttp: 8080,
    sparkWorker: 7078,
    sparkWorkerHttp: 8081,
    sparkHistoryHttp: 18080,
    kafkaBroker: 9092,
    kafkaController: 9093,
    /** Ours: hosts serve artifacts to each other for a quarter of an hour after they fetched some. */
    artifacts: 8499,
} as const;

/** systemd units of a role; the names are interface. The first is the one that the role is rolled by. */
export const unitsOfRole: Readonly<Record<Role, readonly string[]>> = {
    zookeeper: ["zookeeper"],
    journalnode: ["hdfs-journalnode"],
    namenode: ["hdfs-namenode", "hdfs-zkfc"],
    datanode: ["hdfs-datanode"],
    "spark-master": ["spark-master"],
    "spark-worker": ["spark-worker"],
    "spark-history": ["spark-history"],
    "kafka-controller": ["kafka-controller"],
    "kafka-broker": ["kafka-broker"],
};

/** Roles that vote or hold the only copy: none of their hosts may be missing unless the configuration says so. */
export const quorumRoles: readonly Role[] = [
    "zookeeper",
    "journalnode",
    "namenode",
    "spark-master",
    "kafka-controller",
];

/** TCP ports that each unit listens on, for preflight. */
export const portsOfUnit: Readonly<Record<string, readonly number[]>> = {
    zookeeper: [ports.zookeeperClient, ports.zookeeperElection],
    "hdfs-journalnode": [ports.journalnodeRpc, ports.journalnodeHttp],
    "hdfs-namenode": [ports.namenodeRpc, ports.namenodeHttp],
    "hdfs-zkfc": [ports.zkfc],
    "hdfs-datanode": [ports.datanodeData, ports.datanodeHttp, ports.datanodeIpc],
    "spark-master": [ports.sparkMaster, ports.sparkMasterHttp],
    "spark-worker": [ports.sparkWorker, ports.sparkWorkerHttp],
    "spark-history": [ports.sparkHistoryHttp],
    "kafka-controller": [ports.kafkaController],
    "kafka-broker": [ports.kafkaBroker],
};

/** The socket through which a host serves artifacts on (host/artifact-server.sh). */
export const artifactsSocket = "metalstream-artifacts";

/** Hosts of the platform, in the order of their stable ids. Lost hosts are no part of it any more. */
export const members = remembered((config: Config): readonly HostConfig[] =>
    config.hosts.filter((host) => host.state !== "lost").sort((a, b) => a.id - b.id),
);

/** Hosts with a role, in the order of their stable ids. */
export function withRole(config: Config, role: Role): HostConfig[] {
    return members(config).filter((host) => host.roles.includes(role));
}

export function hasRole(host: HostConfig, role: Role): boolean {
    return host.roles.includes(role);
}

/** `host:port` of each member of a role. */
export function endpoints(config: Config, role: Role, port: number): string[] {
    return withRole(config, role).map((host) => `${host.name}:${port}`);
}

/** How many brokers a client is told of: it learns of the others from the first that answers. */
const firstBrokers = 9;

/** `host:port` of brokers for clients to begin with: all of a small cluster, else the first of each rack in turn, so that the list of each host stays short. */
export const firstContacts = remembered((config: Config): readonly string[] => {
    const brokers = withRole(config, "kafka-broker");
    const racks = [...new Set(brokers.map(({ rack }) => rack))];
    const ofEach = Math.ceil(firstBrokers / racks.length);
    const firstOf = (rack: string) => brokers.filter((host) => host.rack === rack).slice(0, ofEach);
    const chosen =
        brokers.length <= firstBrokers ? brokers : racks.flatMap(firstOf).slice(0, firstBrokers);
    return chosen.map(({ name }) => `${name}:${ports.kafkaBroker}`);
});

/** Id of a NameNode within the nameservice: `nn` and the host's stable id. */
export function namenodeId(host: HostConfig): string {
    return `nn${host.id}`;
}

/** `spark://m1:7077,m2:7077,m3:7077`: every client names all masters. */
export function sparkMasterUrl(config: Config): string {
    return `spark://${endpoints(config, "spark-master", ports.sparkMaster).join(",")}`;
}

/** Network location of a rack, as HDFS writes it. */
export function rackPath(host: HostConfig): string {
    return `/${host.rack}`;
}
