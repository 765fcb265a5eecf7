// SPDX-License-Identifier: Apache-2.0
/** What a model host holds: plain data, so that it can be copied, restored and compared. */
import type { Item } from "./manifest.ts";

/** A unit of ours on a host. */
export interface UnitState {
    /** Digests of the configuration directories that are there and whole. */
    directories: Set<string>;
    current: string | undefined;
    /** What the process loaded; undefined while there is none. */
    running: string | undefined;
    enabled: boolean;
    masked: boolean;
    /** Somebody edited the unit file. */
    edited: boolean;
    /** Of the current configuration: what must be there before systemd starts it. */
    conditions: readonly (readonly string[])[];
}

/** Everything that lasts on a host. What ends with a reboot is `running` of its units. */
export interface HostState {
    machineId: string;
    /** Programs below /usr/local/lib/metalstream. */
    programs: Set<string>;
    /** Items other than units, by `kind name`, as they are on the host. */
    items: Map<string, Item>;
    units: Map<string, UnitState>;
    stamps: Map<string, { token: string; manifest: string }>;
    owned: Map<string, Set<string>>;
    /** Unit -> token of its last roll that ended well. */
    rolled: Map<string, string>;
    /** Paths that services and bootstrap steps made, with what matters of their content. */
    marks: Map<string, string>;
    /** Streaming jobs that run: name -> digest and token. */
    jobs: Map<string, { digest: string; token: string }>;
}

/** A host as it comes from the installer. */
export function emptyState(machineId: string): HostState {
    return {
        machineId,
        programs: new Set(),
        items: new Map(),
        units: new Map(),
        stamps: new Map(),
        owned: new Map(),
        rolled: new Map(),
        marks: new Map(),
        jobs: new Map(),
    };
}

const sorted = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> =>
    Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * A host's state without what differs from run to run: tokens, secrets, and older configuration directories. Two hosts with the same
 * summary are the same to every service.
 */
export function summary(state: HostState): Record<string, unknown> {
    const block = (item: Item) =>
        item.kind === "secret" ? { ...item.attributes, secret: item.content !== "" } : item.block;
    return {
        items: sorted([...state.items].map(([key, item]) => [key, block(item)])),
        units: sorted(
            [...state.units].map(([name, unit]) => [
                name,
                {
                    current: unit.current,
                    running: unit.running,
                    enabled: unit.enabled,
                    masked: unit.masked,
                    edited: unit.edited,
                },
            ]),
        ),
        manifests: sorted([...state.stamps].map(([key, { manifest }]) => [key, manifest])),
        owned: sorted([...state.owned].map(([key, items]) => [key, [...items].sort()])),
        rolled: [...state.rolled.keys()].sort(),
        marks: [...state.marks.keys()].sort(),
        jobs: sorted([...state.jobs].map(([name, { digest }]) => [name, digest])),
    };
}
