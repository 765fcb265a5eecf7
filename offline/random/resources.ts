// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from "node:crypto";
import type { ProviderDefinition, ResourceKind } from "../plugin/resource.ts";
import { checkInputs } from "../plugin/schema.ts";
import type { ObjectSpec } from "../plugin/schema.ts";
import { revealAll, secret, UNKNOWN } from "../plugin/wire.ts";
import type { WireObject } from "../plugin/wire.ts";
import { RANDOM_VERSION } from "../versions.ts";
import { bcrypt } from "./bcrypt.ts";
import { INPUTS, SCHEMA } from "./schema.ts";
import { randomText } from "./text.ts";
import type { TextRules } from "./text.ts";

/** A value that was made: the resource's id, and its outputs beside the inputs. */
interface Made {
    readonly id: string;
    readonly outputs: WireObject;
}

/** The id of what has none: where the official plugin's id would show a secret, too. */
const NO_ID = "none";

/** A resource whose value is made once; any change of its inputs makes a new one. */
function madeOnce(
    spec: ObjectSpec,
    outputs: readonly string[],
    make: (inputs: WireObject) => Made,
    defaults: WireObject = {},
): ResourceKind {
    return {
        replaceOn: "any",
        check: (news) => checkInputs(spec, {}, news),
        comparable: (inputs) => ({ ...defaults, ...inputs }),
        create: (operation, inputs) => {
            if (operation.preview) {
                const unknown = Object.fromEntries(outputs.map((name) => [name, UNKNOWN]));
                return Promise.resolve({ id: "", properties: { ...inputs, ...unknown } });
            }
            const made = make(revealAll(inputs));
            return Promise.resolve({
                id: made.id,
                properties: { ...defaults, ...inputs, ...made.outputs },
            });
        },
    };
}

const TEXT_DEFAULTS = {
    upper: true,
    lower: true,
    numeric: true,
    number: true,
    special: true,
    minUpper: 0,
    minLower: 0,
    minNumeric: 0,
    minSpecial: 0,
};

/** `number` is the old name of `numeric`; each stands for the other where only one is given. */
function rulesOf(inputs: WireObject): TextRules {
    const numeric = inputs["numeric"] ?? inputs["number"] ?? true;
    return { overrideSpecial: "", ...TEXT_DEFAULTS, ...inputs, numeric } as unknown as TextRules;
}

function makeText(inputs: WireObject): { result: string; shared: WireObject } {
    const rules = rulesOf(inputs);
    return {
        result: randomText(rules),
        shared: { number: rules.numeric, numeric: rules.numeric },
    };
}

/** The state says which version of the bridged schema it has, so that the official plugin takes it over. */
function meta(version: number): string {
    return JSON.stringify({ schema_version: String(version) });
}

const RESOURCES: Record<string, ResourceKind> = {
    "random:index/randomPassword:RandomPassword": madeOnce(
        INPUTS.text,
        ["result", "bcryptHash", "number", "numeric"],
        (inputs) => {
            const { result, shared } = makeText(inputs);
            return {
                id: NO_ID,
                outputs: {
                    ...shared,
                    __meta: meta(3),
                    id: NO_ID,
                    result: secret(result),
                    bcryptHash: secret(bcrypt(result)),
                },
            };
        },
        TEXT_DEFAULTS,
    ),
    "random:index/randomString:RandomString": madeOnce(
        INPUTS.text,
        ["result", "number", "numeric"],
        (inputs) => {
            const { result, shared } = makeText(inputs);
            return { id: result, outputs: { ...shared, __meta: meta(2), id: result, result } };
        },
        TEXT_DEFAULTS,
    ),
    "random:index/randomBytes:RandomBytes": madeOnce(INPUTS.bytes, ["base64", "hex"], (inputs) => {
        const bytes = randomBytes(Number(inputs["length"]));
        return {
            // The official plugin's id is the base64 text, which then stands in the state in clear.
            id: NO_ID,
            outputs: {
                base64: secret(bytes.toString("base64")),
                hex: secret(bytes.toString("hex")),
            },
        };
    }),
    "random:index/randomUuid:RandomUuid": madeOnce(INPUTS.uuid, ["result"], () => {
        const result = randomUUID();
        return { id: result, outputs: { id: result, result } };
    }),
    "random:index/randomId:RandomId": madeOnce(
        INPUTS.id,
        ["b64Std", "b64Url", "dec", "hex"],
        (inputs) => {
            const bytes = randomBytes(Number(inputs["byteLength"]));
            const prefix = typeof inputs["prefix"] === "string" ? inputs["prefix"] : "";
            const id = bytes.toString("base64url");
            const hex = bytes.toString("hex");
            return {
                id,
                outputs: {
                    id,
                    b64Std: prefix + bytes.toString("base64"),
                    b64Url: prefix + id,
                    dec: prefix + BigInt(`0x0${hex}`).toString(),
                    hex: prefix + hex,
                },
            };
        },
    ),
};

/** The provider `random`: the resources of the official plugin that make secrets and identifiers. */
export const RANDOM_PROVIDER: ProviderDefinition = {
    name: "random",
    version: RANDOM_VERSION,
    schema: SCHEMA,
    resources: RESOURCES,
    functions: {},
};
