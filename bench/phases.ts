// SPDX-License-Identifier: Apache-2.0
/** From the output of `npm run lab`, line by line with its time, to how long each part took. Pure. */

/** A line of output. */
export interface Line {
    /** When it came, milliseconds of the machine's clock. */
    readonly at: number;
    readonly text: string;
}

/** Points in time of a cold `npm run lab`, milliseconds of the machine's clock. */
export interface Marks {
    readonly begin: number;
    readonly hostsBegin: number;
    readonly upBegin: number;
    readonly convergeEnd: number;
    readonly lastGate: number;
    readonly upEnd: number;
    readonly end: number;
}

/** A resource that is done, as lab/platform.ts reports it. */
const done = /^ {2}(\S+) (?:created|updated|replaced) \(/;
const nameOf = (line: Line): string => done.exec(line.text)?.[1] ?? "";
const isConverge = (name: string): boolean => name.startsWith("converge-");
const isRoll = (name: string): boolean => /(^|-)roll-/.test(name);

function last(lines: readonly Line[], what: string, fits: (line: Line) => boolean): number {
    const line = lines.findLast(fits);
    if (line === undefined) throw new Error(`the output of npm run lab has no line of ${what}`);
    return line.at;
}

/**
 * Finds the points in time in the output.
 * @throws Error that names the line which is missing: then the run did not deploy everything anew, and is no cold one.
 */
export function marks(begin: number, lines: readonly Line[], end: number): Marks {
    const starts = (text: string) => (line: Line) => line.text.startsWith(text);
    return {
        begin,
        hostsBegin: last(lines, "the hosts' boot", starts("lab: hosts")),
        upBegin: last(
            lines,
            "the platform's begin",
            ({ text }) => text.startsWith("platform (") && text.endsWith("…"),
        ),
        convergeEnd: last(lines, "a converge", (line) => isConverge(nameOf(line))),
        lastGate: last(lines, "a roll", (line) => isRoll(nameOf(line))),
        upEnd: last(
            lines,
            "the platform's end",
            ({ text }) => text.startsWith("platform (") && text.includes("done in"),
        ),
        end,
    };
}

/** Seconds of each part of a cold `npm run lab`. `services` overlaps `installation`: a host's first units start when it is ready. */
export interface Parts {
    readonly total: number;
    /** Set-up, engine and artifacts found in the caches. */
    readonly preparation: number;
    readonly boot: number;
    /** The whole `pulumi up` onto booted, empty hosts. */
    readonly up: number;
    /** From the beginning of `up` to the end of the last converge: packages, artifacts, class-data archives, files. */
    readonly installation: number;
    /** From the first unit started on any host to the last gate passed. */
    readonly services: number;
    /** From the end of the last converge to the last gate passed. */
    readonly servicesAfterInstallation: number;
    /** From the last gate to the end of `up`: the topic, and the job's first batch. */
    readonly job: number;
}

/** @param firstUnit when the first unit of the platform was started, milliseconds of the machine's clock. */
export function parts(at: Marks, firstUnit: number): Parts {
    const between = (from: number, to: number) => (to - from) / 1000;
    return {
        total: between(at.begin, at.end),
        preparation: between(at.begin, at.hostsBegin),
        boot: between(at.hostsBegin, at.upBegin),
        up: between(at.upBegin, at.upEnd),
        installation: between(at.upBegin, at.convergeEnd),
        services: between(firstUnit, at.lastGate),
        servicesAfterInstallation: between(at.convergeEnd, at.lastGate),
        job: between(at.lastGate, at.upEnd),
    };
}

/** When the packages, and all artifacts with their archives, were there on the slowest host: whole seconds of its converge. */
export interface Installed {
    readonly packages: number;
    readonly artifacts: number;
}

/** Reads the engine's own output (`.lab/pulumi-up.log`), which gives the age of each resource with each line of a host. */
export function installed(log: string): Installed {
    const slowest = (kind: string) => {
        const ages = log.matchAll(
            new RegExp(String.raw`converge-\S+ creating \((\d+)s\) changed ${kind} `, "g"),
        );
        return Math.max(0, ...[...ages].map(([, age]) => Number(age)));
    };
    return { packages: slowest("package"), artifacts: slowest("artifact") };
}

/** The message of systemd that says that a unit is being started (systemd's catalogue, SD_MESSAGE_UNIT_STARTING). */
export const startingMessage = "7d4958e842da4a758f6c1cdc7b36dcc5";

/**
 * When the first of the units was started, from a host's journal as JSON lines; undefined when none was.
 * @returns milliseconds of the machine's clock, which the lab's hosts share.
 */
export function firstStart(journal: string, units: ReadonlySet<string>): number | undefined {
    const times = journal
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as { UNIT?: string; __REALTIME_TIMESTAMP: string })
        .filter(({ UNIT }) => units.has(UNIT?.replace(/\.service$/, "") ?? ""))
        .map((entry) => Number(entry.__REALTIME_TIMESTAMP) / 1000);
    return times.length === 0 ? undefined : Math.min(...times);
}
