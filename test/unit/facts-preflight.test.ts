// SPDX-License-Identifier: Apache-2.0
/** The judgement of all hosts' answers: what stands in the way, what is worth knowing, who is left alone. */
import assert from "node:assert/strict";
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import type { Answer } from "../../lib/facts/gather.ts";
import { preflight } from "../../lib/facts/preflight.ts";
import { combinations, says } from "./answers.ts";
import { loadStack } from "./stacks.ts";

const config = loadStack("lab");
const hosts = config.hosts;

/** A host with nothing to complain of; later lines win. */
const good = (host: HostConfig, ...lines: string[]): Answer => ({
    kind: "facts",
    facts: says(
        "os debian 12 x86_64",
        `hostname ${host.name}`,
        `machine-id id-of-${host.name}`,
        "cores 4",
        "memory-mib 4096",
        "clock 1000",
        "asked-at 999.5 1000.5",
        "disk /var directory size-mib=9000 free-mib=5000",
        "disk /opt directory size-mib=9000 free-mib=5000",
        ...config.hardware.disks.map((path) => `disk ${path} mounted size-mib=4096 free-mib=9`),
        ...lines,
    ),
});

const answersWith = (changed: Readonly<Record<string, Answer>>) =>
    new Map(hosts.map((host) => [host.name, changed[host.name] ?? good(host)]));
const host = (name: string) => hosts.find((h) => h.name === name) ?? assert.fail(name);
const judge = (changed: Readonly<Record<string, Answer>>, own: Config = config) =>
    preflight(own, own.hosts, answersWith(changed));
/** `m1: what` of each error when hosts say these lines on top. */
const findings = (lines: Readonly<Record<string, string[]>>) =>
    judge(
        Object.fromEntries(
            Object.entries(lines).map(([name, own]) => [name, good(host(name), ...own)]),
        ),
    ).errors.map(({ path, what }) => `${path}: ${what}`);
const silent: Answer = { kind: "unreachable", reason: "timed out" };

describe("preflight", () => {
    it("lets good hosts pass without a word", () => {
        assert.deepEqual(judge({}), { errors: [], warnings: [], leftAlone: [] });
    });

    const cases: readonly (readonly [string, string, string | undefined])[] = [
        ["another system", "os fedora 40 x86_64", "runs fedora 40 x86_64"],
        ["Ubuntu 24.04", "os ubuntu 24.04 x86_64", undefined],
        ["another name", "hostname x", "calls itself x"],
        ["less memory", "memory-mib 2000", "has 2000 MiB of memory, hardware.memoryMiB says 4096"],
        ["what firmware keeps", "memory-mib 3900", undefined],
        ["a missing disk", "disk /data/2 missing size-mib=0 free-mib=0", "/data/2 is not there"],
        [
            "a disk that is not mounted",
            "disk /data/2 directory size-mib=9000 free-mib=1",
            "/data/2 is a directory of the system disk",
        ],
        [
            "a smaller disk",
            "disk /data/2 mounted size-mib=2048 free-mib=1",
            "/data/2 has 2.0 GiB, hardware.diskGiB says 4",
        ],
        ["a port of ours", "port 9092 held by kafka-broker", undefined],
        ["a free port", "port 9092 free", undefined],
        ["a foreign port", "port 9092 foreign java[12]", "port 9092 is held by java[12]"],
        [
            "a full /var",
            "disk /var directory size-mib=9000 free-mib=100",
            "the disk of /var has 100 MiB left",
        ],
        [
            "a full /opt on a disk of its own",
            "disk /opt mounted size-mib=9000 free-mib=1023",
            "the disk of /opt has 1023 MiB left",
        ],
        ["just enough space", "disk /opt mounted size-mib=9000 free-mib=1024", undefined],
        [
            "a clone",
            "machine-id id-of-m1",
            "has the machine-id of m1: both were cloned from one image",
        ],
    ];
    for (const [what, line, expected] of cases) {
        it(`judges ${what}`, () => {
            assert.deepEqual(
                findings({ w1: [line] }),
                expected === undefined ? [] : [`w1: ${expected}`],
            );
        });
    }

    it("reports all findings of all hosts at once", () => {
        assert.equal(findings({ m1: ["hostname x"], w1: ["hostname y", "os z"] }).length, 3);
    });

    it("warns of other cores and repeats the hosts' own warnings", () => {
        const { errors, warnings } = judge({ w1: good(host("w1"), "cores 2", "warning thp") });
        assert.deepEqual(errors, []);
        assert.deepEqual(warnings, ["w1 has 2 cores, hardware.cores says 4", "w1: thp"]);
    });
});

describe("preflight of clocks", () => {
    it("takes no host for skewed because it was asked later (seen: 18 s on a busy machine)", () => {
        assert.deepEqual(findings({ m1: ["clock 1018", "asked-at 1017.9 1018.2"] }), []);
    });

    it("takes no host for skewed because its answer took long", () => {
        assert.deepEqual(findings({ m1: ["clock 1018", "asked-at 1000 1018.1"] }), []);
        const slow = ["clock 1030", "asked-at 1000 1030.1"];
        assert.deepEqual(findings({ m1: slow, m2: slow, m3: slow, w1: slow, w2: slow }), []);
    });

    it("finds a clock outside of its bounds, whichever way", () => {
        assert.deepEqual(findings({ m1: ["clock 1020"] }), [
            "m1: its clock is at least 19.0 s ahead of the others'",
        ]);
        assert.deepEqual(findings({ w3: ["clock 980"] }), [
            "w3: its clock is at least 19.0 s behind the others'",
        ]);
    });

    it("tolerates up to 5 s, and says nothing of a host without a clock", () => {
        assert.deepEqual(findings({ m1: ["clock 1005"] }), []);
        assert.deepEqual(findings({ m1: ["clock junk"], m2: ["asked-at "] }), []);
    });

    it("takes the side of most hosts", () => {
        assert.deepEqual(
            findings({ m1: ["clock 1100"], m2: ["clock 1100"] }).map((text) => text.slice(0, 2)),
            ["m1", "m2"],
        );
    });
});

describe("preflight of silent hosts", () => {
    it("a member of a quorum may not be missing, one worker may (64 combinations)", () => {
        for (const missing of combinations(...hosts.map(() => [true, false]))) {
            const gone = hosts.filter((_, i) => missing[i] === true).map(({ name }) => name);
            const { errors, leftAlone } = judge(
                Object.fromEntries(gone.map((name) => [name, silent])),
            );
            const masters = gone.filter((name) => name.startsWith("m"));
            const workers = gone.filter((name) => name.startsWith("w"));
            const refused = [...masters, ...(workers.length > 1 ? workers : [])];
            assert.deepEqual(
                errors.map(({ path }) => path),
                refused,
            );
            assert.deepEqual(leftAlone, gone);
        }
    });

    it("a host that is declared down is neither asked nor missed", () => {
        const hostsNow = hosts.map((h) => (h.name === "m3" ? { ...h, state: "down" as const } : h));
        const result = judge({ m3: silent }, { ...config, hosts: hostsNow });
        assert.deepEqual(result, { errors: [], warnings: [], leftAlone: [] });
    });

    it("a host whose check fails stands in the way", () => {
        const { errors } = judge({ w1: { kind: "failed", reason: "check ended with 1: sudo" } });
        assert.deepEqual(
            errors.map(({ path, what }) => `${path}: ${what}`),
            ["w1: check ended with 1: sudo"],
        );
    });
});
