// SPDX-License-Identifier: Apache-2.0
import { isObject } from "./wire.ts";
import type { Wire, WireObject } from "./wire.ts";

/** What happened to one property between two sets of inputs. */
export type Change = "add" | "delete" | "update";

/** Changes by property path, such as `connection.host`, `triggers[0]` or `environment["A.B"]`. */
export type Changes = ReadonlyMap<string, Change>;

/**
 * Compares old and new inputs of a resource, both without secret marks.
 * Keys that start with `__` belong to the engine and are left out.
 */
export function diffInputs(olds: WireObject, news: WireObject): Changes {
    const changes = new Map<string, Change>();
    diffObjects(withoutInternal(olds), withoutInternal(news), "", changes);
    return changes;
}

/** The first part of a property path: the name of the input that changed. */
export function topLevel(path: string): string {
    return /^[^.[]*/.exec(path)?.[0] ?? path;
}

/** True for two values that are the same on the wire; the order of an object's keys is no difference. */
export function sameValue(one: Wire | undefined, other: Wire | undefined): boolean {
    const changes = new Map<string, Change>();
    diffValues(one, other, "x", changes);
    return changes.size === 0;
}

function withoutInternal(properties: WireObject): WireObject {
    return Object.fromEntries(
        Object.entries(properties).filter(
            ([key, value]) => !key.startsWith("__") && value !== undefined,
        ),
    );
}

function diffValues(
    old: Wire | undefined,
    now: Wire | undefined,
    path: string,
    changes: Map<string, Change>,
): void {
    if (old === undefined || now === undefined) {
        if (old !== now) {
            changes.set(path, old === undefined ? "add" : "delete");
        }
    } else if (Array.isArray(old) && Array.isArray(now)) {
        for (let i = 0; i < Math.max(old.length, now.length); i++) {
            diffValues(old[i], now[i], `${path}[${i}]`, changes);
        }
    } else if (isObject(old) && isObject(now)) {
        diffObjects(old, now, path, changes);
    } else if (old !== now) {
        changes.set(path, "update");
    }
}

function diffObjects(
    old: WireObject,
    now: WireObject,
    path: string,
    changes: Map<string, Change>,
): void {
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
        diffValues(old[key], now[key], join(path, key), changes);
    }
}

function join(path: string, key: string): string {
    if (!/^[A-Za-z_$][\w$]*$/.test(key)) {
        return `${path}[${JSON.stringify(key)}]`;
    }
    return path === "" ? key : `${path}.${key}`;
}
