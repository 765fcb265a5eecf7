// SPDX-License-Identifier: Apache-2.0
import type { Config, Role } from "../lib/config/schema.ts";
import { endpoints, firstContacts, ports, sparkMasterUrl } from "../lib/topology.ts";

/** Web pages and endpoints, for people. Pure. */
export function platformAddresses(config: Config): Record<string, string> {
    const pages = (role: Role, port: number) =>
        endpoints(config, role, port)
            .map((endpoint) => `http://${endpoint}`)
            .join(" ");
    return {
        namenodes: pages("namenode", ports.namenodeHttp),
        sparkMasters: pages("spark-master", ports.sparkMasterHttp),
        sparkHistory: pages("spark-history", ports.sparkHistoryHttp),
        sparkMasterUrl: sparkMasterUrl(config),
        hdfs: `hdfs://${config.hdfs.nameservice}`,
        kafka: firstContacts(config).join(","),
        zookeeper: endpoints(config, "zookeeper", ports.zookeeperClient).join(","),
    };
}
