// SPDX-License-Identifier: Apache-2.0
/** Hosts that lost what a first-start step made, and stacks that lost their state: what the program concludes from the evidence. */
import assert from "node:assert/strict";
import { imageUndone } from "../../components/hdfs/lifecycle.ts";
import { clusterOf, logUndone } from "../../components/kafka/lifecycle.ts";
import { zookeeperUndone } from "../../components/zookeeper/lifecycle.ts";
import { sectionToken, stepToken } from "../../lib/facts/token.ts";
import { combinations, line, says } from "./answers.ts";

const now = new Date("2026-11-24T12:00:00Z");

describe("a first-start step", () => {
    it("runs again on a host that is known to be without what it makes, and only there", () => {
        for (const answer of ["yes", "no", "unreadable", undefined]) {
            const facts = says(
                line("evidence zookeeper-born", answer),
                line("evidence kafka-broker-formatted", answer),
                line("evidence kafka-controller-formatted", answer),
            );
            const undone = [
                zookeeperUndone(facts),
                logUndone(facts, "kafka-broker"),
                logUndone(facts, "kafka-controller"),
            ];
            const expected = answer === "no";
            assert.deepEqual(
                undone.map((reason) => reason !== undefined),
                [expected, expected, expected],
                String(answer),
            );
        }
        assert.equal(zookeeperUndone(undefined), undefined);
        assert.equal(logUndone(undefined, "kafka-broker"), undefined);
    });

    it("fetches a NameNode's image again only when every directory is empty, on mounted disks", () => {
        const paths = ["/data/1/hdfs/name", "/data/2/hdfs/name"];
        const kinds = ["mounted", "directory", "missing"] as const;
        const evidence = ["yes", "missing", "no", "unreadable", undefined] as const;
        for (const [first, second, kind] of combinations(evidence, evidence, kinds)) {
            const facts = says(
                line("evidence namedir.data.1.hdfs.name", first),
                line("evidence namedir.data.2.hdfs.name", second),
                `disk /data/1 ${kind}`,
                `disk /data/2 mounted`,
            );
            const empty = [first, second].every(
                (answer) => answer === "yes" || answer === "missing",
            );
            assert.equal(
                imageUndone(facts, paths) !== undefined,
                empty && kind === "mounted",
                JSON.stringify([first, second, kind]),
            );
        }
        assert.equal(imageUndone(undefined, paths), undefined);
    });

    it("has the host's token, and a new one, with the reason, when it has to run again (12 combinations)", () => {
        const time = "2026-11-24T12:00:00.000Z";
        for (const [facts, undone, granted] of combinations(
            [undefined, says(), says("step zookeeper T", "step standby U")],
            [undefined, "not_born"],
            [true, false],
        )) {
            const held = facts?.steps.get("zookeeper");
            const anew = `${time}${granted ? ",granted" : ""},${undone ?? "new"}`;
            const token = stepToken(facts, "zookeeper", undone, granted, now);
            assert.equal(token, held !== undefined && undone === undefined ? "T" : anew);
        }
    });
});

describe("Kafka's cluster id", () => {
    const mine = "2odWh3xujCm45UXb4xo7Fw";
    const other = "cgxASRaWd3c2HIzxUEYsgg";
    const facts = (id: string | undefined) =>
        id === undefined ? undefined : says(`evidence kafka-controller-cluster ${id}`);

    it("is the one that most controllers' logs carry, of all that there should be (125 combinations)", () => {
        const ids = [mine, other, "none", "unreadable", undefined] as const;
        for (const row of combinations(ids, ids, ids)) {
            const held = (id: string) => row.filter((one) => one === id).length >= 2;
            const expected = held(mine) ? mine : held(other) ? other : undefined;
            assert.equal(clusterOf(row.map(facts)), expected, row.join());
        }
    });

    it("is nobody's where there are no controllers", () => {
        assert.equal(clusterOf([]), undefined);
    });
});

describe("the token of a manifest beside the main one", () => {
    it("is the host's own while nothing differs, else a new one", () => {
        const stamped = "section secrets token=t1";
        const drift = "section-drift secrets secret /x/key missing";
        assert.equal(sectionToken(says(stamped), "secrets", now), "t1");
        assert.equal(
            sectionToken(says(stamped, drift), "secrets", now),
            "2026-11-24T12:00:00.000Z,secret_/x/key_missing",
        );
        for (const facts of [says(), says("section secrets token=-"), says(drift), undefined])
            assert.equal(sectionToken(facts, "secrets", now), "2026-11-24T12:00:00.000Z,new");
    });
});
