// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Secret } from "../../lib/secret.ts";
import { readTargets, targets, writeTargets } from "../../lib/target.ts";
import { loadStack } from "./stacks.ts";

describe("targets as text for another process", () => {
    it("come back whole, with their secrets", () => {
        const config = loadStack("lab");
        const known = new Map(config.hosts.map(({ address }) => [address, "ssh-ed25519 AAAA"]));
        const secrets = { sudoPassword: new Secret("hush"), sshKey: new Secret("a\nkey") };
        const [first] = readTargets(writeTargets(targets(config, known, secrets)));
        assert.equal(first?.sudoPassword?.reveal(), "hush");
        assert.equal(first.endpoint.privateKey?.reveal(), "a\nkey");
        assert.deepEqual(first.config, config.hosts[0]);
        assert.doesNotMatch(JSON.stringify(first), /hush|key\b.*a\\nkey/);
    });
});
