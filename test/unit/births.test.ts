// SPDX-License-Identifier: Apache-2.0
/** The steps that make data, as the whole program declares them: what they are called, protected by, and granted. */
import assert from "node:assert/strict";
import type { HostConfig } from "../../lib/config/schema.ts";
import { bootstrapResourcesProtected } from "../../policy/policies/command-lifecycle.ts";
import { changedStack, declared, useMocks, type Declared } from "./declared.ts";
import type { StackName } from "./stacks.ts";

/** Declares the platform on hosts that are all new, but for those given; births by name. */
function births(
    stack: StackName,
    changed: Readonly<Record<string, Partial<HostConfig>>> = {},
): Map<string, Declared> {
    const isBirth = new RegExp(
        (bootstrapResourcesProtected.configSchema?.properties["pattern"] as { default: string })
            .default,
    );
    return new Map(
        [...declared(changedStack(stack, changed))].filter(([name]) => isBirth.test(name)),
    );
}

const granted = (of: Map<string, Declared>, prefix: string) =>
    [...of].filter(
        ([name, { create }]) => name.startsWith(prefix) && / token=[^ ,]+,granted,/.test(create),
    );

describe("first-start steps", () => {
    useMocks();

    it("are tied to no version of the program: a host that was installed anew has only the newest", () => {
        const steps = [...declared(changedStack("lab"))].filter(([, { create }]) =>
            / bootstrap (?!streaming-job)/.test(create),
        );
        assert.ok(steps.length > 8);
        for (const [name, { create }] of steps)
            assert.match(create, /^sudo -n \/usr\/local\/lib\/metalstream\/host bootstrap /, name);
    });
});

describe("births", () => {
    useMocks();

    for (const [stack, expected] of [
        ["lab", false],
        ["dev", false],
        ["staging", true],
        ["prod", true],
    ] as const) {
        it(`are ${expected ? "" : "not "}protected in ${stack}`, () => {
            const of = [...births(stack).values()];
            assert.ok(of.length > 0);
            assert.ok(of.every(({ opts }) => (opts.protect === true) === expected));
        });
    }

    it("have names that the policy on protection knows", () => {
        assert.deepEqual([...births("lab").keys()].sort(), [
            "hdfs-format-m1",
            "hdfs-standby-m2",
            "kafka-cluster-id",
            "kafka-format-kafka-controller-m1",
            "kafka-format-kafka-controller-m2",
            "kafka-format-kafka-controller-m3",
            "zookeeper-birth-m1",
            "zookeeper-birth-m2",
            "zookeeper-birth-m3",
        ]);
    });

    it("are granted where every host is new", () => {
        const of = births("lab");
        assert.equal(granted(of, "zookeeper-birth-").length, 3);
        assert.equal(granted(of, "hdfs-format-").length, 1);
        assert.equal(granted(of, "kafka-format-kafka-controller-").length, 3);
    });

    it("are not granted while a host is down, even if it were known to be empty", () => {
        const second = births("lab", { m2: { state: "down" } });
        for (const prefix of ["zookeeper-", "hdfs-", "kafka-"])
            assert.deepEqual(granted(second, prefix), [], prefix);
        const third = births("lab", { m3: { state: "down" } });
        assert.deepEqual(granted(third, "zookeeper-"), []);
        assert.deepEqual(granted(third, "kafka-"), []);
        assert.equal(granted(third, "hdfs-").length, 1, "m3 has no NameNode");
        assert.deepEqual(granted(births("lab", { w1: { state: "down" } }), "kafka-"), []);
    });
});
