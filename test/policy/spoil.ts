// SPDX-License-Identifier: Apache-2.0
/** How a case spoils a platform. */
import type { Config, HostConfig, Role } from "../../lib/config/schema.ts";

export interface PlatformCase {
    readonly policy: string;
    readonly spoil: (config: Config) => void;
    /** Beginnings of the messages, up to the remedy, in order. */
    readonly says: readonly string[];
    /** Values of the policy under which the spoilt platform passes; where it takes any. */
    readonly tolerant?: Readonly<Record<string, unknown>>;
}

export function host(config: Config, name: string): HostConfig {
    const found = config.hosts.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
}

export const without = (config: Config, name: string, role: Role) => {
    const one = host(config, name);
    one.roles = one.roles.filter((other) => other !== role);
};

export const move = (config: Config, name: string, rack: string) => {
    host(config, name).rack = rack;
};
