// SPDX-License-Identifier: Apache-2.0
import type { CheckFailure } from "./resource.ts";
import { ARCHIVE, ASSET, isObject, isSecret, secret, SIGNATURE, UNKNOWN } from "./wire.ts";
import type { Wire, WireObject } from "./wire.ts";

/** The type of a property, as far as our providers need Pulumi's package schema. */
export type TypeSpec =
    | { readonly type: "string" | "boolean" | "integer" | "number" }
    | { readonly type: "array"; readonly items: TypeSpec }
    | { readonly type: "object"; readonly additionalProperties: TypeSpec }
    | { readonly $ref: string };

/** A property: its type and what a user must know of it. */
export type PropertySpec = TypeSpec & {
    readonly description?: string;
    readonly default?: string | number | boolean;
    readonly secret?: boolean;
    readonly replaceOnChanges?: boolean;
};

/** The properties of a resource's inputs, or of a named object type. */
export interface ObjectSpec {
    readonly properties: Readonly<Record<string, PropertySpec>>;
    readonly required: readonly string[];
}

/** A named type: an object, or a string out of a list. */
export type NamedType =
    | (ObjectSpec & { readonly type: "object"; readonly description?: string })
    | {
          readonly type: "string";
          readonly description?: string;
          readonly enum: readonly { readonly value: string; readonly description: string }[];
      };

/** Named types by token. They are referred to as `#/types/<token>`. */
export type NamedTypes = Readonly<Record<string, NamedType>>;

/**
 * Checks inputs against their schema: fills in defaults, marks secrets, finds what is missing or has the
 * wrong type. Values not known yet pass. Keys that the schema does not have are left alone.
 */
export function checkInputs(
    spec: ObjectSpec,
    types: NamedTypes,
    inputs: WireObject,
): { inputs: WireObject; failures: CheckFailure[] } {
    const failures: CheckFailure[] = [];
    const checker = new Checker(types, failures);
    return { inputs: checker.object(spec, inputs, ""), failures };
}

class Checker {
    readonly #types: NamedTypes;
    readonly #failures: CheckFailure[];

    constructor(types: NamedTypes, failures: CheckFailure[]) {
        this.#types = types;
        this.#failures = failures;
    }

    object(spec: ObjectSpec, inputs: WireObject, path: string): WireObject {
        const checked: WireObject = { ...inputs };
        for (const [name, property] of Object.entries(spec.properties)) {
            const at = path === "" ? name : `${path}.${name}`;
            const given = inputs[name] ?? property.default;
            if (given !== undefined) {
                const value = this.#value(property, given, at);
                checked[name] = property.secret === true ? secret(value) : value;
            } else if (spec.required.includes(name)) {
                this.#fail(at, `missing required property '${name}'`);
            }
        }
        return checked;
    }

    #value(spec: TypeSpec, value: Wire, path: string): Wire {
        if (isSecret(value)) {
            return { ...value, value: this.#value(spec, value["value"] ?? null, path) };
        }
        if (value === UNKNOWN) {
            return value;
        }
        if ("$ref" in spec) {
            return this.#reference(spec.$ref, value, path);
        }
        switch (spec.type) {
            case "array":
                if (!Array.isArray(value)) {
                    break;
                }
                return value.map((item, i) => this.#value(spec.items, item, `${path}[${i}]`));
            case "object": {
                if (!isObject(value)) {
                    break;
                }
                const entries = Object.entries(value).map(([key, item]): [string, Wire] => [
                    key,
                    this.#value(spec.additionalProperties, item ?? null, `${path}.${key}`),
                ]);
                return Object.fromEntries(entries);
            }
            case "integer":
                if (Number.isInteger(value)) {
                    return value;
                }
                break;
            default:
                if (typeof value === spec.type) {
                    return value;
                }
        }
        this.#fail(path, `expected ${spec.type}, got ${kindOf(value)}`);
        return value;
    }

    #reference(ref: string, value: Wire, path: string): Wire {
        if (ref === "pulumi.json#/Any") {
            return value;
        }
        if (ref.startsWith("pulumi.json#/")) {
            const signature = isObject(value) ? value[SIGNATURE] : undefined;
            if (signature !== ASSET && signature !== ARCHIVE) {
                this.#fail(path, `expected an asset or an archive, got ${kindOf(value)}`);
            }
            return value;
        }
        const type = this.#types[ref.replace("#/types/", "")];
        if (type?.type === "object") {
            if (isObject(value)) {
                return this.object(type, value, path);
            }
            this.#fail(path, `expected object, got ${kindOf(value)}`);
        } else if (type !== undefined && !type.enum.some((item) => item.value === value)) {
            const known = type.enum.map((item) => item.value).join(", ");
            this.#fail(path, `expected one of ${known}, got ${kindOf(value)}`);
        }
        return value;
    }

    #fail(property: string, reason: string): void {
        this.#failures.push({ property, reason });
    }
}

/** The type only, never the value: it may be a secret. */
function kindOf(value: Wire): string {
    if (value === null) {
        return "null";
    }
    return Array.isArray(value) ? "array" : typeof value;
}
