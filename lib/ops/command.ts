// SPDX-License-Identifier: Apache-2.0
/** The only caller of @pulumi/command: verbs of the host program as resources. */
import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { hostProgram } from "../host-program.ts";
import type { Endpoint, Target } from "../target.ts";

/** A verb of the host program, run when the resource is created and again whenever an input changes. */
export interface HostVerb {
    /** Verb and its arguments. Never secret: the engine prints a command that fails. */
    readonly verb: string;
    /** What the verb reads on standard input. */
    readonly payload?: pulumi.Input<string>;
    /** Turns drift into a diff; see lib/facts/token.ts. */
    readonly token?: string;
    /** Whether the payload is secret: then neither it nor the output is shown or kept in clear. @default false */
    readonly secret?: boolean;
    /** Verb that runs when the resource is removed. @default none */
    readonly onDelete?: string;
    /** Time limit in minutes, enforced on the host as well. @default 15 */
    readonly minutes?: number;
    /** Leaves an existing resource as it is: for hosts that are down or were not asked. @default false */
    readonly leaveAlone?: boolean;
    /** Runs once: later changes of the arguments are no diff (a grant that was used). @default false */
    readonly once?: boolean;
}

function connectionOf(endpoint: Endpoint) {
    const { host, port, user, hostKey, agentSocketPath } = endpoint;
    return {
        host,
        port,
        user,
        hostKey,
        ...(agentSocketPath === undefined ? {} : { agentSocketPath }),
    };
}

/** Connection of a target in the terms of @pulumi/command. Nothing in it is secret, and the host's key is always pinned. */
export function connection(target: Target): types.input.remote.ConnectionArgs {
    const proxy = target.bastion === undefined ? {} : { proxy: connectionOf(target.bastion) };
    // A host that is up answers at once; 5 retries outlast a restart of sshd.
    return { ...connectionOf(target.endpoint), ...proxy, dialErrorLimit: 5, perDialTimeout: 15 };
}

const invoke = (rest: string) => `sudo -n ${hostProgram().path} ${rest}`;

/**
 * Declares a verb of the host program on a host. Creating and updating run the same command, because a failed create is not in the state
 * and a crash may lose it; so every verb re-checks the evidence on the host.
 */
export function hostCommand(
    name: string,
    target: Target,
    spec: HostVerb,
    options: pulumi.CustomResourceOptions,
): remote.Command {
    const minutes = spec.minutes ?? 15;
    const parts = [
        spec.verb,
        // Steps of several services meet on one host and follow one another there: each waits for the host's lock as long as it may run.
        `limit=${minutes * 60}`,
        `wait=${minutes * 60}`,
        ...(spec.token === undefined ? [] : [`token=${spec.token}`]),
    ];
    const everything = ["connection", "create", "update", "delete", "stdin"];
    const ignored = spec.leaveAlone === true ? everything : spec.once === true ? ["create"] : [];
    return new remote.Command(
        name,
        {
            connection: connection(target),
            create: invoke(parts.join(" ")),
            ...(spec.payload === undefined
                ? {}
                : { stdin: spec.secret === true ? pulumi.secret(spec.payload) : spec.payload }),
            ...(spec.onDelete === undefined ? {} : { delete: invoke(spec.onDelete) }),
            addPreviousOutputInEnv: false,
            logging: spec.secret === true ? "none" : "stdoutAndStderr",
        },
        {
            ...options,
            customTimeouts: { create: `${minutes}m`, update: `${minutes}m`, delete: `${minutes}m` },
            ...(ignored.length > 0 ? { ignoreChanges: ignored } : {}),
            ...(spec.secret === true ? { additionalSecretOutputs: ["stdout", "stderr"] } : {}),
        },
    );
}
