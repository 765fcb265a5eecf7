// SPDX-License-Identifier: Apache-2.0
/**
 * What every host of the comparison gets: the one description that all three tools work from. Plain data, which Ansible and pyinfra take as
 * variables, word by word (inventory.ts); this project's text of the same files is in files.ts. Pure.
 */

/** A host as all three tools know it. */
export interface BenchHost {
    readonly name: string;
    readonly address: string;
}

/** Where a file goes, and whose it is. */
export interface Place {
    readonly path: string;
    readonly owner: string;
    readonly group: string;
    /** Four octal digits. */
    readonly mode: string;
}

/** A file made from a template of its kind. */
export interface BenchFile extends Place {
    readonly name: string;
    /** What the template fills in, beside the host's own name, its address and its peers. */
    readonly settings: Readonly<Record<string, string | number>>;
    /** Units that have to be restarted when the file changes. */
    readonly restarts: readonly string[];
}

/** A kind of file: one template, and so one task in a playbook. */
export type Kind = "properties" | "xml" | "environment" | "logrotate" | "unit";

/** Everything that a host gets. */
export interface Items {
    readonly packages: readonly string[];
    readonly account: { readonly name: string; readonly home: string; readonly shell: string };
    readonly directories: readonly Place[];
    readonly files: Readonly<Record<Kind, readonly BenchFile[]>>;
    readonly units: readonly string[];
    readonly sysctlFile: Place;
    /** Keys in alphabetical order. */
    readonly sysctls: readonly { readonly key: string; readonly value: number }[];
}

const account = "agents";
const home = "/etc/agents";
/** Services; each does nothing, for ever. */
const agents = ["audit", "backup", "logs", "metrics", "probe"] as const;
const areas = ["capture", "export", "filter", "index", "label", "merge", "route", "store"] as const;

const unitOf = (agent: string) => `agent-${agent}`;
const ofRoot = { owner: "root", group: "root", mode: "0644" } as const;

function file(
    name: string,
    place: Place,
    settings: BenchFile["settings"],
    restarts: readonly string[] = [],
): BenchFile {
    return { name, ...place, settings, restarts };
}

/**
 * The items.
 * @param interval what "one file changed on every host" changes: a line of the properties of one agent, which that agent has to load.
 */
export function items(interval: number): Items {
    return {
        packages: ["file", "lsof", "psmisc", "rsync", "tree"],
        account: { name: account, home: "/var/lib/agents", shell: "/usr/sbin/nologin" },
        directories: [
            { path: home, owner: "root", group: account, mode: "0750" },
            { path: `${home}/env`, owner: "root", group: account, mode: "0750" },
            { path: `${home}/site`, owner: "root", group: account, mode: "0750" },
            { path: "/var/lib/agents", owner: account, group: account, mode: "0700" },
        ],
        files: {
            properties: agents.map((agent, i) =>
                file(
                    agent,
                    {
                        path: `${home}/${agent}.properties`,
                        owner: "root",
                        group: account,
                        mode: "0640",
                    },
                    { interval: agent === "metrics" ? interval : 60, port: 9400 + i, queue: 512 },
                    [unitOf(agent)],
                ),
            ),
            xml: [...areas, "watch"].map((area, i) =>
                file(
                    area,
                    { path: `${home}/site/${area}-site.xml`, ...ofRoot },
                    { threads: 4 + i, timeout: 1000 * (i + 1) },
                ),
            ),
            environment: areas.map((area, i) =>
                file(
                    area,
                    {
                        path: `${home}/env/${area}.env`,
                        owner: account,
                        group: account,
                        mode: "0600",
                    },
                    { heap: 64 + 16 * i, level: i % 2 === 0 ? "info" : "warn" },
                ),
            ),
            logrotate: areas.map((area, i) =>
                file(
                    area,
                    { path: `/etc/logrotate.d/agents-${area}`, ...ofRoot },
                    { keep: 7 + i, size: 10 * (i + 1) },
                ),
            ),
            unit: agents.map((agent) =>
                file(
                    agent,
                    { path: `/etc/systemd/system/${unitOf(agent)}.service`, ...ofRoot },
                    {},
                    [unitOf(agent)],
                ),
            ),
        },
        units: agents.map(unitOf),
        // The name is this project's; the others write the same file, so that the hosts can be compared.
        sysctlFile: { path: "/etc/sysctl.d/60-metalstream.conf", ...ofRoot },
        sysctls: Object.entries({
            "net.core.somaxconn": 2048,
            "net.ipv4.tcp_fin_timeout": 45,
            "net.ipv4.tcp_keepalive_intvl": 25,
            "net.ipv4.tcp_keepalive_probes": 6,
            "net.ipv4.tcp_keepalive_time": 900,
            "net.ipv4.tcp_max_syn_backlog": 2048,
            "net.ipv4.tcp_retries2": 10,
            "net.ipv4.tcp_slow_start_after_idle": 0,
            "net.ipv4.tcp_syn_retries": 4,
            "net.ipv4.tcp_tw_reuse": 1,
        }).map(([key, value]) => ({ key, value })),
    };
}

/** The file that changes with `interval`, and the unit that then restarts. */
export const changing = { path: `${home}/metrics.properties`, unit: unitOf("metrics") } as const;
