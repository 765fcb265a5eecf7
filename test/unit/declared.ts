// SPDX-License-Identifier: Apache-2.0
/** The whole program under mocks: what it declares, with options. */
import * as pulumi from "@pulumi/pulumi";
import { Fleet } from "../../components/fleet.ts";
import { Platform } from "../../components/platform.ts";
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import type { Answer } from "../../lib/facts/gather.ts";
import { parseKnownHosts } from "../../lib/known-hosts.ts";
import { lostTargets, targets } from "../../lib/target.ts";
import { members } from "../../lib/topology.ts";
import { appliedBy, says } from "./answers.ts";
import { fakeArtifacts, loadStack, plan, type StackName } from "./stacks.ts";

/** A resource as the program declares it. */
export interface Declared {
    /** `create`, with its token; empty where there is none. */
    readonly create: string;
    readonly delete: string | undefined;
    readonly stdin: unknown;
    readonly opts: pulumi.CustomResourceOptions;
    /** Names of the resources that it waits for. */
    readonly after: readonly string[];
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

/** Answers of mocks: inputs come back, random ids are made up. */
const mocks: pulumi.runtime.Mocks = {
    newResource: ({ name, inputs }) => ({
        id: name,
        state: {
            ...(inputs as object),
            base64: Buffer.alloc(32, 7).toString("base64"),
            stdout: appliedBy(name, inputs),
        },
    }),
    call: () => ({}),
};

/** Registers the mocks around a suite whose tests declare the program. */
export function useMocks(): void {
    before(() => pulumi.runtime.setMocks(mocks));
    after(() => pulumi.runtime.disconnect());
}

/** A stack's configuration, with hosts changed by name, and keys. */
export function changedStack(
    stack: StackName,
    hosts: Readonly<Record<string, Partial<HostConfig>>> = {},
    keys: Partial<Config> = {},
): Config {
    const loaded = loadStack(stack);
    const changed = loaded.hosts.map((host) => ({ ...host, ...hosts[host.name] }));
    return { ...loaded, hosts: changed, ...keys };
}

/** Declares the platform on hosts that are all new, but for the answers given; resources by name. Mocks must be set. */
export function declared(
    config: Config,
    given: Readonly<Record<string, Answer>> = {},
): Map<string, Declared> {
    const addresses = [
        ...config.hosts.map((host) => host.address),
        config.ssh.bastion?.address ?? "",
    ];
    const keys = addresses.map((address) => `${address} ssh-ed25519 AAAA\n`).join("");
    const all = [...targets(config, parseKnownHosts(keys)), ...lostTargets(config)];
    const answers = new Map(
        members(config).map((host) => [host.name, given[host.name] ?? newHost(config)]),
    );
    const plans = members(config).map((host) => plan(config, host));
    const units = plans.map(({ host, units }) => ({ host: host.name, units }));
    const fleet = new Fleet(config, all, answers, units, new Date());
    const found = new Map<string, Declared>();
    const names = new Map<unknown, string>();
    const record: pulumi.ResourceTransformation = ({ resource, name, props, opts }) => {
        names.set(resource, name);
        const { create, delete: remove, stdin } = props as Record<string, unknown>;
        found.set(name, {
            create: typeof create === "string" ? create : "",
            delete: typeof remove === "string" ? remove : undefined,
            stdin,
            opts,
            after: [opts.dependsOn].flat().flatMap((one) => names.get(one) ?? []),
        });
        return undefined;
    };
    new Platform(
        "platform",
        { fleet, plans, artifacts: fakeArtifacts },
        { transformations: [record] },
    );
    return found;
}
