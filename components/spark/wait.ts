// SPDX-License-Identifier: Apache-2.0
/** Scripts that end when what a daemon needs is there. They run before its start; `Restart=` begins anew when systemd's time is over. Pure. */
import type { Config, Role } from "../../lib/config/schema.ts";
import { ports, withRole } from "../../lib/topology.ts";

/** Asks every host of a role, twice a second, until one answer holds a text. */
function waitFor(
    config: Config,
    role: Role,
    port: number,
    question: string,
    expected: string,
): string {
    const hosts = withRole(config, role).map(({ name }) => name);
    return `#!/bin/bash
# Ends when one of the hosts answers as wanted.
while :; do
    for host in ${hosts.join(" ")}; do
        answer=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/${port}" && printf "${question}" >&3 && cat <&3' ask "$host" 2>/dev/null)
        [[ $answer == *${expected}* ]] && exit 0
    done
    sleep 0.5
done
`;
}

/**
 * Ends when a member of ZooKeeper serves. A Spark master that starts earlier never takes part in an election: Curator's
 * LeaderLatch gives up its first attempt after three retries, and begins anew only after a connection that was lost, not after the first one.
 */
export function waitForZookeeper(config: Config): string {
    return waitFor(config, "zookeeper", ports.zookeeperClient, "srvr\\n", '"Mode: "');
}

/** Ends when a master leads: a worker that asks earlier asks again only after 5 to 15 s. */
export function waitForMaster(config: Config): string {
    const question = "GET /json/ HTTP/1.0\\r\\n\\r\\n";
    return waitFor(config, "spark-master", ports.sparkMasterHttp, question, `'"status" : "ALIVE"'`);
}
