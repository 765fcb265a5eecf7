// SPDX-License-Identifier: Apache-2.0
/** Bad stack files: every finding at once, each with its path, what was found and what to do. */
import assert from "node:assert/strict";
import { ConfigError, didYouMean } from "../../lib/config/diagnostics.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import { loadStack, rawStack, stackNames } from "./stacks.ts";

/** The findings of the lab's configuration after `change`, as `path: what | fix`. */
function findings(change: (raw: Record<string, unknown>) => void): string[] {
    const raw = rawStack("lab");
    change(raw);
    try {
        parseConfig(raw, "stacks/Pulumi.test.yaml");
    } catch (error) {
        assert.ok(error instanceof ConfigError);
        return error.diagnostics.map(({ path, what, fix }) => `${path}: ${what} | ${fix}`);
    }
    return [];
}

/** The part of a raw configuration that a dotted path names. */
function part(raw: Record<string, unknown>, ...path: (string | number)[]): Record<string, unknown> {
    return path.reduce<unknown>(
        (at, key) => (at as Record<string | number, unknown>)[key],
        raw,
    ) as Record<string, unknown>;
}

describe("parseConfig", () => {
    for (const stack of stackNames) {
        it(`accepts ${stack}`, () => {
            const config = loadStack(stack);
            assert.equal(config.hdfs.nameservice, stack);
        });
    }

    it("fills in defaults", () => {
        const config = loadStack("lab");
        assert.equal(config.hdfs.replication, 3);
        assert.equal(config.kafka.minInsyncReplicas, 2);
        assert.equal(config.ssh.port, 22);
        assert.equal(config.streaming.logs.topic, "logs");
        assert.equal(config.hosts[0]?.state, "present");
        assert.equal(config.facts, "on");
    });

    it("refuses unknown keys at every depth, with a suggestion where one is near", () => {
        const found = findings((raw) => {
            raw["zookeper"] = {};
            part(raw, "ssh")["knownhosts"] = "x";
            part(raw, "hosts", 2)["rck"] = "r9";
            part(raw, "kafka", "topics", 0)["partitons"] = 3;
            raw["somethingElse"] = 1;
        });
        assert.deepEqual(found.sort(), [
            "hosts[2].rck: unknown key | did you mean rack?",
            "kafka.topics[0].partitons: unknown key | did you mean partitions?",
            "somethingElse: unknown key | remove it (docs/configuration.md lists all keys)",
            "ssh.knownhosts: unknown key | did you mean knownHosts?",
            "zookeper: unknown key | did you mean zookeeper?",
        ]);
    });

    it("refuses unknown keys behind defaults", () => {
        assert.deepEqual(
            findings((raw) => {
                raw["heaps"] = { nameNode: 512 };
                raw["streaming"] = { logs: { driverMemoryMb: 512 } };
            }),
            [
                "heaps.nameNode: unknown key | did you mean namenode?",
                "streaming.logs.driverMemoryMb: unknown key | did you mean driverMemoryMiB?",
            ],
        );
    });

    it("says which required keys are missing", () => {
        assert.deepEqual(
            findings((raw) => {
                delete raw["hardware"];
                delete part(raw, "hosts", 1)["id"];
            }),
            [
                "hosts[1].id: missing: expected number | set it in the stack file",
                "hardware: missing: expected object | set it in the stack file",
            ],
        );
    });

    it("says what it found where the type is wrong", () => {
        assert.deepEqual(
            findings((raw) => {
                part(raw, "hardware")["cores"] = "many";
                part(raw, "hardware")["disks"] = ["data/1", "/data/2/"];
                part(raw, "artifacts")["mirror"] = "ftp://x";
            }),
            [
                'hardware.cores: found "many": expected number | correct it in the stack file',
                'hardware.disks[0]: found "data/1": must be an absolute path without blanks, commas or colons | correct it in the stack file',
                'hardware.disks[1]: found "/data/2/": must be an absolute path without blanks, commas or colons | correct it in the stack file',
                'artifacts.mirror: found "ftp://x": must be a URL with http or https | correct it in the stack file',
            ],
        );
    });

    it("suggests a role that is near, and cuts long values", () => {
        const found = findings((raw) => {
            part(raw, "hosts", 0)["roles"] = ["zookeper"];
            part(raw, "hosts", 1)["address"] = "m1.example.internal";
            part(raw, "hosts", 2)["name"] = "M".repeat(200);
        });
        assert.match(
            found[0] ?? "",
            /^hosts\[0\]\.roles\[0\]: found "zookeper": .* \| did you mean zookeeper\?$/,
        );
        assert.match(
            found[1] ?? "",
            /^hosts\[1\]\.address: found "m1\.example\.internal": must be an IP address/,
        );
        assert.match(found[2] ?? "", /^hosts\[2\]\.name: found "M{56}\.\.\.: must be a host name/);
    });

    it("reports a configuration that is no map at all", () => {
        assert.throws(
            () => parseConfig([], "stacks/Pulumi.x.yaml"),
            /stacks\/Pulumi\.x\.yaml: 1 finding, nothing was touched\n {2}config: found \[\]: expected object\n/,
        );
    });

    it("has a message to read and no stack trace", () => {
        const error = new ConfigError("stacks/Pulumi.lab.yaml", [
            { path: "a.b", what: "unknown key", fix: "did you mean c?" },
            { path: "d", what: "missing", fix: "set it" },
        ]);
        assert.equal(
            error.message,
            "stacks/Pulumi.lab.yaml: 2 findings, nothing was touched\n  a.b: unknown key\n      did you mean c?\n  d: missing\n      set it",
        );
        assert.equal(error.stack, error.message);
    });
});

describe("didYouMean", () => {
    it("takes the nearest word, whatever its case", () => {
        assert.equal(didYouMean("KNOWNHOSTS", ["user", "knownHosts"]), "knownHosts");
        assert.equal(didYouMean("rcak", ["rack", "roles"]), "rack");
    });

    it("says nothing when no word is near", () => {
        assert.equal(didYouMean("quux", ["zookeeper", "hdfs"]), undefined);
    });
});
