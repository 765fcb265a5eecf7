// SPDX-License-Identifier: Apache-2.0
/** The output of the host program's `check` -> facts. host/README.md specifies the lines. Pure. */

/** What a unit of ours does on a host. Digests are undefined where there is none. */
export interface UnitFacts {
    readonly active: boolean;
    readonly running: string | undefined;
    readonly current: string | undefined;
    readonly wanted: string | undefined;
    /** Token of the last roll that ended well. */
    readonly rolled: string | undefined;
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
    readonly warnings: readonly string[];
    readonly units: ReadonlyMap<string, UnitFacts>;
    /** Port -> who holds it: a unit, `free` or `foreign <process>[<pid>]`. */
    readonly ports: ReadonlyMap<number, string>;
    readonly disks: ReadonlyMap<string, Readonly<Record<string, string>>>;
    readonly evidence: ReadonlyMap<string, string>;
    readonly roles: ReadonlyMap<string, string>;
    /** Streaming jobs that run, with the token of the step that last saw to it (undefined where there is none). */
    readonly jobs: ReadonlyMap<string, string | undefined>;
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
        warnings: [] as string[],
        units: new Map<string, UnitFacts>(),
        ports: new Map<number, string>(),
        disks: new Map<string, Record<string, string>>(),
        evidence: new Map<string, string>(),
        roles: new Map<string, string>(),
        jobs: new Map<string, string | undefined>(),
    };
    let diff: string[] = [];
    const take: Record<string, (rest: string, words: string[]) => void> = {
        drift: (rest) => facts.drift.push(rest),
        diff: (rest) => facts.diffs.set(rest, (diff = [])),
        "|": (rest) => diff.push(rest),
        warning: (rest) => facts.warnings.push(rest),
        unit: (_, [name = "", ...words]) => facts.units.set(name, unitFacts(words)),
        port: (rest, [port = ""]) => facts.ports.set(Number(port), holder(rest)),
        disk: (_, [path = "", kind = "", ...words]) =>
            facts.disks.set(path, { ...pairs(words), kind }),
        evidence: (_, [key = "", value = ""]) => facts.evidence.set(key, value),
        job: (_, [name = "", state = "", token]) => {
            if (state === "running") facts.jobs.set(name, absent(token));
        },
        role: (_, [unit = "", value = ""]) => facts.roles.set(unit, value),
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
