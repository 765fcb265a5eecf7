// SPDX-License-Identifier: Apache-2.0
/** Policies on the platform: stack prod passes each; each refuses its case in its own words. */
import assert from "node:assert/strict";
import { platformType } from "../../policy/lib/policy.ts";
import { configured } from "../../policy/lib/pack-config.ts";
import { policies } from "../../policy/policies/index.ts";
import {
    environments,
    findings,
    packConfig,
    platformFindings,
    policy,
    refusals,
    stack,
    unknown,
} from "./helpers.ts";
import { platformCases } from "./platform-cases.ts";

const ofPlatform = [...new Set(platformCases.map((one) => one.policy))];

describe("policies on the platform", () => {
    for (const environment of environments) {
        it(`let stack ${environment} pass at the levels of its environment`, () => {
            assert.deepEqual(refusals(environment, stack(environment)), []);
        });
    }

    for (const [i, { policy: name, spoil, says, tolerant }] of platformCases.entries()) {
        it(`${name} passes prod and refuses case ${i + 1}`, () => {
            assert.deepEqual(platformFindings(name, stack("prod")), []);
            const spoilt = stack("prod");
            spoil(spoilt);
            const remedy = policy(name).remediationSteps ?? "";
            const expected = says.map((what) => `${what}. ${remedy}`);
            assert.deepEqual(platformFindings(name, spoilt), expected);
            if (tolerant !== undefined) {
                assert.deepEqual(platformFindings(name, spoilt, tolerant), []);
            }
        });
    }

    for (const name of ofPlatform) {
        it(`${name} says nothing of a service that is not there`, () => {
            const config = stack("prod");
            for (const host of config.hosts) host.roles = [];
            config.kafka.topics = [];
            assert.deepEqual(platformFindings(name, config), []);
        });

        it(`${name} leaves an unknown value to the pack, which reports it`, () => {
            const props = Object.fromEntries(Object.keys(stack("prod")).map((k) => [k, unknown]));
            assert.throws(
                () => findings(policy(name), [{ type: platformType, props }]),
                /can't be known during preview/,
            );
        });
    }

    it("artifacts-mirror-allowed knows hosts and whole domains", () => {
        const config = stack("prod");
        const say = (hosts: string[]) =>
            platformFindings("artifacts-mirror-allowed", config, { hosts });
        assert.deepEqual(say([]), []);
        assert.deepEqual(say(["artifacts.example.internal"]), []);
        assert.deepEqual(say(["*.example.internal"]), []);
        assert.deepEqual(say(["mirror.internal", "*.example.org"]), [
            "artifacts.mirror: found artifacts.example.internal, expected one of mirror.internal, *.example.org. " +
                "Set artifacts.mirror to one of the allowed mirrors, or have the mirror allowed in policy/config.",
        ]);
    });

    it("are all at the level mandatory in prod, but for the one that remedies", () => {
        const levels = policies.map(
            (one) => [one.name, configured(one, packConfig("prod")).level] as const,
        );
        assert.deepEqual(
            levels.filter(([, level]) => level !== "mandatory"),
            [["command-stdin-encrypted", "remediate"]],
        );
    });
});

describe("exemptions", () => {
    const exemption = {
        finding: "hdfs.replication",
        reason: "disks on order",
        owner: "storage team",
        expires: "2999-01-01",
    };
    const spoilt = stack("prod");
    spoilt.hdfs.replication = 2;
    const say = (...exemptions: object[]) =>
        platformFindings("hdfs-blocks-replicated", spoilt, { exemptions });

    it("tolerate what they name, until they expire", () => {
        assert.deepEqual(say(exemption), []);
        assert.deepEqual(say({ ...exemption, finding: "*" }), []);
        assert.equal(say({ ...exemption, finding: "hosts" }).length, 1);
    });

    it("say whose they were when they have expired", () => {
        assert.deepEqual(say({ ...exemption, expires: "2020-02-29" }), [
            "hdfs.replication: found 2, expected at least 3 (exempted by storage team until 2020-02-29: disks on order). " +
                "Set hdfs.replication to 3, with DataNodes to hold the copies.",
        ]);
    });
});
