// SPDX-License-Identifier: Apache-2.0
/** `metalstream status`: what an answer means. */
import assert from "node:assert/strict";
import { hostStatus } from "../../cli/status.ts";
import { replicasText } from "../../lib/facts/replicas.ts";
import { combinations, line, says } from "./answers.ts";
import { loadStack, plan } from "./stacks.ts";

const config = loadStack("lab");
const [host = assert.fail()] = config.hosts;
const own = plan(config, host);
const [unit = assert.fail()] = own.units;

describe("replicasText", () => {
    it("names what is lost first", () => {
        const blocks = 9;
        for (const [missing, single, low, text] of [
            [0, 0, 0, "9 blocks, all replicated"],
            [0, 0, 3, "9 blocks, 3 below their replication"],
            [1, 2, 3, "9 blocks, 1 LOST, 2 on one replica only, 3 below their replication"],
        ] as const)
            assert.equal(replicasText({ blocks, missing, single, low }), text);
    });
});

describe("hostStatus", () => {
    it("tells active from inactive, and what is wanted from what is older (24 combinations)", () => {
        for (const [state, running, role] of combinations(
            ["active", "inactive", "failed", undefined],
            [unit.digest, "older"],
            ["leader", "down", undefined],
        )) {
            const facts = says(
                line(`unit ${unit.name}`, state && `${state} running=${running}`),
                line(`role ${unit.name}`, role),
            );
            const status = hostStatus(own, { kind: "facts", facts });
            assert.deepEqual(status.services[0], {
                unit: unit.name,
                state: state === "active" ? "active" : "inactive",
                role,
                current: state !== undefined && running === unit.digest,
            });
            assert.equal(status.services.length, own.units.length);
            assert.equal(status.state, "up");
        }
    });

    it("says why there is no answer, and lists no services then", () => {
        const base = { host: "m1", rack: "r1", services: [], drift: [] };
        assert.deepEqual(hostStatus(own, undefined), { ...base, state: "down" });
        for (const kind of ["unreachable", "failed"] as const)
            assert.deepEqual(hostStatus(own, { kind, reason: "why" }), {
                ...base,
                state: kind,
                reason: "why",
            });
    });

    it("shows drift item by item", () => {
        const facts = says("drift file /etc/hosts content", "drift package chrony missing");
        assert.deepEqual(hostStatus(own, { kind: "facts", facts }).drift, [
            "file /etc/hosts content",
            "package chrony missing",
        ]);
    });
});
