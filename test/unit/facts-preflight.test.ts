// SPDX-License-Identifier: Apache-2.0
/** The judgement of all hosts' answers: what stands in the way and what is worth knowing of hosts, data and names. */
import assert from "node:assert/strict";
import { config, findings, good, host, hosts, judge } from "./preflight-answers.ts";

describe("preflight", () => {
    it("lets good hosts pass without a word", () => {
        assert.deepEqual(judge({}), { errors: [], warnings: [], leftAlone: [] });
    });

    const cases: readonly (readonly [string, string, string | undefined])[] = [
        ["another system", "os fedora 40 x86_64", "runs fedora 40 x86_64"],
        [
            "another architecture",
            "os debian 12 aarch64",
            "has the architecture aarch64, not x86_64",
        ],
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
            "the disk of /var has 100 MiB left, needed are 1024 MiB",
        ],
        [
            "a full /opt on a disk of its own",
            "disk /opt mounted size-mib=9000 free-mib=1023",
            "the disk of /opt has 1023 MiB left, needed are 1024 MiB",
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
        assert.deepEqual(warnings, [
            "w1 has 2 cores, hardware.cores says 4; correct hardware.cores or the host",
            "w1: thp",
        ]);
    });
});

describe("preflight of data", () => {
    const warned = (words: string) =>
        judge({ m1: good(host("m1"), `replicas hdfs ${words}`) }).warnings.map((text) =>
            text.replace(/;.*/, ""),
        );

    it("warns while blocks have one replica only, or none, and not while HDFS merely copies a third", () => {
        assert.deepEqual(warned("blocks=9 missing=0 single=0 low=5 pending=0"), []);
        assert.deepEqual(warned("blocks=9 missing=0 single=2 low=5 pending=0"), [
            "m1: hdfs: 2 of 9 blocks live on one replica only",
        ]);
        assert.deepEqual(warned("blocks=9 missing=1 single=2 low=5 pending=0"), [
            "m1: hdfs: 1 of 9 blocks have lost all their replicas, and their files cannot be read",
            "m1: hdfs: 2 of 9 blocks live on one replica only",
        ]);
    });

    it("says nothing of a NameNode that gave no numbers", () => {
        assert.deepEqual(warned("blocks= missing= single= low= pending="), []);
    });
});

describe("preflight of addresses and names", () => {
    const cases: readonly (readonly [string, string[], string[]])[] = [
        ["its own address", ["addresses 127.0.0.1 10.77.0.14 fe80::1"], []],
        [
            "another machine's answer",
            ["addresses 127.0.0.1 10.9.9.9 fe80::1"],
            [
                "w1: answers at 10.77.0.14 and does not have that address: it has 127.0.0.1, 10.9.9.9",
            ],
        ],
        [
            "another member's address",
            ["addresses 10.77.0.14 10.77.0.11"],
            ["w1: has the address of m1 too: 10.77.0.11"],
        ],
        [
            "a wrong name in DNS",
            ["name m2 10.9.9.9 wanted=10.77.0.12 from=dns"],
            ["w1: m2 is 10.9.9.9 there (dns), expected is 10.77.0.12"],
        ],
        [
            "a wrong name in the hosts file of a converged host, which other names come before",
            ["token t", "name m2 10.9.9.9 wanted=10.77.0.12 from=/etc/hosts"],
            ["w1: m2 is 10.9.9.9 there (/etc/hosts), expected is 10.77.0.12"],
        ],
        [
            "the loopback trap in DNS",
            ["name w1 127.0.1.1 wanted=10.77.0.14 from=dns"],
            [
                "w1: w1 is 127.0.1.1 there (dns), expected is 10.77.0.14: a service that listens at its name would be reached by nobody",
            ],
        ],
        [
            "the name of its own address",
            ["reverse 10.77.0.14 other.example from=dns"],
            ["w1: its address 10.77.0.14 has the name other.example there (dns), expected is w1"],
        ],
    ];
    for (const [what, lines, expected] of cases) {
        it(`judges ${what}`, () => {
            assert.deepEqual(findings({ w1: lines }), expected);
        });
    }

    it("only warns, before the first converge, of what converge writes anew", () => {
        const lines = ["token -", "name w1 127.0.1.1 wanted=10.77.0.14 from=/etc/hosts"];
        const { errors, warnings } = judge({ w1: good(host("w1"), ...lines) });
        assert.deepEqual(errors, []);
        assert.deepEqual(warnings, [
            "w1 w1 is 127.0.1.1 there (/etc/hosts), expected is 10.77.0.14: a service that listens at its name would be reached by nobody; converge writes /etc/hosts anew; nothing to do",
        ]);
    });

    it("compares IPv6 addresses however they are written", () => {
        const hosts6 = hosts.map((h) =>
            h.name === "w1" ? { ...h, address: "fd00:0:0::00A1" } : h,
        );
        const { errors } = judge(
            { w1: good(host("w1"), "addresses 127.0.0.1 fd00::a1") },
            { ...config, hosts: hosts6 },
        );
        assert.deepEqual(errors, []);
    });

    it("tells one machine under two names from a clone", () => {
        const one = "addresses 10.77.0.14 10.77.0.15";
        const twins = findings({
            w1: ["machine-id x", one],
            w2: ["machine-id x", one],
        });
        assert.ok(
            twins.includes("w2: is the machine that w1 is: same machine-id, same addresses"),
            twins.join("\n"),
        );
    });
});
