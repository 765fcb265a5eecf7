// SPDX-License-Identifier: Apache-2.0
import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import type { JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb.js";

/** How the engine writes values that JSON has no form for: an object with this key (Pulumi's wire format). */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
/** Value of {@link SIGNATURE} for a secret: `{[SIGNATURE], value}`. */
export const SECRET = "1b47061264138c4ac30d75fd1eb44270";
/** Value of {@link SIGNATURE} for an asset (one file or text). */
export const ASSET = "c44067f5952c0a294b673a41bacd8c17";
/** Value of {@link SIGNATURE} for an archive (a folder or archive file). */
export const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
/** The string that stands for a value not known before the update has run. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Any value as it travels between engine and plugin. */
export type Wire = null | boolean | number | string | Wire[] | WireObject;

/** An object as it travels: plain, or one of the signed forms above. */
export interface WireObject {
    [key: string]: Wire | undefined;
}

/** The properties of a message, as plain JavaScript. Absent means no properties. */
export function fromStruct(struct: Struct | undefined): WireObject {
    return struct?.toJavaScript() ?? {};
}

/** Plain JavaScript as a message. Keys whose value is undefined are left out. */
export function toStruct(properties: WireObject): Struct {
    return structPb.Struct.fromJavaScript(
        withoutUndefined(properties) as Record<string, JavaScriptValue>,
    );
}

function withoutUndefined(value: Wire): Wire {
    if (Array.isArray(value)) {
        return value.map(withoutUndefined);
    }
    if (!isObject(value)) {
        return value;
    }
    const kept: WireObject = {};
    for (const [key, item] of Object.entries(value)) {
        if (item !== undefined) {
            kept[key] = withoutUndefined(item);
        }
    }
    return kept;
}

/** True for objects, false for arrays and null. */
export function isObject(value: Wire | undefined): value is WireObject {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for a secret at this level (not below it). */
export function isSecret(value: Wire | undefined): value is WireObject {
    return isObject(value) && value[SIGNATURE] === SECRET;
}

/** Marks a value as secret, unless it is already. */
export function secret(value: Wire): Wire {
    return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** The value with the secret marks taken off, at every depth. */
export function reveal(value: Wire): Wire {
    if (isSecret(value)) {
        return reveal(value["value"] ?? null);
    }
    if (Array.isArray(value)) {
        return value.map(reveal);
    }
    if (!isObject(value)) {
        return value;
    }
    const plain: WireObject = {};
    for (const [key, item] of Object.entries(value)) {
        if (item !== undefined) {
            plain[key] = reveal(item);
        }
    }
    return plain;
}

/** {@link reveal} for the properties of a resource. */
export function revealAll(properties: WireObject): WireObject {
    return reveal(properties) as WireObject;
}

/** True when the value, or anything in it, is not known yet. */
export function hasUnknown(value: Wire | undefined): boolean {
    if (Array.isArray(value)) {
        return value.some(hasUnknown);
    }
    if (isObject(value)) {
        return Object.values(value).some(hasUnknown);
    }
    return value === UNKNOWN;
}
