// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { sectionToken } from "../../lib/facts/token.ts";
import { item } from "../../lib/manifest.ts";
import type { Converged, Fleet } from "../fleet.ts";
import { authorizedKeysLine, fencingKey } from "./fencing-key.ts";
import { fencingKeyFile, hdfsHome } from "./site.ts";

export interface FencingArgs {
    readonly fleet: Fleet;
    readonly converged: Converged;
}

/** Lets each NameNode's failover controller end the other NameNode's process over SSH, and nothing else. */
export class Fencing extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:hdfs:Fencing";
    /** Resources that end when the key is in place on every NameNode's host. */
    readonly ready: pulumi.Resource[];

    constructor(name: string, args: FencingArgs, opts?: pulumi.ComponentResourceOptions) {
        super(Fencing.__pulumiType, name, {}, opts);
        const { fleet } = args;
        const hosts = fleet.active("namenode");
        // A password, not RandomBytes: the official plugin writes the bytes of those in clear into the state, as the resource's id.
        const seed = new random.RandomPassword(
            `${name}-key`,
            { length: 64, special: false },
            { parent: this },
        );
        const key = seed.result.apply((secret) =>
            fencingKey(createHash("sha256").update(secret).digest("base64")),
        );
        const from = hosts.map((host) => host.address);
        const only = { owner: "hdfs", group: "hdfs", mode: "0600" };
        this.ready = hosts.map((host) => {
            const payload = key.apply(
                ({ privateKey, publicKey }) =>
                    `metalstream 1\nhost ${host.name}\nsection secrets\n` +
                    item.secret(fencingKeyFile, only, privateKey) +
                    item.secret(
                        `${hdfsHome}/.ssh/authorized_keys`,
                        only,
                        authorizedKeysLine(publicKey, from),
                    ),
            );
            return fleet.command(
                `${name}-${host.name}`,
                host,
                {
                    verb: "converge",
                    payload,
                    secret: true,
                    token: sectionToken(fleet.facts(host), "secrets", fleet.now),
                },
                {
                    parent: this,
                    dependsOn: [args.converged.get(host.name)].filter(
                        (resource) => resource !== undefined,
                    ),
                },
            );
        });
        this.registerOutputs({});
    }
}
