// SPDX-License-Identifier: Apache-2.0
/** The inputs of `command.remote` resources, as far as policies read them. */

/** How a host is reached. */
export interface Connection {
    readonly host?: string;
    readonly port?: number;
    readonly user?: string;
    readonly hostKey?: string;
    readonly password?: string;
    readonly privateKey?: string;
    readonly privateKeyPassword?: string;
    readonly agentSocketPath?: string;
    readonly proxy?: Connection;
}

/** Inputs of a command or a copy. Every one may be absent: a policy must not fail on what it does not find. */
export interface CommandInputs {
    readonly connection?: Connection;
    readonly create?: string;
    readonly update?: string;
    readonly delete?: string;
    readonly stdin?: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly triggers?: readonly unknown[];
}

/** Everything that opens a connection of its own. */
export const connectedTypes = [
    "command:remote:Command",
    "command:remote:CopyToRemote",
    "command:remote:CopyFile",
] as const;

/** The connection of a resource and, where there is one, of its bastion, each with the path of its property. */
export function hops({ connection }: CommandInputs): { path: string; hop: Connection }[] {
    if (connection === undefined) return [];
    const { proxy } = connection;
    return [
        { path: "connection", hop: connection },
        ...(proxy === undefined ? [] : [{ path: "connection.proxy", hop: proxy }]),
    ];
}

/** The texts of a resource that run as commands, each with the name of its property. */
export function commandTexts(inputs: CommandInputs): { path: string; text: string }[] {
    return (["create", "update", "delete"] as const).flatMap((path) => {
        const text = inputs[path];
        return text === undefined ? [] : [{ path, text }];
    });
}
