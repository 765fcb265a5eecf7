// SPDX-License-Identifier: Apache-2.0
/** The only caller of @pulumi/command: verbs of the host program as resources. */
import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { hostProgram, NEWEST_PROGRAM } from "../host-program.ts";
import { rootCommand, rootInput } from "../sudo.ts";
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
    /** Time limit in minutes, enforced on the host as well. @default ssh.commandTimeoutSeconds */
    readonly minutes?: number;
    /** Leaves an existing resource as it is: for hosts that are down, lost or were not asked. @default false */
    readonly leaveAlone?: boolean;
    /** Why nothing may be begun on the host: what the state does not have is then not made, and says this. @default it may */
    readonly refusal?: string;
    /** Later changes of the arguments are no diff: a preview without facts has no tokens. @default false */
    readonly once?: boolean;
    /** Runs whichever version of the program is the newest on the host: it is not run again when only that changes. @default false */
    readonly anyVersion?: boolean;
}

function connectionOf(endpoint: Endpoint, connectSeconds: number) {
    const { host, port, user, hostKey, agentSocketPath, privateKey, passphrase } = endpoint;
    return {
        host,
        port,
        user,
        hostKey,
        ...(agentSocketPath === undefined ? {} : { agentSocketPath }),
        ...(privateKey === undefined ? {} : { privateKey: pulumi.secret(privateKey.reveal()) }),
        ...(passphrase === undefined
            ? {}
            : { privateKeyPassword: pulumi.secret(passphrase.reveal()) }),
        // A host that is up answers at once; 5 retries outlast a restart of sshd.
        dialErrorLimit: 5,
        perDialTimeout: connectSeconds,
    };
}

/** Connection of a target in the terms of @pulumi/command. What is secret in it is marked, and the host's key is always pinned. */
export function connection({
    endpoint,
    bastion,
    timeouts,
}: Target): types.input.remote.ConnectionArgs {
    const proxy = bastion === undefined ? {} : { proxy: connectionOf(bastion, timeouts.connect) };
    return { ...connectionOf(endpoint, timeouts.connect), ...proxy };
}

/** What a verb reads, with sudo's password ahead of it where there is one: then all of it is secret, a removal's input too. */
function standardInput(spec: HostVerb, { sudoPassword }: Target): pulumi.Input<string> | undefined {
    if (sudoPassword === undefined)
        return spec.secret === true && spec.payload !== undefined
            ? pulumi.secret(spec.payload)
            : spec.payload;
    return pulumi.secret(
        pulumi.output(spec.payload ?? "").apply((payload) => rootInput(payload, sudoPassword)),
    );
}

/** Ends with 3, as a refusal of the host program does. */
const refuse = (text: string) => `echo 'metalstream: ${text.replaceAll("'", "")}' >&2; exit 3`;

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
    const seconds = spec.minutes === undefined ? target.timeouts.command : spec.minutes * 60;
    const program = spec.anyVersion === true ? NEWEST_PROGRAM : hostProgram().path;
    const invoke = (rest: string) => rootCommand(`${program} ${rest}`, target.sudoPassword);
    const stdin = standardInput(spec, target);
    // Steps of several services meet on one host and follow one another there: each waits for the host's lock as long as it may run.
    const limits = [`limit=${seconds}`, `wait=${seconds}`];
    const parts = [
        spec.verb,
        ...limits,
        // Half a manifest, of a connection that broke, would be a manifest. Payloads that are outputs have no part that can be missing unnoticed.
        ...(typeof spec.payload === "string" ? [`bytes=${Buffer.byteLength(spec.payload)}`] : []),
        ...(spec.token === undefined ? [] : [`token=${spec.token}`]),
    ];
    const everything = [
        ...["connection", "create", "update", "delete", "stdin"],
        ...["environment", "triggers", "logging", "addPreviousOutputInEnv"],
    ];
    const ignored = spec.leaveAlone === true ? everything : spec.once === true ? ["create"] : [];
    return new remote.Command(
        name,
        {
            connection: {
                ...connection(target),
                // Nobody is expected to answer.
                ...(spec.refusal === undefined ? {} : { dialErrorLimit: 1, perDialTimeout: 5 }),
            },
            create: spec.refusal === undefined ? invoke(parts.join(" ")) : refuse(spec.refusal),
            ...(stdin === undefined ? {} : { stdin }),
            ...(spec.onDelete === undefined
                ? {}
                : { delete: invoke([spec.onDelete, ...limits].join(" ")) }),
            addPreviousOutputInEnv: false,
            logging: spec.secret === true ? "none" : "stdoutAndStderr",
        },
        {
            ...options,
            customTimeouts: { create: `${seconds}s`, update: `${seconds}s`, delete: `${seconds}s` },
            ...(ignored.length > 0 ? { ignoreChanges: ignored } : {}),
            ...(spec.secret === true ? { additionalSecretOutputs: ["stdout", "stderr"] } : {}),
        },
    );
}
