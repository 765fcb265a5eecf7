// SPDX-License-Identifier: Apache-2.0
/** The steps that make data, as the whole program declares them: what they are called, protected by, and granted. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Fleet } from "../../components/fleet.ts";
import { Platform } from "../../components/platform.ts";
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import type { Answer } from "../../lib/facts/gather.ts";
import { parseKnownHosts } from "../../lib/known-hosts.ts";
import { targets } from "../../lib/target.ts";
import { bootstrapResourcesProtected } from "../../policy/policies/command-lifecycle.ts";
import { says } from "./answers.ts";
import { fakeArtifacts, loadStack, plan, type StackName } from "./stacks.ts";

interface Birth {
    /** The inputs as text: the command with its grant, or a random id's. */
    readonly inputs: string;
    readonly protect: boolean;
}

/** A host with mounted, empty disks, on which nothing was ever started. */
const newHost = (config: Config): Answer => ({
    kind: "facts",
    facts: says(
        "evidence zookeeper-born no",
        "evidence zookeeper-data no",
        "evidence kafka-controller-formatted no",
        "evidence kafka-controller-marked no",
        "evidence kafka-broker-formatted no",
        ...config.hardware.disks.flatMap((disk) => [
            `disk ${disk} mounted`,
            `evidence namedir${disk.replaceAll("/", ".")}.hdfs.name missing`,
        ]),
    ),
});

/** Declares the platform on hosts that are all new, but for those given; births by name. */
function births(
    stack: StackName,
    changed: Readonly<Record<string, Partial<HostConfig>>> = {},
): Map<string, Birth> {
    const loaded = loadStack(stack);
    const hosts = loaded.hosts.map((host) => ({ ...host, ...changed[host.name] }));
    const config = { ...loaded, hosts };
    const addresses = [...hosts.map((host) => host.address), config.ssh.bastion?.address ?? ""];
    const keys = addresses.map((address) => `${address} ssh-ed25519 AAAA\n`).join("");
    const answers = new Map(hosts.map((host) => [host.name, newHost(config)]));
    const plans = hosts.map((host) => plan(config, host));
    const fleet = new Fleet(config, targets(config, parseKnownHosts(keys)), answers, new Date());
    const declared = new Map<string, Birth>();
    const record: pulumi.ResourceTransformation = ({ name, props, opts }) => {
        const { create } = props as { create?: string };
        declared.set(name, { inputs: create ?? "", protect: opts.protect === true });
        return undefined;
    };
    const parts = { fleet, plans, artifacts: fakeArtifacts };
    new Platform("platform", parts, { transformations: [record] });
    const isBirth = new RegExp(
        (bootstrapResourcesProtected.configSchema?.properties["pattern"] as { default: string })
            .default,
    );
    return new Map([...declared].filter(([name]) => isBirth.test(name)));
}

const granted = (of: Map<string, Birth>, prefix: string) =>
    [...of].filter(([name, { inputs }]) => name.startsWith(prefix) && inputs.includes(" grant="));

describe("births", () => {
    before(() =>
        pulumi.runtime.setMocks({
            newResource: ({ name, inputs }) => ({
                id: name,
                state: { ...(inputs as object), base64: Buffer.alloc(32, 7).toString("base64") },
            }),
            call: () => ({}),
        }),
    );
    after(() => pulumi.runtime.disconnect());

    for (const [stack, expected] of [
        ["lab", false],
        ["dev", false],
        ["staging", true],
        ["prod", true],
    ] as const) {
        it(`are ${expected ? "" : "not "}protected in ${stack}`, () => {
            const of = [...births(stack).values()];
            assert.ok(of.length > 0);
            assert.ok(of.every(({ protect }) => protect === expected));
        });
    }

    it("have names that the policy on protection knows", () => {
        assert.deepEqual([...births("lab").keys()].sort(), [
            "hdfs-format-m1",
            "hdfs-standby-m2",
            "kafka-cluster-id",
            "kafka-format-kafka-broker-w1",
            "kafka-format-kafka-broker-w2",
            "kafka-format-kafka-broker-w3",
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
        assert.equal(granted(of, "kafka-format-kafka-broker-").length, 0);
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
