// SPDX-License-Identifier: Apache-2.0
/** What a preview says will restart, and what restarts nothing. */
import assert from "node:assert/strict";
import type { Config } from "../../lib/config/schema.ts";
import type { Answer } from "../../lib/facts/gather.ts";
import { plannedRestarts, restartReport, type PlannedRoll } from "../../lib/facts/restarts.ts";
import { members } from "../../lib/topology.ts";
import { combinations, says } from "./answers.ts";
import { changedStack } from "./declared.ts";
import { plan } from "./stacks.ts";

const facts = (...lines: string[]): Answer => ({ kind: "facts", facts: says(...lines) });
const roll = (host: string, ...units: string[]): PlannedRoll => ({
    host,
    units: units.map((name) => ({ name, digest: "wanted", text: "" })),
});

describe("restarts in a preview", () => {
    const retention = [
        "restart kafka-broker server.properties",
        "| -log.retention.hours=168",
        "| +log.retention.hours=72",
    ];
    const older = (unit: string) => `unit ${unit} active running=older`;

    it("are named with host, unit, files and lines, in the order of the rolls", () => {
        const rolls = [
            roll("m2", "zookeeper"),
            roll("m1", "zookeeper"),
            roll("w1", "kafka-broker", "hdfs-datanode"),
        ];
        const answers = new Map([
            [
                "m1",
                facts(
                    older("zookeeper"),
                    "restart zookeeper myid",
                    "| +1",
                    "restart zookeeper zoo.cfg",
                    "| -a=1",
                    "| +a=2",
                ),
            ],
            ["m2", facts(older("zookeeper"), "restart zookeeper zoo.cfg", "| -a=1", "| +a=2")],
            [
                "w1",
                facts(
                    older("kafka-broker"),
                    ...retention,
                    "unit hdfs-datanode active running=wanted",
                ),
            ],
        ]);
        assert.equal(
            restartReport(rolls, answers),
            `3 units will restart, in this order, each between its gates:
  m2: zookeeper will restart: zoo.cfg
    zoo.cfg:
      -a=1
      +a=2
  m1: zookeeper will restart: myid, zoo.cfg
    myid:
      +1
    zoo.cfg:
      -a=1
      +a=2
  w1: kafka-broker will restart: server.properties
    server.properties:
      -log.retention.hours=168
      +log.retention.hours=72`,
        );
    });

    it("show the same change once", () => {
        const rolls = ["w1", "w2"].map((host) => roll(host, "kafka-broker"));
        const answers = new Map(
            ["w1", "w2"].map((host) => [host, facts(older("kafka-broker"), ...retention)]),
        );
        const report = restartReport(rolls, answers) ?? "";
        assert.equal(report.match(/\+log/g)?.length, 1);
        assert.ok(
            report.endsWith("\n  w2: kafka-broker will restart: server.properties (as on w1)"),
        );
    });

    it("say so where what runs is not known any more", () => {
        const answers = new Map([
            ["w1", facts("unit kafka-broker active running=-", "restart kafka-broker -")],
        ]);
        assert.match(
            restartReport([roll("w1", "kafka-broker")], answers) ?? "",
            /^1 unit will .*\n {2}w1: kafka-broker will restart: what it runs is not on this host any more$/,
        );
    });

    it("are those of units that run another digest, and of no other (6 combinations)", () => {
        for (const [state, running] of combinations(
            ["active", "inactive"],
            ["wanted", "older", "-"],
        )) {
            const answers = new Map([["w1", facts(`unit u ${state} running=${running}`)]]);
            const found = plannedRestarts([roll("w1", "u")], answers);
            assert.equal(found.length, state === "active" && running !== "wanted" ? 1 : 0);
        }
        assert.equal(
            restartReport(
                [roll("w1", "u")],
                new Map([["w1", { kind: "unreachable", reason: "x" } as const]]),
            ),
            undefined,
        );
    });
});

describe("changes", () => {
    const base = changedStack("prod");
    const digests = (config: Config) =>
        members(config).flatMap((host) =>
            plan(config, host).units.map(({ name, digest }) => `${host.name} ${name} ${digest}`),
        );
    const topics = [
        ...base.kafka.topics,
        { name: "more", partitions: 6, config: { "retention.ms": "1" } },
    ];
    const harmless: Record<string, Config> = {
        "a topic more": { ...base, kafka: { ...base.kafka, topics } },
        "all about artifacts": {
            ...base,
            artifacts: {
                mirror: "https://elsewhere.example.internal",
                peers: false,
                keepVersions: 1,
            },
        },
        protect: { ...base, protect: !base.protect },
        "a host that is down": changedStack("prod", { w1: { state: "down" } }),
        "the job's trigger": {
            ...base,
            streaming: {
                ...base.streaming,
                logs: { ...base.streaming.logs, trigger: "77 seconds" },
            },
        },
        "the login user": { ...base, ssh: { ...base.ssh, user: "somebody" } },
    };
    for (const [what, config] of Object.entries(harmless)) {
        it(`${what}: restarts nothing`, () => {
            assert.notDeepEqual(config, base);
            assert.deepEqual(digests(config), digests(base));
        });
    }

    it("one setting of the brokers restarts brokers, and nothing else", () => {
        const overrides = { ...base.kafka.overrides, "log.retention.hours": "72" };
        const changed = digests({ ...base, kafka: { ...base.kafka, overrides } });
        const before = new Set(digests(base));
        const units = changed.filter((line) => !before.has(line)).map((line) => line.split(" ")[1]);
        const brokers = members(base).filter((host) => host.roles.includes("kafka-broker"));
        assert.deepEqual(
            units,
            brokers.map(() => "kafka-broker"),
        );
    });
});
