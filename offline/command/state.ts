// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import { diffInputs } from "../plugin/diff.ts";
import type { ObjectSpec } from "../plugin/schema.ts";
import { hasUnknown, isObject, revealAll, UNKNOWN } from "../plugin/wire.ts";
import type { WireObject } from "../plugin/wire.ts";

/** A new resource's id: the name and eight random hexadecimal digits; without a name the digits alone. */
export function newId(name: string): string {
    return name + randomBytes(4).toString("hex");
}

/** Text that the input has, without its secret mark; undefined when it is absent. */
export function textOf(plain: WireObject, key: string): string | undefined {
    const value = plain[key];
    return typeof value === "string" ? value : undefined;
}

/** Environment variables of a resource, without secret marks. */
export function variablesOf(plain: WireObject): Record<string, string> {
    const variables = plain["environment"];
    if (!isObject(variables)) {
        return {};
    }
    return Object.fromEntries(
        Object.entries(variables).map(([key, value]) => [
            key,
            typeof value === "string" ? value : "",
        ]),
    );
}

/** What the previous run wrote, for the environment of the next. Empty output is not passed on. */
export function previousOutput(plain: WireObject, state: WireObject): Record<string, string> {
    if (plain["addPreviousOutputInEnv"] === false) {
        return {};
    }
    const variables = {
        PULUMI_COMMAND_STDOUT: textOf(state, "stdout") ?? "",
        PULUMI_COMMAND_STDERR: textOf(state, "stderr") ?? "",
    };
    return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
}

/** Output as it is kept: less one line end. */
export function trimmed(output: Buffer): string {
    return output.toString("utf8").replace(/\n$/, "");
}

/** The outputs a preview cannot know: those that only the run of a command tells. */
export function unknownOutput(outputs: readonly string[]): WireObject {
    return Object.fromEntries(outputs.map((name) => [name, UNKNOWN]));
}

/**
 * Whether an update would run a command: an input has changed, or may have.
 *
 * @param state the resource's old properties, which contain its old inputs
 */
export function inputsChanged(spec: ObjectSpec, state: WireObject, inputs: WireObject): boolean {
    const old = Object.fromEntries(Object.keys(spec.properties).map((name) => [name, state[name]]));
    return hasUnknown(inputs) || diffInputs(revealAll(old), revealAll(inputs)).size > 0;
}

/** Which streams the input `logging` shows. */
export function shownStreams(plain: WireObject): { stdout: boolean; stderr: boolean } {
    const logging = textOf(plain, "logging") ?? "stdoutAndStderr";
    return {
        stdout: logging === "stdout" || logging === "stdoutAndStderr",
        stderr: logging === "stderr" || logging === "stdoutAndStderr",
    };
}
