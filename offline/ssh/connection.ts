// SPDX-License-Identifier: Apache-2.0
import { isObject, revealAll } from "../plugin/wire.ts";
import type { WireObject } from "../plugin/wire.ts";

/** How to reach and log in to one machine. */
export interface Endpoint {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string | undefined;
    /** The text of a private key file. */
    readonly privateKey: string | undefined;
    readonly privateKeyPassword: string | undefined;
    /** Socket of an SSH agent; undefined means that of `SSH_AUTH_SOCK`, if there is one. */
    readonly agentSocketPath: string | undefined;
    /** Retries after the first failed attempt; -1 means without end. */
    readonly dialErrorLimit: number;
    /** Seconds for one attempt; 0 means no limit. */
    readonly perDialTimeout: number;
    /** The one key that the machine must have, as in an authorized_keys file; undefined means any. */
    readonly hostKey: string | undefined;
}

/** A machine, and the machine in between if there is one. */
export interface Connection extends Endpoint {
    readonly proxy: Endpoint | undefined;
}

/** Defaults of the official plugin 1.2.1. */
const DEFAULTS = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };

/** Reads the input `connection`, which was checked against the schema before. */
export function parseConnection(input: WireObject): Connection {
    const plain = revealAll(input);
    const proxy = plain["proxy"];
    return { ...endpoint(plain), proxy: isObject(proxy) ? endpoint(proxy) : undefined };
}

function endpoint(input: WireObject): Endpoint {
    return {
        host: text(input, "host") ?? "",
        port: number(input, "port") ?? DEFAULTS.port,
        user: text(input, "user") ?? DEFAULTS.user,
        password: text(input, "password"),
        privateKey: text(input, "privateKey"),
        privateKeyPassword: text(input, "privateKeyPassword"),
        agentSocketPath: text(input, "agentSocketPath"),
        dialErrorLimit: number(input, "dialErrorLimit") ?? DEFAULTS.dialErrorLimit,
        perDialTimeout: number(input, "perDialTimeout") ?? DEFAULTS.perDialTimeout,
        hostKey: text(input, "hostKey"),
    };
}

function text(input: WireObject, key: string): string | undefined {
    const value = input[key];
    return typeof value === "string" ? value : undefined;
}

function number(input: WireObject, key: string): number | undefined {
    const value = input[key];
    return typeof value === "number" ? value : undefined;
}

/** `host:port`, with brackets around an IPv6 address. */
export function address(endpoint: Endpoint): string {
    const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
    return `${host}:${endpoint.port}`;
}
