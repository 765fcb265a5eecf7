// SPDX-License-Identifier: Apache-2.0
/** docs/policies.md and policy/config are what the pack says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { policiesMarkdown, readConfigs } from "../../policy/docs.ts";
import { unknownNames } from "../../policy/lib/pack-config.ts";
import { policies } from "../../policy/policies/index.ts";

describe("documentation and configuration of policies", () => {
    it("docs/policies.md is up to date (node policy/docs.ts > docs/policies.md)", () => {
        const file = new URL("../../docs/policies.md", import.meta.url);
        assert.equal(readFileSync(file, "utf8"), policiesMarkdown(policies, readConfigs()));
    });

    for (const [environment, config] of Object.entries(readConfigs())) {
        it(`policy/config/${environment}.json names only policies and values that there are`, () => {
            assert.deepEqual(unknownNames(policies, config), []);
            for (const { name, configSchema } of policies) {
                const own = config[name];
                const keys = typeof own === "object" ? Object.keys(own) : [];
                const known = ["enforcementLevel", ...Object.keys(configSchema?.properties ?? {})];
                assert.deepEqual(
                    keys.filter((key) => !known.includes(key)),
                    [],
                );
            }
        });
    }

    it("a name that no policy has is found: the engine would ignore it", () => {
        assert.deepEqual(unknownNames(policies, { all: "mandatory", "hdfs-typo": "disabled" }), [
            "hdfs-typo",
        ]);
    });
});
