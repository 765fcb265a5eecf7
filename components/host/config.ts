// SPDX-License-Identifier: Apache-2.0
/** What every host gets, whatever it runs. Pure. */
import { members } from "../../lib/topology.ts";
import type { Config } from "../../lib/config/schema.ts";
import { item, type Section } from "../../lib/manifest.ts";

const root = { owner: "root", group: "root" } as const;

/** Names of all members, so that services resolve each other without DNS; never 127.0.1.1 (a daemon would bind to loopback). */
export function hostsFile(config: Config): string {
    const lines = members(config).map((host) => `${host.address} ${host.name}`);
    return ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback", ...lines, ""].join(
        "\n",
    );
}

/** The section that all hosts share: Java, name resolution, kernel settings. */
export function baseSection(config: Config): Section {
    return {
        items: [
            item.package("openjdk-17-jre-headless"),
            item.package("curl"),
            item.file("/etc/hosts", { ...root, mode: "0644" }, hostsFile(config)),
            // Swapped-out heaps turn collections into session timeouts (Kafka and Hadoop documentation both ask for it).
            item.sysctl("vm.swappiness", 1),
            // Kafka maps two files per log segment index.
            item.sysctl("vm.max_map_count", 262144),
        ],
        units: [],
    };
}
