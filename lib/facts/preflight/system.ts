// SPDX-License-Identifier: Apache-2.0
/** System, hardware, kernel settings, ports and packages of one host. Pure. */
import type { Config, HostConfig } from "../../config/schema.ts";
import type { HostFacts } from "../parse.ts";
import { error, pairsOf, warning, type Finding } from "./finding.ts";

const systems = "Debian 12 or Ubuntu 22.04/24.04 on x86_64 is supported";

/** Operating system, architecture and name. */
export function systemFindings(host: HostConfig, facts: HostFacts): Finding[] {
    const found: Finding[] = [];
    const os = facts.values.get("os") ?? "unknown";
    const space = os.lastIndexOf(" ");
    const [system, architecture] = space < 0 ? [os, ""] : [os.slice(0, space), os.slice(space + 1)];
    if (!/^(debian 12|ubuntu 2[24]\.04)$/.test(system))
        found.push(error(host, `runs ${os}`, systems));
    else if (architecture !== "x86_64")
        found.push(error(host, `has the architecture ${architecture}, not x86_64`, systems));
    const hostname = facts.values.get("hostname");
    if (hostname !== host.name) {
        const what = `calls itself ${hostname ?? "nothing"}`;
        const fix = `hostnamectl set-hostname ${host.name}, or correct hosts[].name`;
        found.push(error(host, what, fix));
    }
    return found;
}

/** Memory and cores against what sizes are derived from. */
export function hardwareFindings(host: HostConfig, facts: HostFacts, config: Config): Finding[] {
    const found: Finding[] = [];
    const { memoryMiB, cores } = config.hardware;
    const memory = Number(facts.values.get("memory-mib"));
    // A machine sold as 128 GB reports a little less: firmware and kernel keep some.
    if (memory < memoryMiB * 0.93) {
        const what = `has ${memory} MiB of memory, hardware.memoryMiB says ${memoryMiB}`;
        found.push(error(host, what, "correct hardware.memoryMiB or the host"));
    }
    if (Number(facts.values.get("cores")) < cores) {
        const what = `has ${facts.values.get("cores") ?? "?"} cores, hardware.cores says ${cores}`;
        found.push(warning(host, what, "correct hardware.cores or the host"));
    }
    return found;
}

/** What the kernel does to daemons with large heaps. The platform runs all the same. */
export function kernelFindings(host: HostConfig, facts: HostFacts): Finding[] {
    const found: Finding[] = [];
    const settings = pairsOf(facts, "settings");
    if (Number(settings["swap-mib"]) > 0) {
        const what = `swaps to ${settings["swap-mib"] ?? ""} MiB of disk: a swapped heap stops a daemon for longer than its session lasts`;
        found.push(warning(host, what, "swapoff -a, and take it out of /etc/fstab"));
    }
    if (settings["thp"] === "always") {
        const what = "uses transparent huge pages for everything, expected is madvise or never";
        const fix = "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled, and at each boot";
        found.push(warning(host, what, fix));
    }
    if (settings["overcommit"] === "2") {
        const what = "commits no more memory than it has (vm.overcommit_memory 2), expected is 0";
        const fix =
            "sysctl vm.overcommit_memory=0: a JVM that starts a process asks for its heap twice";
        found.push(warning(host, what, fix));
    }
    const [wanted, most = "ok"] = (facts.values.get("openfiles") ?? "").split(" ");
    if (most !== "ok") {
        const what = `lets a service open ${most} files, the units want ${wanted ?? ""}`;
        found.push(warning(host, what, "raise fs.nr_open, or the limits of what it runs in"));
    }
    return found;
}

/** Ports of ours that somebody else has. */
export function portFindings(host: HostConfig, facts: HostFacts): Finding[] {
    return [...facts.ports]
        .filter(([, holder]) => holder.startsWith("foreign"))
        .map(([port, holder]) =>
            error(
                host,
                `port ${port} is held by ${holder.replace(/^foreign ?/, "")}`,
                "stop that process; the platform needs the port",
            ),
        );
}

/** Whether packages can be installed; of importance only where some are missing. */
export function packageFindings(host: HostConfig, facts: HostFacts): Finding[] {
    const [state, ...words] = (facts.values.get("apt") ?? "ok").split(" ");
    const needed = facts.drift.some((item) => item.startsWith("package "));
    if (state === "locked") {
        const what = `apt is locked by ${words.join(" ")}`;
        return [warning(host, what, "converge waits two minutes for it; let it end, or stop it")];
    }
    if (state === "broken") {
        const what = `packages are half installed: ${words.join(", ")}`;
        const fix = "dpkg --configure -a; apt-get -f install";
        return [(needed ? error : warning)(host, what, fix)];
    }
    return [];
}
