// SPDX-License-Identifier: Apache-2.0
import type { ObjectSpec, PropertySpec } from "../plugin/schema.ts";
import { RANDOM_VERSION } from "../versions.ts";

const keepers = {
    type: "object",
    additionalProperties: { type: "string" },
    description: "Any values; when one of them changes, a new value is made.",
} satisfies PropertySpec;

function flag(what: string): PropertySpec {
    return { type: "boolean", description: `Use ${what}. Default: true.` };
}

function minimum(what: string): PropertySpec {
    return { type: "integer", description: `At least so many ${what}. Default: 0.` };
}

const TEXT: ObjectSpec = {
    properties: {
        keepers,
        length: { type: "integer", description: "The number of characters." },
        upper: flag("upper-case letters"),
        lower: flag("lower-case letters"),
        numeric: flag("digits"),
        number: flag("digits (the old name of `numeric`)"),
        special: flag("special characters"),
        minUpper: minimum("upper-case letters"),
        minLower: minimum("lower-case letters"),
        minNumeric: minimum("digits"),
        minSpecial: minimum("special characters"),
        overrideSpecial: { type: "string", description: "The special characters to use." },
    },
    required: ["length"],
};

/** Inputs of each resource. */
export const INPUTS = {
    text: TEXT,
    bytes: {
        properties: { keepers, length: { type: "integer", description: "The number of bytes." } },
        required: ["length"],
    },
    uuid: { properties: { keepers }, required: [] },
    id: {
        properties: {
            keepers,
            byteLength: { type: "integer", description: "The number of random bytes." },
            prefix: { type: "string", description: "Text before the value in every form of it." },
        },
        required: ["byteLength"],
    },
} satisfies Record<string, ObjectSpec>;

function output(description: string, secret = false): PropertySpec {
    return { type: "string", description, ...(secret ? { secret: true } : {}) };
}

function resource(
    inputs: ObjectSpec,
    outputs: Record<string, PropertySpec>,
    description: string,
): object {
    return {
        description,
        inputProperties: inputs.properties,
        requiredInputs: inputs.required,
        properties: { ...inputs.properties, ...outputs },
        required: [...inputs.required, ...Object.keys(outputs)],
    };
}

/** The package schema, which the engine asks for by GetSchema. */
export const SCHEMA = {
    name: "random",
    version: RANDOM_VERSION,
    displayName: "Random",
    description: "Random values that are made once and kept in the state.",
    license: "Apache-2.0",
    config: {},
    provider: {},
    types: {},
    resources: {
        "random:index/randomPassword:RandomPassword": resource(
            INPUTS.text,
            {
                result: output("The password.", true),
                bcryptHash: output("Its bcrypt hash.", true),
            },
            "A random text that is a secret.",
        ),
        "random:index/randomString:RandomString": resource(
            INPUTS.text,
            { result: output("The text.") },
            "A random text.",
        ),
        "random:index/randomBytes:RandomBytes": resource(
            INPUTS.bytes,
            {
                base64: output("The bytes in base64.", true),
                hex: output("The bytes in hexadecimal.", true),
            },
            "Random bytes that are a secret.",
        ),
        "random:index/randomUuid:RandomUuid": resource(
            INPUTS.uuid,
            { result: output("The UUID.") },
            "A random UUID.",
        ),
        "random:index/randomId:RandomId": resource(
            INPUTS.id,
            {
                b64Std: output("The value in base64."),
                b64Url: output("The value in base64 for URLs."),
                dec: output("The value as a decimal number."),
                hex: output("The value in hexadecimal."),
            },
            "A random identifier.",
        ),
    },
    functions: {},
};
