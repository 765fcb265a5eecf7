// SPDX-License-Identifier: Apache-2.0
/** What every host gets, whatever it runs. Pure. */
import { members, ports } from "../../lib/topology.ts";
import type { Config } from "../../lib/config/schema.ts";
import { remembered } from "../../lib/memo.ts";
import { item, type Section } from "../../lib/manifest.ts";

const root = { owner: "root", group: "root" } as const;

/** Names of all members, and further ones of the stack file, so that services resolve each other without DNS; never 127.0.1.1 (a daemon would bind to loopback). */
export const hostsFile = remembered((config: Config): string => {
    const lines = [
        ...members(config).map((host) => `${host.address} ${host.name}`),
        ...Object.entries(config.system.names).map(([name, address]) => `${address} ${name}`),
    ];
    return ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback", ...lines, ""].join(
        "\n",
    );
});

/** The section that all hosts share: Java, and name resolution. */
export function baseSection(config: Config): Section {
    return {
        items: [
            item.package("openjdk-17-jre-headless"),
            item.package("curl"),
            // Who the members are, the host reads in that file: a new host is no further difference here.
            item.artifacts(
                config.artifacts.keepVersions,
                config.artifacts.peers ? { port: ports.artifacts, peers: "/etc/hosts" } : {},
            ),
            item.file("/etc/hosts", { ...root, mode: "0644" }, hostsFile(config)),
        ],
        units: [],
    };
}
