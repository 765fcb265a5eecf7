// SPDX-License-Identifier: Apache-2.0
import { LineLog } from "../plugin/lines.ts";
import type { Operation, ResourceKind } from "../plugin/resource.ts";
import { checkInputs } from "../plugin/schema.ts";
import { isObject, revealAll } from "../plugin/wire.ts";
import type { WireObject } from "../plugin/wire.ts";
import { parseConnection } from "../ssh/connection.ts";
import type { Pool } from "../ssh/pool.ts";
import { runRemote } from "../ssh/run.ts";
import { INPUTS, TYPES } from "./schema.ts";
import {
    inputsChanged,
    newId,
    previousOutput,
    shownStreams,
    textOf,
    trimmed,
    unknownOutput,
    variablesOf,
} from "./state.ts";

const OUTPUTS = ["stdout", "stderr"];

/**
 * The resource `command:remote:Command`.
 *
 * @param pool the connections to use
 */
export function remoteCommand(pool: Pool): ResourceKind {
    return {
        replaceOn: ["triggers"],
        check: (news) => checkInputs(INPUTS.remoteCommand, TYPES, news),

        async create(operation, inputs) {
            const id = newId(operation.name);
            if (operation.preview) {
                return { id: "", properties: { ...inputs, ...unknownOutput(OUTPUTS) } };
            }
            const outputs = await run(pool, operation, inputs, {}, "create");
            return { id, properties: { ...inputs, stdout: "", stderr: "", ...outputs } };
        },

        async update(operation, state, inputs) {
            const old = { stdout: state["stdout"], stderr: state["stderr"] };
            if (operation.preview) {
                const changed = inputsChanged(INPUTS.remoteCommand, state, inputs);
                return { ...inputs, ...old, ...(changed ? unknownOutput(OUTPUTS) : {}) };
            }
            const which = inputs["update"] === undefined ? "create" : "update";
            return { ...inputs, ...old, ...(await run(pool, operation, inputs, state, which)) };
        },

        async delete(operation, state) {
            await run(pool, operation, state, state, "delete");
        },
    };
}

/** Runs one of the resource's commands; without that command nothing happens and nothing is returned. */
async function run(
    pool: Pool,
    operation: Operation,
    properties: WireObject,
    state: WireObject,
    which: "create" | "update" | "delete",
): Promise<WireObject> {
    const plain = revealAll(properties);
    const command = textOf(plain, which);
    if (command === undefined) {
        return {};
    }
    const shown = shownStreams(plain);
    const logs = {
        stdout: new LineLog((line) => operation.log("info", line, true)),
        stderr: new LineLog((line) => operation.log("info", line, true)),
    };
    const context = {
        signal: operation.signal,
        status: (message: string) => void operation.log("info", message, true),
    };
    try {
        const output = await runRemote(pool, connectionOf(plain), context, {
            command,
            stdin: textOf(plain, "stdin") ?? "",
            environment: variablesOf(plain),
            optionalEnvironment: previousOutput(plain, revealAll(state)),
            onRefused: (key, required) => {
                void operation.log(required ? "error" : "warning", refused(key));
            },
            onStdout: (chunk) => {
                if (shown.stdout) {
                    logs.stdout.write(chunk);
                }
            },
            onStderr: (chunk) => {
                if (shown.stderr) {
                    logs.stderr.write(chunk);
                }
            },
        });
        return { stdout: trimmed(output.stdout), stderr: trimmed(output.stderr) };
    } finally {
        await logs.stdout.end();
        await logs.stderr.end();
    }
}

/** The input `connection`, which the check has found to be there. */
export function connectionOf(plain: WireObject): ReturnType<typeof parseConnection> {
    const connection = plain["connection"];
    return parseConnection(isObject(connection) ? connection : {});
}

function refused(key: string): string {
    return (
        `Unable to set '${key}'. This only works if your SSH server is configured to accept ` +
        "these variables via AcceptEnv. Alternatively, if a Bash-like shell runs the command on the " +
        "remote host, you could prefix the command itself with the variables in the form 'VAR=value command'"
    );
}
