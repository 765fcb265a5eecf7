// SPDX-License-Identifier: Apache-2.0
/** The scripts with which a person would wipe a platform whose files are in place, and start it by hand. Pure. */
import type { Config, HostConfig, Role } from "../lib/config/schema.ts";
import { initialControllers, logDirectory, type KafkaRole } from "../components/kafka/config.ts";
import { eventLogPath } from "../components/spark/config.ts";
import { dataDirectories, journalDirectory, nameDirectories } from "../components/hdfs/site.ts";
import { bornMark, dataDirectory as zookeeperData } from "../components/zookeeper/config.ts";
import { disksFor } from "../lib/profile.ts";
import { hasRole, unitsOfRole } from "../lib/topology.ts";

/** Units that a host runs. */
export const unitsOf = (host: HostConfig): string[] =>
    host.roles.flatMap((role) => unitsOfRole[role]);

/** `tool UNIT USER MAIN ARGS…`: a JVM with a unit's class path and class-data archive, as the host program's own java_tool starts it. */
const prelude = `set -eu
tool() {
    local args=/etc/metalstream/$1/current/java.args user=$2 main=$3 classpath
    local -a archive
    shift 3
    classpath=$(awk 'found { print; exit } $0 == "-cp" { found = 1 }' "$args")
    mapfile -t archive < <(grep -E '^-X(share|X:(SharedArchiveFile|ArchiveRelocationMode|\\+UnlockDiagnosticVMOptions))' "$args")
    runuser -u "$user" -- /usr/bin/java -Xmx192m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "\${archive[@]}" -cp "$classpath" "$main" "$@" </dev/null 2>&1
}
`;

/** Data of every service on a host. */
function dataOf(config: Config): string[] {
    return [
        zookeeperData,
        journalDirectory(config),
        ...nameDirectories(config),
        ...dataDirectories(config),
        ...(["kafka-controller", "kafka-broker"] as const).map((role) =>
            logDirectory(config, role),
        ),
        ...disksFor(config, "bulk").map((disk) => `${disk}/spark`),
    ];
}

/** Stops all units at once, without a goodbye, and removes every trace of a first start: data, temporary disk, marks. */
export function wipeScript(config: Config, host: HostConfig): string {
    const units = unitsOf(host).join(" ");
    return `set -u
pids=$(systemctl show --property=MainPID --value ${units} | grep -vx -e 0 -e '')
systemctl stop --no-block ${units}
[[ -z $pids ]] || kill -KILL $pids 2>/dev/null
systemctl stop ${units} 2>/dev/null
systemctl reset-failed ${units} 2>/dev/null
# Drivers and executors end when they miss their worker.
for ((i = 0; i < 150; i++)); do
    pids=$(pgrep -d ' ' -x java)
    [[ -n $pids ]] || break
    ((i < 50)) || kill -KILL $pids 2>/dev/null
    sleep 0.2
done
[[ -z $pids ]] || { echo "still running: $pids" >&2; exit 1; }
for path in ${dataOf(config).join(" ")}; do
    [[ ! -d $path ]] || find "$path" -mindepth 1 -delete || exit 1
done
rm -f ${bornMark} /var/lib/metalstream/namenode.birth /var/lib/metalstream/*.formatted
sync`;
}

const format = (role: KafkaRole, clusterId: string, voters: string): string =>
    `tool ${role} kafka kafka.tools.StorageTool format --cluster-id=${clusterId} --config /etc/metalstream/${role}/current/server.properties ${voters}\n` +
    `systemctl start --no-block ${role}\n`;

/** All that can start without a NameNode. Masters of Spark wait for ZooKeeper, workers for a master: their units do that. */
export function startScript(config: Config, host: HostConfig, clusterId: string): string {
    const has = (role: Role) => hasRole(host, role);
    const first = (
        ["zookeeper", "journalnode", "datanode", "spark-master", "spark-worker"] as const
    )
        .filter(has)
        .flatMap((role) => unitsOfRole[role]);
    const history = has("spark-history") ? unitsOfRole["spark-history"] : [];
    return [
        prelude,
        ...(has("zookeeper")
            ? [
                  `install -o zookeeper -g zookeeper -m 0640 /dev/null ${zookeeperData}/initialize\n`,
                  `echo by hand >${bornMark}\n`,
              ]
            : []),
        `systemctl start --no-block ${[...first, ...history].join(" ")}\n`,
        ...(has("kafka-controller")
            ? [
                  format(
                      "kafka-controller",
                      clusterId,
                      `--initial-controllers ${initialControllers(config, clusterId)}`,
                  ),
              ]
            : []),
        ...(has("kafka-broker")
            ? [format("kafka-broker", clusterId, "--no-initial-controllers")]
            : []),
    ].join("");
}

/** Formats the file system, and prints the new name directory as a base64 tar. */
export function formatScript(config: Config): string {
    const [directory = ""] = nameDirectories(config);
    return `${prelude}tool hdfs-namenode hdfs org.apache.hadoop.hdfs.server.namenode.NameNode -format -nonInteractive -clusterid ${config.hdfs.nameservice} >&2
tar -C ${directory} -c current | base64 -w 0`;
}

/** Makes the znode of automatic failover. */
export const formatZnodeScript = `${prelude}tool hdfs-zkfc hdfs org.apache.hadoop.hdfs.tools.DFSZKFailoverController -formatZK -nonInteractive`;

/** Puts a copied image into the name directories of another NameNode: saves the JVM of bootstrapStandby. */
export function copyImageScript(config: Config, image: string): string {
    const copies = nameDirectories(config).map(
        (directory) => `base64 -d <<<${image} | runuser -u hdfs -- tar -C ${directory} -x\n`,
    );
    return `set -eu -o pipefail\n${copies.join("")}`;
}

export const startNameNodeScript = "systemctl start --no-block hdfs-namenode hdfs-zkfc";

/** Calls of WebHDFS that make the directory which the history server reads. */
export const eventLogCalls: readonly string[] = [
    `${eventLogPath}?op=MKDIRS&permission=1770&user.name=hdfs`,
    `${eventLogPath}?op=SETOWNER&owner=spark&group=spark&user.name=hdfs`,
];
