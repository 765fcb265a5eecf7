// SPDX-License-Identifier: Apache-2.0
/** Judges all answers of all hosts at once, before anything is touched. Pure. */
import type { Diagnostic } from "../config/diagnostics.ts";
import type { Config, HostConfig, Role } from "../config/schema.ts";
import type { Answer } from "./gather.ts";
import type { HostFacts } from "./parse.ts";

/** What stands in the way, and what is only worth knowing. */
export interface Preflight {
    readonly errors: readonly Diagnostic[];
    readonly warnings: readonly string[];
    /** Hosts that did not answer and may be left alone in this run. */
    readonly leftAlone: readonly string[];
}

/** Roles that vote or hold the only copy: none of their hosts may be missing unless the configuration says so. */
const quorumRoles: readonly Role[] = [
    "zookeeper",
    "journalnode",
    "namenode",
    "spark-master",
    "kafka-controller",
];

const maxSkewSeconds = 5;

/** Where packages, artifacts and logs go: their file systems are asked for free space. */
export const systemPlaces = ["/var", "/opt"] as const;
const minFreeMiB = 1024;

const finding = (host: HostConfig, what: string, fix: string): Diagnostic => ({
    path: host.name,
    what,
    fix,
});

/** How far a host's clock is ahead of this machine's, at least and at most, seconds. */
interface Offset {
    readonly least: number;
    readonly most: number;
}

/** The host read its clock at some time between question and answer, so its offset is only known within these bounds. */
function clockOffset(facts: HostFacts): Offset | undefined {
    const clock = Number(facts.values.get("clock") ?? Number.NaN);
    const [sent = Number.NaN, received = Number.NaN] = (facts.values.get("asked-at") ?? "")
        .split(" ")
        .map((word) => (word === "" ? Number.NaN : Number(word)));
    const offset = { least: clock - received, most: clock - sent };
    return Number.isNaN(offset.least + offset.most) ? undefined : offset;
}

/** The bounds on which most hosts agree (Marzullo's algorithm: they begin where those of one host begin). */
function agreedOffset(offsets: readonly Offset[]): Offset {
    const agreeing = (at: number) => offsets.filter((o) => o.least <= at && at <= o.most);
    const most = offsets
        .map(({ least }) => agreeing(least))
        .reduce((best, group) => (group.length > best.length ? group : best), []);
    return {
        least: Math.max(...most.map(({ least }) => least)),
        most: Math.min(...most.map((offset) => offset.most)),
    };
}

function clockFindings(known: Known): Diagnostic[] {
    const measured = known.flatMap(([host, facts]) => {
        const offset = clockOffset(facts);
        return offset === undefined ? [] : [{ host, offset }];
    });
    const agreed = agreedOffset(measured.map(({ offset }) => offset));
    return measured.flatMap(({ host, offset }) => {
        const skew =
            Math.max(0, offset.least - agreed.most) + Math.min(0, offset.most - agreed.least);
        if (Math.abs(skew) <= maxSkewSeconds) return [];
        const what = `its clock is at least ${Math.abs(skew).toFixed(1)} s ${skew > 0 ? "ahead of" : "behind"} the others'`;
        return [finding(host, what, "set up time synchronisation (chrony)")];
    });
}

function systemFindings(host: HostConfig, facts: HostFacts, config: Config): Diagnostic[] {
    const found: Diagnostic[] = [];
    const os = facts.values.get("os") ?? "unknown";
    if (!/^(debian 12|ubuntu 2[24]\.04) x86_64$/.test(os)) {
        found.push(
            finding(host, `runs ${os}`, "Debian 12 or Ubuntu 22.04/24.04 on x86_64 is supported"),
        );
    }
    const hostname = facts.values.get("hostname");
    if (hostname !== host.name) {
        found.push(
            finding(
                host,
                `calls itself ${hostname ?? "nothing"}`,
                `hostnamectl set-hostname ${host.name}, or correct hosts[].name`,
            ),
        );
    }
    const memory = Number(facts.values.get("memory-mib"));
    // A machine sold as 128 GB reports a little less: firmware and kernel keep some.
    if (memory < config.hardware.memoryMiB * 0.93) {
        found.push(
            finding(
                host,
                `has ${memory} MiB of memory, hardware.memoryMiB says ${config.hardware.memoryMiB}`,
                "correct hardware.memoryMiB or the host",
            ),
        );
    }
    return found;
}

function diskFindings(host: HostConfig, facts: HostFacts, config: Config): Diagnostic[] {
    return config.hardware.disks.flatMap((path) => {
        const disk = facts.disks.get(path);
        if (disk === undefined || disk["kind"] === "missing") {
            return [
                finding(
                    host,
                    `${path} is not there`,
                    `mount a data disk on ${path}, or correct hardware.disks`,
                ),
            ];
        }
        if (disk["kind"] !== "mounted") {
            return [
                finding(
                    host,
                    `${path} is a directory of the system disk`,
                    `mount a data disk on ${path}`,
                ),
            ];
        }
        const gib = Number(disk["size-mib"]) / 1024;
        if (gib >= config.hardware.diskGiB * 0.9) return [];
        return [
            finding(
                host,
                `${path} has ${gib.toFixed(1)} GiB, hardware.diskGiB says ${config.hardware.diskGiB}`,
                "correct hardware.diskGiB or the disk",
            ),
        ];
    });
}

function portFindings(host: HostConfig, facts: HostFacts): Diagnostic[] {
    return [...facts.ports]
        .filter(([, holder]) => holder.startsWith("foreign"))
        .map(([port, holder]) =>
            finding(
                host,
                `port ${port} is held by ${holder.replace(/^foreign ?/, "")}`,
                "stop that process; the platform needs the port",
            ),
        );
}

function spaceFindings(host: HostConfig, facts: HostFacts): Diagnostic[] {
    return systemPlaces.flatMap((path) => {
        const disk = facts.disks.get(path);
        const free = Number(disk?.["free-mib"] ?? Number.NaN);
        if (disk?.["kind"] === "missing" || Number.isNaN(free) || free >= minFreeMiB) return [];
        const fix = `free at least ${minFreeMiB} MiB for packages and artifacts`;
        return [finding(host, `the disk of ${path} has ${free} MiB left`, fix)];
    });
}

type Known = readonly (readonly [HostConfig, HostFacts])[];

/** What only shows when all hosts are seen together. */
function sharedFindings(known: Known): Diagnostic[] {
    const found: Diagnostic[] = clockFindings(known);
    for (const [i, [host, facts]] of known.entries()) {
        const id = facts.values.get("machine-id");
        const twin =
            id === undefined
                ? undefined
                : known.slice(0, i).find(([, other]) => other.values.get("machine-id") === id);
        if (twin !== undefined) {
            found.push(
                finding(
                    host,
                    `has the machine-id of ${twin[0].name}: both were cloned from one image`,
                    "rm /etc/machine-id; systemd-machine-id-setup; reboot",
                ),
            );
        }
    }
    return found;
}

function unreachable(
    host: HostConfig,
    reason: string,
    workersDown: number,
    budget: number,
): Diagnostic[] {
    const voting = host.roles.filter((role) => quorumRoles.includes(role));
    if (voting.length === 0 && workersDown <= budget) return [];
    const why =
        voting.length > 0
            ? `it is part of a quorum (${voting.join(", ")})`
            : `${workersDown} workers are out of reach, ${budget} may be`;
    return [
        finding(
            host,
            `does not answer: ${reason}; ${why}`,
            "bring it back, or say state: down in the stack file",
        ),
    ];
}

/** Judges the answers. At most one worker in ten, and always one, may be out of reach. */
export function preflight(
    config: Config,
    hosts: readonly HostConfig[],
    answers: ReadonlyMap<string, Answer>,
): Preflight {
    const asked = hosts.filter((host) => host.state === "present");
    const of = (host: HostConfig) => answers.get(host.name);
    const silent = asked.filter((host) => of(host)?.kind === "unreachable");
    const workersDown = silent.filter(
        (host) => !host.roles.some((role) => quorumRoles.includes(role)),
    ).length;
    const budget = Math.max(1, Math.floor(asked.length / 10));
    const known: Known = asked.flatMap((host) => {
        const answer = of(host);
        return answer?.kind === "facts" ? [[host, answer.facts] as const] : [];
    });
    const errors = [
        ...asked.flatMap((host) => {
            const answer = of(host);
            if (answer?.kind === "unreachable")
                return unreachable(host, answer.reason, workersDown, budget);
            if (answer?.kind === "failed")
                return [finding(host, answer.reason, "the login user must be able to run sudo -n")];
            return [];
        }),
        ...known.flatMap(([host, facts]) => [
            ...systemFindings(host, facts, config),
            ...diskFindings(host, facts, config),
            ...portFindings(host, facts),
            ...spaceFindings(host, facts),
        ]),
        ...sharedFindings(known),
    ];
    const cores = known.filter(
        ([, facts]) => Number(facts.values.get("cores")) < config.hardware.cores,
    );
    const warnings = [
        ...silent.map((host) => `${host.name} does not answer and is left alone`),
        ...cores.map(
            ([host, facts]) =>
                `${host.name} has ${facts.values.get("cores") ?? "?"} cores, hardware.cores says ${config.hardware.cores}`,
        ),
        ...known.flatMap(([host, facts]) =>
            facts.warnings.map((warning) => `${host.name}: ${warning}`),
        ),
    ];
    return { errors, warnings, leftAlone: silent.map((host) => host.name) };
}
