// SPDX-License-Identifier: Apache-2.0
import type { Config } from "../../lib/config/schema.ts";
import { ports, withRole } from "../../lib/topology.ts";

/**
 * A script that ends when a member of ZooKeeper serves. A Spark master that starts earlier never takes part in an election: Curator's
 * LeaderLatch gives up its first attempt after three retries and only begins anew after a connection that was lost, not after the first one.
 */
export function waitForZookeeper(config: Config): string {
    const members = withRole(config, "zookeeper").map(({ name }) => name);
    return `#!/bin/bash
# Ends when a member of ZooKeeper serves; systemd's start limit ends it otherwise, and Restart= begins anew.
while :; do
    for member in ${members.join(" ")}; do
        answer=$(timeout 3 bash -c "exec 3<>/dev/tcp/$member/${ports.zookeeperClient} && echo srvr >&3 && cat <&3" 2>/dev/null)
        [[ $answer == *"Mode: "* ]] && exit 0
    done
    sleep 0.5
done
`;
}
