// SPDX-License-Identifier: Apache-2.0
/** Decisions about data that a host makes on its own evidence: every combination, one bash a table. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { combinations } from "../unit/answers.ts";
import { callEach, table } from "./functions.ts";

const both = ["yes", "no"] as const;

describe("host decisions: ZooKeeper", () => {
    it("a member starts, joins, is born, or refuses (16 combinations)", () => {
        const rows = combinations(both, both, both, both);
        table("zookeeper_birth_decision", rows, (born, data, served, granted) => {
            if (born === "yes") return "start";
            if (data === "yes" || served === "yes") return "join";
            return granted === "yes" ? "birth" : "refuse";
        });
    });
});

describe("host decisions: HDFS", () => {
    const states = ["missing", "empty", "unfilled", "unfinished", "formatted", "partial"] as const;

    it("one image in good company is enough (258 combinations of one to three directories)", () => {
        const rows = [
            ...combinations(states),
            ...combinations(states, states),
            ...combinations(states, states, states),
        ] as readonly string[][];
        table("combined_state", rows, (...row) => {
            const has = (state: string) => row.includes(state);
            if (has("missing")) return "missing";
            if (has("partial")) return "partial";
            if (has("unfinished"))
                return has("formatted") || has("unfilled") ? "partial" : "unfinished";
            if (has("formatted")) return "formatted";
            return has("unfilled") ? "partial" : "empty";
        });
    });

    it("knows no directories at all as missing", () => {
        assert.deepEqual(callEach([["combined_state"]]), ["missing"]);
    });

    it("formats only what is empty everywhere, granted, and unknown to others (60 combinations)", () => {
        const rows = combinations(
            ["formatted", "empty", "missing", "partial", "unfinished"],
            ["unformatted", "formatted", "unreachable"],
            ["silent", "serving"],
            both,
        );
        table("format_decision", rows, (directories, journals, peers, granted) => {
            if (directories === "formatted") return "start";
            if (directories === "unfinished")
                return peers === "serving" ? "standby" : "refuse-partial";
            if (directories !== "empty") return `refuse-${directories}`;
            if (peers === "serving") return "standby";
            if (journals === "unreachable") return "wait";
            if (journals === "formatted") return "refuse-journals";
            return granted === "yes" ? "format" : "refuse-ungranted";
        });
        const formats = callEach(rows.map((row) => ["format_decision", ...row])).filter(
            (decision) => decision === "format",
        );
        assert.equal(formats.length, 1);
    });
});

describe("host decisions: Kafka", () => {
    it("a controller is formatted once and granted, a broker when empty (64 combinations)", () => {
        const rows = combinations(
            ["kafka-controller", "kafka-broker"],
            ["missing", "empty", "formatted", "partial"],
            both,
            both,
            both,
        );
        table("kafka_format_decision", rows, (role, state, sameId, marked, granted) => {
            if (state === "formatted") return sameId === "yes" ? "start" : "refuse-id";
            if (state !== "empty") return `refuse-${state}`;
            if (role === "kafka-broker") return "format";
            if (marked === "yes") return "refuse-lost";
            return granted === "yes" ? "format" : "refuse-ungranted";
        });
    });

    it("only a controller of epoch 0 is a candidate (18 combinations)", () => {
        const rows = combinations(both, ["3001"], ["", "3001", "3002"], ["", "0", "7"]);
        table("controller_role", rows, (active, id, leader, epoch) => {
            if (active === "no") return "down";
            if (leader !== "") return leader === id ? "leader" : "follower";
            return epoch === "0" ? "candidate" : "voter";
        });
    });
});

describe("host decisions: roll", () => {
    it("restarts what runs another digest, starts what does not run (6 combinations)", () => {
        const rows = combinations(["aaa", "bbb", "-"], ["bbb"], both);
        table("roll_decision", rows, (running, wanted, active) => {
            if (active === "no") return "start";
            return running === wanted ? "nothing" : "restart";
        });
    });
});

describe("host decisions: a DataNode goes", () => {
    const rows = combinations(["0", "1"], ["0", "1"], ["0", "1"], ["0", "59", "60"]);

    it("with all replicas, or after a minute when no block has only one", () => {
        table("redundancy_decision", rows, (missing, low, last, seconds) => {
            if (missing !== "0") return "wait";
            if (low === "0") return "go";
            return last === "0" && seconds === "60" ? "go" : "wait";
        });
    });
});

describe("host decisions: grants", () => {
    it("are part of a token, and hold for an hour after its time", () => {
        const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
        const cases = [
            [`${at(0)},granted,not_born`, "yes"],
            [`${at(-59)},granted,new`, "yes"],
            [`${at(-61)},granted,new`, "no"],
            [`${at(61)},granted,new`, "no"],
            [`${at(0)},not_born`, "no"],
            [`${at(0)},not_granted,new`, "no"],
            ["", "no"],
            ["junk,granted,new", "no"],
            [",granted,new", "no"],
        ] as const;
        const before = "fresh() { MS_TOKEN=$1; grant_is_fresh && echo yes || echo no; }";
        assert.deepEqual(
            callEach(
                cases.map(([token]) => ["fresh", token]),
                before,
            ),
            cases.map(([, expected]) => expected),
        );
    });
});

describe("host evidence: directories", () => {
    let folder = "";
    before(() => (folder = mkdtempSync(join(tmpdir(), "ms-evidence-"))));
    after(() => {
        rmSync(folder, { recursive: true, force: true });
    });

    /** Commands that fill `$d`, and the state that is expected. */
    function layouts(
        name: string,
        cases: readonly (readonly [string, string])[],
        ...first: string[]
    ): void {
        const prepare = cases.map(
            ([commands], i) => `d=$DIRECTORY/${name}.${i}; ${commands === "" ? ":" : commands}`,
        );
        const rows = cases.map((_, i) => [name, ...first, `${folder}/${name}.${i}`]);
        assert.deepEqual(
            callEach(rows, ["GATE[disks]=/", ...prepare].join("\n"), { DIRECTORY: folder }).map(
                (state, i) => [cases[i]?.[0], state],
            ),
            cases,
        );
    }

    it("a name directory", () => {
        layouts("name_directory_state", [
            ["", "missing"],
            ["touch $d", "missing"],
            ["mkdir -p $d", "empty"],
            ["mkdir -p $d/lost+found", "empty"],
            ["mkdir -p $d/current; touch $d/current/{VERSION,fsimage_0000}", "formatted"],
            ["mkdir -p $d/current; touch $d/current/VERSION", "unfinished"],
            [
                "mkdir -p $d/current; touch $d/in_use.lock $d/current/{VERSION,seen_txid,fsimage.ckpt_000}",
                "unfinished",
            ],
            ["mkdir -p $d/current; touch $d/current/{VERSION,edits_0001-0009}", "partial"],
            ["mkdir -p $d/current; touch $d/current/{VERSION,fsimage_0000.md5}", "unfinished"],
            ["mkdir -p $d/current $d/previous; touch $d/current/VERSION", "partial"],
            ["mkdir -p $d/current; touch $d/in_use.lock", "unfilled"],
            ["mkdir -p $d/current; touch $d/current/fsimage_0000", "unfilled"],
            ["mkdir -p $d/previous", "partial"],
            ["mkdir -p $d; touch $d/stray", "partial"],
        ]);
    });

    it("a log directory of Kafka", () => {
        layouts("kafka_directory_state", [
            ["", "missing"],
            ["mkdir -p $d", "empty"],
            ["mkdir -p $d/lost+found", "empty"],
            ["mkdir -p $d; touch $d/meta.properties", "formatted"],
            ["mkdir -p $d/__cluster_metadata-0", "partial"],
        ]);
    });

    it("what evidence questions answer", () => {
        layouts("evidence_exists", [
            ["", "no"],
            ["mkdir -p $d", "yes"],
            ["ln -s /nowhere $d", "yes"],
        ]);
        layouts("evidence_empty", [
            ["", "missing"],
            ["mkdir -p $d", "yes"],
            ["mkdir -p $d; touch $d/.hidden", "no"],
            ["touch $d", "unreadable"],
            ["ln -s /nowhere $d", "unreadable"],
        ]);
        layouts(
            "evidence_property",
            [
                ["", "none"],
                ["printf 'clusterXid=no\\ncluster.id=abc\\n' >$d", "abc"],
                ["printf 'node.id=1\\n' >$d", "none"],
                ["mkdir -p $d", "unreadable"],
            ],
            "cluster.id",
        );
    });

    it("an unmounted disk makes everything on it missing", () => {
        const before = `mkdir -p ${folder}/disk/hdfs/name\nGATE[namedirs]=${folder}/disk/hdfs/name`;
        const state = (disks: string) =>
            callEach(
                [["name_directories_state"], ["kafka_directory_state", `${folder}/disk/hdfs`]],
                `${before}\nGATE[disks]=${disks}`,
            );
        assert.deepEqual(state("/"), ["empty", "partial"]);
        assert.deepEqual(state(""), ["missing", "missing"]);
        assert.deepEqual(state(`/,${folder}/disk`), ["missing", "missing"]);
    });
});
