// SPDX-License-Identifier: Apache-2.0
/** The judgement of all hosts' answers: networks, kernels, space and clocks; and who is left alone. */
import assert from "node:assert/strict";
import { preflight } from "../../lib/facts/preflight.ts";
import { combinations } from "./answers.ts";
import {
    answersWith,
    config,
    findings,
    good,
    host,
    hosts,
    judge,
    silent,
} from "./preflight-answers.ts";

describe("preflight of the network between racks", () => {
    const answer = (us: number) => ({ w1: good(host("w1"), `latency m2 rack=r2 us=${us}`) });

    it("says nothing up to 5 ms", () => {
        assert.deepEqual(judge(answer(5000)), { errors: [], warnings: [], leftAlone: [] });
    });

    it("warns above 5 ms", () => {
        const { errors, warnings } = judge(answer(5100));
        assert.deepEqual(errors, []);
        assert.deepEqual(warnings, [
            "w1 needs 5.1 ms to m2 in rack r2, expected is under 5 ms; every write waits for it",
        ]);
    });

    it("refuses what sessions do not outlive: more than a twentieth of the shortest", () => {
        assert.deepEqual(judge(answer(400_000)).errors, []);
        assert.deepEqual(
            judge(answer(400_100)).errors.map(({ path, what }) => `${path}: ${what}`),
            ["w1: needs 400.1 ms to m2 in rack r2, at most 400 ms keep sessions of 8000 ms"],
        );
    });

    it("warns of a rack that is not reached, unless that host is out of reach for all", () => {
        const { warnings } = judge(answer(-1));
        assert.deepEqual(warnings, [
            "w1 has no connection to the SSH port of m2 in rack r2, so the time between the racks is not known; see that the racks reach each other's services",
        ]);
        const quiet = judge({ ...answer(-1), m2: silent });
        assert.deepEqual(quiet.warnings, ["m2 does not answer and is left alone"]);
    });
});

describe("preflight of kernel settings and packages", () => {
    const cases: readonly (readonly [string, string[], string[], string[]])[] = [
        [
            "what is right",
            ["settings swap-mib=0 thp=madvise overcommit=0", "openfiles 65536 ok", "apt ok"],
            [],
            [],
        ],
        [
            "what is not",
            ["settings swap-mib=2048 thp=always overcommit=2", "openfiles 65536 20000"],
            [],
            [
                "w1 swaps to 2048 MiB of disk: a swapped heap stops a daemon for longer than its session lasts; swapoff -a, and take it out of /etc/fstab",
                "w1 uses transparent huge pages for everything, expected is madvise or never; echo madvise >/sys/kernel/mm/transparent_hugepage/enabled, and at each boot",
                "w1 commits no more memory than it has (vm.overcommit_memory 2), expected is 0; sysctl vm.overcommit_memory=0: a JVM that starts a process asks for its heap twice",
                "w1 lets a service open 20000 files, the units want 65536; raise fs.nr_open, or the limits of what it runs in",
            ],
        ],
        [
            "a lock of apt's",
            ["apt locked apt-get[12]", "drift package curl missing"],
            [],
            [
                "w1 apt is locked by apt-get[12]; converge waits two minutes for it; let it end, or stop it",
            ],
        ],
        [
            "half installed packages, where others are to be installed",
            ["apt broken nginx vim", "drift package curl missing"],
            ["w1: packages are half installed: nginx, vim"],
            [],
        ],
        [
            "half installed packages, where none is",
            ["apt broken nginx"],
            [],
            ["w1 packages are half installed: nginx; dpkg --configure -a; apt-get -f install"],
        ],
    ];
    for (const [what, lines, errors, warnings] of cases) {
        it(`judges ${what}`, () => {
            assert.deepEqual(findings({ w1: lines }), errors);
            assert.deepEqual(judge({ w1: good(host("w1"), ...lines) }).warnings, warnings);
        });
    }
});

describe("preflight of space for artifacts", () => {
    const sizes = new Map([
        ["hadoop-1", 700 * 1024 * 1024],
        ["spark-1", 300 * 1024 * 1024],
    ]);
    const missing = ["drift artifact hadoop-1 missing", "drift artifact spark-1 missing"];
    const found = (...lines: string[]) =>
        preflight(config, hosts, answersWith({ w1: good(host("w1"), ...lines) }), sizes).errors.map(
            ({ what, fix }) => `${what}; ${fix}`,
        );
    const disk = (path: string, free: number, on: string) =>
        `disk ${path} directory size-mib=90000 free-mib=${free} on=${on}`;

    it("asks /var for the downloads and /opt for twice as much", () => {
        assert.deepEqual(
            found(...missing, disk("/var", 2023, "/var"), disk("/opt", 3023, "/opt")),
            [
                "the disk of /var has 2023 MiB left, needed are 2024 MiB; free 1 MiB for packages and artifacts",
                "the disk of /opt has 3023 MiB left, needed are 3024 MiB; free 1 MiB for packages and artifacts",
            ],
        );
        assert.deepEqual(
            found(...missing, disk("/var", 2024, "/var"), disk("/opt", 3024, "/opt")),
            [],
        );
    });

    it("asks one file system for both, once", () => {
        assert.deepEqual(found(...missing, disk("/var", 4000, "/"), disk("/opt", 4000, "/")), [
            "the disk of /var and /opt has 4000 MiB left, needed are 4024 MiB; free 24 MiB for packages and artifacts",
        ]);
    });

    it("counts only what is still to come", () => {
        assert.deepEqual(found(disk("/var", 1024, "/"), disk("/opt", 1024, "/")), []);
        assert.deepEqual(
            found(
                "drift artifact spark-1 missing",
                disk("/var", 1923, "/"),
                disk("/opt", 1923, "/"),
            ),
            [
                "the disk of /var and /opt has 1923 MiB left, needed are 1924 MiB; free 1 MiB for packages and artifacts",
            ],
        );
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

    it("another host key or a refused login stands in the way, also of a worker", () => {
        const refused = { kind: "failed", reason: "its host key is X", fix: "look" } as const;
        const { errors, leftAlone } = judge({ w1: refused });
        assert.deepEqual(errors, [{ path: "w1", what: "its host key is X", fix: "look" }]);
        assert.deepEqual(leftAlone, []);
    });

    it("a host whose check fails stands in the way", () => {
        const { errors } = judge({ w1: { kind: "failed", reason: "check ended with 1: sudo" } });
        assert.deepEqual(
            errors.map(({ path, what }) => `${path}: ${what}`),
            ["w1: check ended with 1: sudo"],
        );
    });
});
