// SPDX-License-Identifier: Apache-2.0
/** The text of every file of the comparison, as a program of this project writes it: template literals. The others' templates are in others/templates. Pure. */
import type { BenchFile, BenchHost, Items, Kind } from "./items.ts";

interface Surroundings {
    readonly host: BenchHost;
    readonly hosts: readonly BenchHost[];
}

const peers = ({ host, hosts }: Surroundings) => hosts.filter(({ name }) => name !== host.name);

/** `name=address,…` of all other hosts. */
const peerList = (around: Surroundings) =>
    peers(around)
        .map(({ name, address }) => `${name}=${address}`)
        .join(",");

const property = (name: string, value: string | number) => `    <property>
        <name>${name}</name>
        <value>${value}</value>
    </property>
`;

const render: Record<Kind, (file: BenchFile, around: Surroundings) => string> = {
    properties: ({ name, settings }, around) => `# agent ${name} of ${around.host.name}
agent.name=${name}
agent.host=${around.host.name}
agent.listen=${around.host.address}:${settings["port"] ?? ""}
agent.interval.seconds=${settings["interval"] ?? ""}
agent.queue.entries=${settings["queue"] ?? ""}
agent.peers=${peerList(around)}
agent.spool=/var/lib/agents/${name}
agent.retry.min.seconds=1
agent.retry.max.seconds=30
agent.compression=gzip
`,
    xml: ({ name, settings }, around) => `<?xml version="1.0" encoding="UTF-8"?>
<configuration>
${property(`${name}.host`, around.host.name)}${property(`${name}.threads`, settings["threads"] ?? "")}${property(`${name}.timeout.ms`, settings["timeout"] ?? "")}${peers(
        around,
    )
        .map((peer) => property(`${name}.peer.${peer.name}`, peer.address))
        .join("")}</configuration>
`,
    environment: ({ name, settings }, around) => `AREA=${name}
AREA_HOST=${around.host.name}
AREA_BIND=${around.host.address}
AREA_HEAP_MIB=${settings["heap"] ?? ""}
AREA_LOG_LEVEL=${settings["level"] ?? ""}
AREA_PEERS=${peerList(around)}
`,
    logrotate: ({ name, settings }) => `/var/log/agents/${name}.log {
    rotate ${settings["keep"] ?? ""}
    size ${settings["size"] ?? ""}M
    missingok
    notifempty
    compress
    delaycompress
    copytruncate
}
`,
    unit: ({ name }, around) => `[Unit]
Description=Agent ${name} on ${around.host.name}
After=network.target

[Service]
User=agents
ExecStart=/usr/bin/sleep infinity
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`,
};

/** A file with its text. */
export interface RenderedFile extends BenchFile {
    readonly text: string;
}

/** All files of a host, in the order of the kinds. The sysctl file is not among them: each tool has a way of its own to write it. */
export function renderFiles(
    set: Items,
    host: BenchHost,
    hosts: readonly BenchHost[],
): RenderedFile[] {
    const kinds = Object.entries(set.files) as [Kind, readonly BenchFile[]][];
    return kinds.flatMap(([kind, files]) =>
        files.map((file) => ({ ...file, text: render[kind](file, { host, hosts }) })),
    );
}

/** The text of the sysctl file. */
export const sysctlText = (set: Items): string =>
    set.sysctls.map(({ key, value }) => `${key} = ${value}\n`).join("");
