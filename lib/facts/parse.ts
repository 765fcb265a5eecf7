// SPDX-License-Identifier: Apache-2.0
/** The output of the host program's `check` -> facts. host/README.md specifies the lines. Pure. */
import { parseReplicas, type Replicas } from "./replicas.ts";
import { parseDiskPlan, type DiskPlan } from "./disks.ts";

/** What a unit of ours does on a host. Digests are undefined where there is none. */
export interface UnitFacts {
    readonly active: boolean;
    readonly running: string | undefined;
    readonly current: string | undefined;
    readonly wanted: string | undefined;
    /** Token of the last roll that ended well. */
    readonly rolled: string | undefined;
}

/** A manifest of its own within a host, such as that of the secrets. The host compares; what they hold is never said. */
export interface SectionFacts {
    readonly token: string | undefined;
    /** `secret /x content`, one per item that differs. */
    readonly drift: readonly string[];
}

/** A file in which what a unit runs differs from what is wanted. */
export interface Restart {
    readonly unit: string;
    readonly file: string;
    readonly lines: readonly string[];
}

/** A name that leads elsewhere on a host than it should. */
export interface WrongName {
    readonly name: string;
    readonly found: string;
    readonly wanted: string;
    /** The file that says so, or `dns`. */
    readonly from: string;
}

/** A connection to a member of another rack. */
export interface Latency {
    readonly rack: string;
    /** Milliseconds, the least of three; undefined where nothing answered. */
    readonly ms: number | undefined;
}

/** What a host said of itself. */
export interface HostFacts {
    /**
     * Single-valued lines, such as `os`, `kernel`, `hostname`, `machine-id`, `clock`, `cores`, `memory-mib`; and `asked-at`, seconds of this
     * machine's clock before and after the question (gather.ts).
     */
    readonly values: ReadonlyMap<string, string>;
    readonly token: string | undefined;
    /** SHA-256 of the manifest that was applied last. */
    readonly manifest: string | undefined;
    /** `file /etc/x content`, one per item that differs from the wanted manifest. */
    readonly drift: readonly string[];
    /** Changed lines per item, ready to be shown. */
    readonly diffs: ReadonlyMap<string, readonly string[]>;
    /** Why units that run something else than what is wanted will restart: the files that differ, with their changed lines; `-`: not known. */
    readonly restarts: readonly Restart[];
    readonly warnings: readonly string[];
    /** `artifact hadoop-…`: what the next converge removes besides; no drift. */
    readonly garbage: readonly string[];
    readonly units: ReadonlyMap<string, UnitFacts>;
    /** Manifests beside the main one (`section NAME`): token, and items that differ. */
    readonly sections: ReadonlyMap<string, SectionFacts>;
    /** Port -> who holds it: a unit, `free` or `foreign <process>[<pid>]`. */
    readonly ports: ReadonlyMap<number, string>;
    readonly disks: ReadonlyMap<string, Readonly<Record<string, string>>>;
    /** Mount point -> what the host would do with the device that is named for it. */
    readonly diskPlans: ReadonlyMap<string, DiskPlan>;
    readonly evidence: ReadonlyMap<string, string>;
    readonly roles: ReadonlyMap<string, string>;
    /** First-start step -> token with which it ended well last. */
    readonly steps: ReadonlyMap<string, string>;
    /** Replicas of a service's data, as its active member counts them. */
    readonly replicas: ReadonlyMap<string, Replicas>;
    /** What the last converge left on the host: `removal`, `members.<role>`. */
    readonly notes: ReadonlyMap<string, string>;
    /** Streaming jobs that run, or of which that cannot be known now, with the token of the step that last saw to it (undefined where there is none). */
    readonly jobs: ReadonlyMap<string, string | undefined>;
    /** Only where they were asked for, as are latencies: before the first converge, and by `metalstream preflight`. */
    readonly names: readonly WrongName[];
    readonly latencies: ReadonlyMap<string, Latency>;
}

const absent = (value: string | undefined) =>
    value === undefined || value === "-" ? undefined : value;

/** `a=1 b=2` -> record. */
function pairs(words: readonly string[]): Record<string, string> {
    const split = words
        .filter((word) => word.includes("="))
        .map((word): [string, string] => {
            const at = word.indexOf("=");
            return [word.slice(0, at), word.slice(at + 1)];
        });
    return Object.fromEntries(split);
}

/** `2181 held by zookeeper` -> `zookeeper`; `2181 foreign java[123]` -> `foreign java[123]`. */
const holder = (rest: string) => rest.replace(/^\S+ ?/, "").replace(/^held by /, "");

function unitFacts(words: readonly string[]): UnitFacts {
    const values = pairs(words);
    return {
        active: words[0] === "active",
        running: absent(values["running"]),
        current: absent(values["current"]),
        wanted: absent(values["wanted"]),
        rolled: absent(values["rolled"]),
    };
}

/** Parses the lines of `check`. Lines of an unknown kind are kept under their first word. */
export function parseFacts(output: string): HostFacts {
    const facts = {
        values: new Map<string, string>(),
        drift: [] as string[],
        diffs: new Map<string, string[]>(),
        restarts: [] as Restart[],
        warnings: [] as string[],
        garbage: [] as string[],
        units: new Map<string, UnitFacts>(),
        sections: new Map<string, { token: string | undefined; drift: string[] }>(),
        ports: new Map<number, string>(),
        disks: new Map<string, Record<string, string>>(),
        diskPlans: new Map<string, DiskPlan>(),
        evidence: new Map<string, string>(),
        roles: new Map<string, string>(),
        steps: new Map<string, string>(),
        replicas: new Map<string, Replicas>(),
        notes: new Map<string, string>(),
        jobs: new Map<string, string | undefined>(),
        names: [] as WrongName[],
        latencies: new Map<string, Latency>(),
    };
    let diff: string[] = [];
    const take: Record<string, (rest: string, words: string[]) => void> = {
        drift: (rest) => facts.drift.push(rest),
        diff: (rest) => facts.diffs.set(rest, (diff = [])),
        "|": (rest) => diff.push(rest),
        restart: (_, [unit = "", file = ""]) =>
            facts.restarts.push({ unit, file, lines: (diff = []) }),
        warning: (rest) => facts.warnings.push(rest),
        garbage: (rest) => facts.garbage.push(rest),
        unit: (_, [name = "", ...words]) => facts.units.set(name, unitFacts(words)),
        section: (_, [name = "", ...words]) =>
            facts.sections.set(name, { token: absent(pairs(words)["token"]), drift: [] }),
        "section-drift": (rest, [name = ""]) =>
            facts.sections.get(name)?.drift.push(rest.slice(name.length + 1)),
        port: (rest, [port = ""]) => facts.ports.set(Number(port), holder(rest)),
        disk: (_, [path = "", kind = "", ...words]) =>
            facts.disks.set(path, { ...pairs(words), kind }),
        filesystem: (rest, [path = ""]) =>
            facts.diskPlans.set(path, parseDiskPlan(rest.slice(path.length + 1))),
        evidence: (_, [key = "", value = ""]) => facts.evidence.set(key, value),
        job: (_, [name = "", state = "", token]) => {
            if (state !== "stopped") facts.jobs.set(name, absent(token));
            if (state === "unknown")
                facts.warnings.push(`job ${name}: whether it runs cannot be told now`);
        },
        name: (_, [name = "", found = "", ...words]) => {
            const { wanted = "", from = "dns" } = pairs(words);
            facts.names.push({ name, found, wanted, from });
        },
        latency: (_, [peer = "", ...words]) => {
            const { rack = "", us = "-1" } = pairs(words);
            facts.latencies.set(peer, { rack, ms: Number(us) < 0 ? undefined : Number(us) / 1000 });
        },
        role: (_, [unit = "", value = ""]) => facts.roles.set(unit, value),
        step: (_, [step = "", token = ""]) => facts.steps.set(step, token),
        replicas: (_, [service = "", ...words]) => {
            const counted = parseReplicas(pairs(words));
            if (counted !== undefined) facts.replicas.set(service, counted);
        },
        note: (_, [key = "", value = ""]) => facts.notes.set(key, value),
    };
    for (const line of output.split("\n").filter((text) => text !== "")) {
        const space = line.indexOf(" ");
        const key = space < 0 ? line : line.slice(0, space);
        const rest = space < 0 ? "" : line.slice(space + 1);
        // Not simply take[key]: a host may say `constructor`.
        const handler = Object.hasOwn(take, key) ? take[key] : undefined;
        if (handler === undefined) facts.values.set(key, rest);
        else handler(rest, rest.split(" "));
    }
    return {
        ...facts,
        token: absent(facts.values.get("token")),
        manifest: absent(facts.values.get("manifest")),
    };
}
