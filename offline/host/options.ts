// SPDX-License-Identifier: Apache-2.0
import grpc from "@grpc/grpc-js";
import { RpcError } from "../plugin/serve.ts";
import type { WireObject } from "../plugin/wire.ts";

const INVALID_ARGUMENT = grpc.status.INVALID_ARGUMENT;

/** `runtime.options` of Pulumi.yaml, checked. */
export interface NodeOptions {
    /** Let the SDK run TypeScript through ts-node. Default true, as in the official host. */
    readonly typescript: boolean;
    /** Path of the tsconfig.json for ts-node, relative to the program. */
    readonly tsconfig: string | undefined;
    /** Arguments for node itself, before the program. */
    readonly nodeargs: readonly string[];
    /** The tool that installs dependencies. Default npm. */
    readonly packagemanager: "npm" | "yarn" | "pnpm";
    /** Leave devDependencies out when installing. Default false. */
    readonly production: boolean;
}

/**
 * Reads `runtime.options` of Pulumi.yaml or PulumiPolicy.yaml.
 * Unknown keys are left alone, as the official host does; a wrong type is an error that names the key.
 */
export function parseOptions(options: WireObject): NodeOptions {
    const manager = stringOption(options, "packagemanager") ?? "auto";
    return {
        typescript: booleanOption(options, "typescript") ?? true,
        tsconfig: stringOption(options, "tsconfig"),
        nodeargs: splitWords(stringOption(options, "nodeargs") ?? ""),
        packagemanager: packageManager(manager),
        production: booleanOption(options, "production") ?? false,
    };
}

function packageManager(name: string): "npm" | "yarn" | "pnpm" {
    switch (name) {
        case "auto":
        case "npm":
            return "npm";
        case "yarn":
        case "pnpm":
            return name;
        default:
            throw new RpcError(
                INVALID_ARGUMENT,
                `packagemanager option must be one of auto, npm, yarn or pnpm, got "${name}"`,
            );
    }
}

function booleanOption(options: WireObject, key: string): boolean | undefined {
    const value = options[key];
    if (value === undefined || typeof value === "boolean") {
        return value;
    }
    throw new RpcError(INVALID_ARGUMENT, `${key} option must be a boolean`);
}

function stringOption(options: WireObject, key: string): string | undefined {
    const value = options[key];
    if (value === undefined || typeof value === "string") {
        return value;
    }
    throw new RpcError(INVALID_ARGUMENT, `${key} option must be a string`);
}

/** Splits a command line into words as a POSIX shell would: quotes and backslashes, no expansion. */
export function splitWords(line: string): string[] {
    const words: string[] = [];
    const pattern = /\s*((?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+)/gs;
    for (const match of line.matchAll(pattern)) {
        words.push(unquote(match[1] ?? ""));
    }
    return words;
}

function unquote(word: string): string {
    return word.replace(
        /\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)"/gs,
        (_all, escaped?: string, single?: string, double?: string) =>
            escaped ?? single ?? (double ?? "").replace(/\\(["\\$`])/g, "$1"),
    );
}
