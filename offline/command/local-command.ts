// SPDX-License-Identifier: Apache-2.0
import type { FunctionKind, ResourceKind } from "../plugin/resource.ts";
import { checkInputs } from "../plugin/schema.ts";
import { reveal } from "../plugin/wire.ts";
import type { WireObject } from "../plugin/wire.ts";
import { runLocal } from "./local-run.ts";
import { INPUTS, TYPES } from "./schema.ts";
import { inputsChanged, newId, textOf, unknownOutput } from "./state.ts";

const OUTPUTS = ["stdout", "stderr"];

/** The outputs that a run has left; they stay when an update runs nothing. */
function outputsOf(state: WireObject): WireObject {
    const { stdout, stderr, assets, archive } = state;
    return { stdout, stderr, assets, archive };
}

function unknownOutputs(inputs: WireObject): WireObject {
    return unknownOutput([
        ...OUTPUTS,
        ...(inputs["assetPaths"] === undefined ? [] : ["assets"]),
        ...(inputs["archivePaths"] === undefined ? [] : ["archive"]),
    ]);
}

function commandOf(properties: WireObject, ...names: string[]): string | undefined {
    for (const name of names) {
        const command = textOf({ command: reveal(properties[name] ?? null) }, "command");
        if (command !== undefined) {
            return command;
        }
    }
    return undefined;
}

/** The resource `command:local:Command`. */
export const LOCAL_COMMAND: ResourceKind = {
    replaceOn: ["triggers"],
    check: (news) => checkInputs(INPUTS.localCommand, TYPES, news),

    async create(operation, inputs) {
        if (operation.preview) {
            return { id: "", properties: { ...inputs, ...unknownOutputs(inputs) } };
        }
        const command = commandOf(inputs, "create");
        const outputs = command === undefined ? {} : await runLocal(operation, command, inputs, {});
        return {
            id: newId(operation.name),
            properties: { ...inputs, stdout: "", stderr: "", ...outputs },
        };
    },

    async update(operation, state, inputs) {
        const old = outputsOf(state);
        if (operation.preview) {
            const changed = inputsChanged(INPUTS.localCommand, state, inputs);
            return { ...inputs, ...old, ...(changed ? unknownOutputs(inputs) : {}) };
        }
        const command = commandOf(inputs, "update", "create");
        const outputs =
            command === undefined ? {} : await runLocal(operation, command, inputs, state);
        return { ...inputs, ...old, ...outputs };
    },

    async delete(operation, state) {
        const command = commandOf(state, "delete");
        if (command !== undefined) {
            await runLocal(operation, command, state, state);
        }
    },
};

/** The function `command:local:run`: it runs in previews, too. */
export const LOCAL_RUN: FunctionKind = {
    async invoke(operation, args) {
        const { inputs, failures } = checkInputs(INPUTS.run, TYPES, args);
        const command = commandOf(inputs, "command");
        if (failures.length > 0 || command === undefined) {
            return { outputs: {}, failures };
        }
        const outputs = await runLocal(operation, command, inputs, {});
        return { outputs: { ...inputs, ...outputs }, failures: [] };
    },
};
