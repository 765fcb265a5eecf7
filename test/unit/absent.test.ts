// SPDX-License-Identifier: Apache-2.0
/** Hosts that are down or lost, as the whole program declares them. */
import assert from "node:assert/strict";
import { absentHosts } from "../../lib/facts/absent.ts";
import { changedStack, declared, useMocks } from "./declared.ts";
import type { StackName } from "./stacks.ts";

const of = (stack: StackName, host: string, state: "present" | "down" | "lost") =>
    new Map(
        [...declared(changedStack(stack, { [host]: { state } }, { protect: true }))].filter(
            ([name]) => name.endsWith(`-${host}`),
        ),
    );
const names = (...row: Parameters<typeof of>) => [...of(...row).keys()].sort();

describe("a host that is away", () => {
    useMocks();

    const cases = {
        worker: {
            host: "w1",
            whole: ["converge-w1", "kafka-format-kafka-broker-w1", "workers-roll-w1"],
            kept: ["converge-w1"],
        },
        "member of quorums": {
            host: "m1",
            whole: [
                "converge-m1",
                "fencing-m1",
                "hdfs-format-m1",
                "hdfs-roll-journalnode-m1",
                "hdfs-roll-namenode-m1",
                "kafka-format-kafka-controller-m1",
                "kafka-roll-controller-m1",
                "spark-roll-master-m1",
                "zookeeper-birth-m1",
                "zookeeper-roll-m1",
            ],
            kept: [
                "converge-m1",
                "hdfs-format-m1",
                "kafka-format-kafka-controller-m1",
                "zookeeper-birth-m1",
            ],
        },
    };
    for (const [kind, { host, whole, kept }] of Object.entries(cases)) {
        it(`a ${kind} keeps what is protected or has a removal, and nothing else`, () => {
            assert.deepEqual(names("lab", host, "present"), whole);
            assert.deepEqual(names("lab", host, "down"), kept);
            assert.deepEqual(names("lab", host, "lost"), kept);
        });

        it(`what is not kept of a ${kind} has no removal, so that forgetting it contacts nobody`, () => {
            const forgotten = [...of("lab", host, "present")].filter(
                ([name]) => !kept.includes(name),
            );
            assert.ok(forgotten.length > 0);
            for (const [name, one] of forgotten) {
                assert.equal(one.delete, undefined, name);
                assert.notEqual(one.opts.protect, true, name);
            }
        });

        for (const state of ["down", "lost"] as const) {
            it(`a ${kind} that is ${state} is not contacted: no input counts`, () => {
                for (const [name, { create, opts }] of of("lab", host, state)) {
                    for (const input of ["connection", "create", "update", "delete", "stdin"])
                        assert.ok(opts.ignoreChanges?.includes(input), `${name} ${input}`);
                    const refusal = `echo 'metalstream: ${host}: declared ${state}, and ${name} was never made; `;
                    assert.ok(create.startsWith(refusal), create);
                }
            });
        }

        it(`the state lets go of a ${kind} only when it is lost`, () => {
            for (const [name, { opts }] of of("lab", host, "lost")) {
                assert.equal(opts.retainOnDelete, true, name);
                assert.equal(opts.protect, false, name);
            }
            for (const [name, { opts }] of of("lab", host, "down"))
                assert.notEqual(opts.retainOnDelete, true, name);
        });
    }

    it("nobody else's configuration counts a lost host", () => {
        const lost = changedStack("prod", { w1: { state: "lost" } });
        const gone = { ...lost, hosts: lost.hosts.filter(({ name }) => name !== "w1") };
        const stdin = (config: typeof lost) =>
            [...declared(config)]
                .filter(([name]) => !name.endsWith("-w1"))
                .map(([name, one]) => [name, one.stdin]);
        assert.ok(lost.hosts.length > gone.hosts.length);
        assert.deepEqual(
            stdin(lost).filter(([, text]) => typeof text === "string"),
            stdin(gone).filter(([, text]) => typeof text === "string"),
        );
    });

    it("is named in every run, with what to do", () => {
        const config = changedStack("lab", { w1: { state: "lost" }, w2: { state: "down" } });
        const [down = "", lost = ""] = absentHosts(config);
        assert.match(
            down,
            /^w2 is declared down: .* if it was never set up, up stops at converge-w2$/,
        );
        assert.match(lost, /^w1 is declared lost: .* take its line out of the stack file$/);
        assert.deepEqual(absentHosts(changedStack("lab")), []);
    });
});
