// SPDX-License-Identifier: Apache-2.0
/** Decisions about data that are made before anything is touched: every combination of what hosts can say. */
import assert from "node:assert/strict";
import { mayFormat, namenodeQuestions } from "../../components/hdfs/lifecycle.ts";
import { mayFormatControllers } from "../../components/kafka/lifecycle.ts";
import { rollOrder } from "../../components/roll-chain.ts";
import { mayBeBorn } from "../../components/zookeeper/lifecycle.ts";
import type { HostFacts } from "../../lib/facts/parse.ts";
import { combinations, line, says } from "./answers.ts";
import { loadStack } from "./stacks.ts";

const answers = ["yes", "no", "unreadable", undefined] as const;
const same = <T>(
    rows: readonly T[],
    decide: (row: T) => boolean,
    expected: (row: T) => boolean,
) => {
    const wrong = rows.filter((row) => decide(row) !== expected(row));
    assert.deepEqual(wrong, []);
};

describe("birth of ZooKeeper", () => {
    const roles = ["leader", "follower", "standalone", "looking", "unelected", "down"] as const;
    const states = combinations(answers, answers, [...roles, undefined]);
    const member = ([born, data, role]: (typeof states)[number]) =>
        says(
            line("evidence zookeeper-born", born),
            line("evidence zookeeper-data", data),
            line("role zookeeper", role),
        );
    const empty = member(["no", "no", "down"]);

    it(`needs a member that is empty and unmarked, or unelected (${states.length} states)`, () => {
        same(
            states,
            (state) => mayBeBorn([empty, member(state), empty]),
            ([born, data, role]) => role === "unelected" || (born === "no" && data === "no"),
        );
    });

    it("needs all three members (216 combinations)", () => {
        const named: Record<string, HostFacts | undefined> = {
            new: empty,
            unelected: member(["yes", "yes", "unelected"]),
            serving: member(["yes", "yes", "follower"]),
            // Its temporary disk was lost, and it does not run.
            emptied: member(["yes", "no", "down"]),
            marked: member(["yes", "yes", "looking"]),
            silent: undefined,
        };
        const names = Object.keys(named);
        same(
            combinations(names, names, names),
            (row) => mayBeBorn(row.map((name) => named[name])),
            (row) => row.every((name) => name === "new" || name === "unelected"),
        );
    });
});

describe("format of Kafka's controllers", () => {
    const roles = ["leader", "follower", "candidate", "voter", "down", undefined] as const;
    const states = combinations(answers, answers, answers, roles);
    const controller = ([formatted, marked, voted, role]: (typeof states)[number]) =>
        says(
            line("evidence kafka-controller-formatted", formatted),
            line("evidence kafka-controller-marked", marked),
            line("evidence kafka-controller-voted", voted),
            line("role kafka-controller", role),
        );
    const broker = (formatted: string | undefined) =>
        says(line("evidence kafka-broker-formatted", formatted));
    const named: Record<string, HostFacts | undefined> = {
        new: controller(["no", "no", "no", "down"]),
        cutOff: controller(["yes", "no", "no", "down"]),
        unelected: controller(["yes", "yes", "yes", "candidate"]),
        leader: controller(["yes", "yes", "yes", "leader"]),
        follower: controller(["yes", "yes", "yes", "follower"]),
        // The survivor of a quorum whose other members were lost.
        voter: controller(["yes", "yes", "yes", "voter"]),
        stopped: controller(["yes", "yes", "yes", "down"]),
        lost: controller(["no", "yes", "no", "down"]),
        unreadable: controller(["unreadable", "no", "no", "down"]),
        silent: undefined,
    };
    const names = Object.keys(named);
    const count = (row: readonly string[], ...of: string[]) =>
        row.filter((name) => of.includes(name)).length;

    it(`takes only what is new or never elected for unborn (${states.length} states)`, () => {
        same(
            states,
            (state) => mayFormatControllers([controller(state)], [broker("no")]),
            ([formatted, marked, voted, role]) =>
                (formatted === "no" && marked === "no") ||
                (formatted === "yes" && (voted === "no" || role === "candidate")),
        );
    });

    it("looks at all three controllers and all brokers (4000 combinations)", () => {
        same(
            combinations(names, names, names, answers),
            ([a, b, c, formatted]) =>
                mayFormatControllers(
                    [named[a], named[b], named[c]],
                    [broker("no"), broker(formatted)],
                ),
            ([a, b, c, formatted]) => {
                const row = [a, b, c];
                const birth = count(row, "new", "cutOff", "unelected") === 3 && formatted === "no";
                const last = count(row, "leader", "follower") === 2 && count(row, "new") === 1;
                return birth || last;
            },
        );
    });

    it("goes on by itself after a first bring-up that was cut off", () => {
        const brokers = [broker("no"), broker("no"), broker("no")];
        for (const row of [
            ["cutOff", "new", "new"],
            ["unelected", "new", "new"],
            ["unelected", "cutOff", "new"],
            ["leader", "follower", "new"],
        ])
            assert.equal(
                mayFormatControllers(
                    row.map((name) => named[name]),
                    brokers,
                ),
                true,
                row.join(),
            );
    });

    it("never lets empty controllers outvote a survivor, nor two reinstalled ones a healthy one", () => {
        for (const survivor of ["voter", "stopped", "leader", "follower"])
            assert.equal(
                mayFormatControllers([named["new"], named["new"], named[survivor]], []),
                false,
                survivor,
            );
    });

    it("refuses a new quorum where a broker is formatted, silent or down", () => {
        const empty = [named["new"], named["new"], named["new"]];
        assert.equal(mayFormatControllers(empty, [broker("no"), broker("yes")]), false);
        assert.equal(mayFormatControllers(empty, [broker("no"), undefined]), false);
    });
});

describe("format of HDFS", () => {
    const paths = ["/data/1/hdfs/name", "/data/2/hdfs/name"];
    const disks = ["mounted", "directory", "missing", undefined] as const;
    const evidence = ["yes", "missing", "no", "unreadable", undefined] as const;
    const directories = combinations(evidence, disks);
    type Directory = (typeof directories)[number];
    const namenode = (...row: Directory[]) =>
        says(
            ...row.flatMap(([empty, kind], i) => [
                line(`evidence namedir.data.${i + 1}.hdfs.name`, empty),
                line(`disk /data/${i + 1}`, kind),
            ]),
        );
    const good = ([empty, kind]: Directory) =>
        kind === "mounted" && (empty === "yes" || empty === "missing");
    const other: Record<string, HostFacts | undefined> = {
        empty: namenode(["yes", "mounted"], ["yes", "mounted"]),
        formatted: namenode(["no", "mounted"], ["no", "mounted"]),
        silent: undefined,
    };

    it("needs every name directory of every NameNode known to be empty, on a mounted disk (1200 combinations)", () => {
        same(
            combinations(directories, directories, Object.keys(other)),
            ([first, second, peer]) => mayFormat([namenode(first, second), other[peer]], paths),
            ([first, second, peer]) => good(first) && good(second) && peer === "empty",
        );
    });

    it("asks about each name directory", () => {
        assert.deepEqual(namenodeQuestions(paths), [
            "evidence namedir.data.1.hdfs.name empty /data/1/hdfs/name\n",
            "evidence namedir.data.2.hdfs.name empty /data/2/hdfs/name\n",
        ]);
    });
});

describe("order of a roll", () => {
    it("is followers first, leaders last, otherwise unchanged (64 combinations)", () => {
        const { hosts } = loadStack("lab");
        for (const leads of combinations(...hosts.map(() => [true, false]))) {
            const leader = (name: string) =>
                leads[hosts.findIndex((h) => h.name === name)] === true;
            const order = rollOrder(hosts, (host) => leader(host.name)).map((host) => host.name);
            const names = hosts.map((host) => host.name);
            assert.deepEqual(order, [
                ...names.filter((name) => !leader(name)),
                ...names.filter(leader),
            ]);
        }
    });
});
