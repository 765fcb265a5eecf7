// SPDX-License-Identifier: Apache-2.0
/** Kernel, time, and a platform team's own items. Pure. */
import type { Diagnostic } from "../../lib/config/diagnostics.ts";
import { isOn } from "../../lib/config/rules/system.ts";
import type { Config, HostConfig, SystemConfig } from "../../lib/config/schema.ts";
import { item, type Section } from "../../lib/manifest.ts";

const chronyFile = "/etc/chrony/chrony.conf";
const rootFile = { owner: "root", group: "root", mode: "0644" } as const;

/** Only the servers of the stack: a pool beside them would vote with a minority of its own. */
function chronyConfig(servers: readonly string[]): string {
    return [
        ...servers.map((server) => `server ${server} iburst`),
        "driftfile /var/lib/chrony/chrony.drift",
        "ntsdumpdir /var/lib/chrony",
        "logdir /var/log/chrony",
        "maxupdateskew 100.0",
        "rtcsync",
        "# A step is for the start only: later a jump would end sessions and leases that still hold.",
        "makestep 1 3",
        "",
    ].join("\n");
}

function timeItems({ timeServers }: SystemConfig): string[] {
    if (timeServers.length === 0) return [];
    const when = { when: "clock" } as const;
    return [
        item.package("chrony", when),
        item.file(chronyFile, { ...rootFile, ...when }, chronyConfig(timeServers)),
        item.service("chrony", [chronyFile], when),
    ];
}

function kernelItems(system: SystemConfig): string[] {
    const settings = {
        // Swapped-out heaps turn collections into session timeouts (Kafka and Hadoop documentation both ask for it).
        "vm.swappiness": 1,
        // Kafka maps two files per log segment index.
        "vm.max_map_count": 262144,
        ...system.sysctl,
    };
    return [
        ...Object.entries(settings).map(([key, value]) => item.sysctl(key, value)),
        item.hugepages("enabled", system.transparentHugePages),
        // Who asks for a huge page may wait for it; the others never do.
        item.hugepages("defrag", "madvise"),
        // Command line tools of Kafka and Spark open as many files as their daemons.
        item.limit("*", "nofile", system.loginFiles),
        ...system.modules.map((name) => item.module(name)),
    ];
}

function timerItem({ name, schedule, command, user }: SystemConfig["timers"][number]): string {
    return item.timer(
        name,
        `[Unit]\nDescription=${name} (metalstream)\n[Timer]\nOnCalendar=${schedule}\nPersistent=yes\n[Install]\nWantedBy=timers.target\n`,
        `[Unit]\nDescription=${name} (metalstream)\n[Service]\nType=oneshot\nUser=${user}\nExecStart=${command}\n`,
    );
}

/** Where a service's `restartOn` lies: a file's path as it is, `unit/name` of a drop-in in its directory. */
const restartPath = (path: string) =>
    path.startsWith("/") ? path : `/etc/systemd/system/${path.replace("/", ".d/")}.conf`;

function teamItems(system: SystemConfig, host: HostConfig): string[] {
    const here = <T extends { readonly on: readonly string[] }>(items: readonly T[]) =>
        items.filter((one) => isOn(one, host));
    return [
        ...here(system.packages).map(({ name, version }) => item.package(name, { version })),
        ...here(system.directories).map(({ path, owner, group, mode }) =>
            item.directory(path, { owner, group, mode }),
        ),
        ...here(system.files).map(({ path, content, owner, group, mode }) =>
            item.file(path, { owner, group, mode }, content),
        ),
        ...here(system.dropIns).map(({ unit, name, content }) => item.dropIn(unit, name, content)),
        ...here(system.timers).map(timerItem),
        ...here(system.services).map(({ name, restartOn }) =>
            item.service(name, restartOn.map(restartPath)),
        ),
    ];
}

/** What an item is about: the path it owns, or its kind and name. */
function owns(text: string): string {
    const [kind = "", name = ""] = text.split(/[ \n]/, 2);
    return name.startsWith("/") ? name : `${kind} ${name}`;
}

/** What the stack file wants on a host although the platform owns it there: a finding for each item. */
export function systemConflicts(
    config: Config,
    host: HostConfig,
    platform: readonly Section[],
): Diagnostic[] {
    const taken = new Map(
        platform.flatMap((section) => section.items.map((text) => [owns(text), text] as const)),
    );
    return teamItems(config.system, host).flatMap((text) => {
        const other = taken.get(owns(text));
        // A package may be pinned, and the same said twice is said once.
        if (other === undefined || other === text || text.startsWith("package ")) return [];
        const what = `${owns(text)} is the platform's own on ${host.name}`;
        return [{ path: "system", what, fix: "take it out of the stack file" }];
    });
}

/** The section of a host's `system` keys. */
export function systemSection({ system }: Config, host: HostConfig): Section {
    return {
        items: [...kernelItems(system), ...timeItems(system), ...teamItems(system, host)],
        units: [],
    };
}
