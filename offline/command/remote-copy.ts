// SPDX-License-Identifier: Apache-2.0
import { sameValue } from "../plugin/diff.ts";
import type { CheckFailure, Operation, ResourceKind } from "../plugin/resource.ts";
import { checkInputs } from "../plugin/schema.ts";
import { isObject, reveal, revealAll, UNKNOWN } from "../plugin/wire.ts";
import type { Wire, WireObject } from "../plugin/wire.ts";
import { copyTo } from "../ssh/copy.ts";
import type { Source } from "../ssh/copy.ts";
import type { Pool } from "../ssh/pool.ts";
import { withSftp } from "../ssh/sftp.ts";
import { connectionOf } from "./remote-command.ts";
import { INPUTS, TYPES } from "./schema.ts";
import { newId, textOf } from "./state.ts";

/**
 * The resource `command:remote:CopyToRemote`. It copies again when the source's hash or the target has
 * changed; what it has copied stays when it is deleted.
 *
 * @param pool the connections to use
 */
export function copyToRemote(pool: Pool): ResourceKind {
    const copy = async (operation: Operation, inputs: WireObject): Promise<void> => {
        const plain = revealAll(inputs);
        await transfer(pool, operation, plain, sourceOf(plain["source"]));
    };
    return {
        replaceOn: ["triggers"],
        check(news) {
            const { inputs, failures } = checkInputs(INPUTS.copyToRemote, TYPES, news);
            return {
                inputs,
                failures: failures.length > 0 ? failures : checkSource(inputs["source"]),
            };
        },
        async create(operation, inputs) {
            if (!operation.preview) {
                await copy(operation, inputs);
            }
            return { id: operation.preview ? "" : newId(""), properties: inputs };
        },
        async update(operation, state, inputs) {
            const unchanged =
                sameValue(hashOf(state["source"]), hashOf(inputs["source"])) &&
                sameValue(
                    reveal(state["remotePath"] ?? null),
                    reveal(inputs["remotePath"] ?? null),
                );
            if (!operation.preview && !unchanged) {
                await copy(operation, inputs);
            }
            return inputs;
        },
    };
}

/**
 * The deprecated resource `command:remote:CopyFile`: any change replaces it.
 *
 * @param pool the connections to use
 */
export function copyFile(pool: Pool): ResourceKind {
    return {
        replaceOn: "any",
        check: (news) => checkInputs(INPUTS.copyFile, TYPES, news),
        async create(operation, inputs) {
            if (operation.preview) {
                return { id: "", properties: inputs };
            }
            const plain = revealAll(inputs);
            await transfer(pool, operation, plain, { path: textOf(plain, "localPath") ?? "" });
            return { id: newId(""), properties: inputs };
        },
    };
}

async function transfer(
    pool: Pool,
    operation: Operation,
    plain: WireObject,
    source: Source,
): Promise<void> {
    const context = {
        signal: operation.signal,
        status: (message: string) => void operation.log("info", message, true),
    };
    await withSftp(pool, connectionOf(plain), context, (sftp) =>
        copyTo(sftp, source, textOf(plain, "remotePath") ?? ""),
    );
}

function sourceOf(source: Wire | undefined): Source {
    const plain = isObject(source) ? source : {};
    const text = textOf(plain, "text");
    return text === undefined ? { path: textOf(plain, "path") ?? "" } : { text };
}

function hashOf(source: Wire | undefined): Wire {
    const plain = reveal(source ?? null);
    return isObject(plain) ? (plain["hash"] ?? null) : null;
}

/** Only what lies on this machine, or is a text, can be copied. */
function checkSource(source: Wire | undefined): CheckFailure[] {
    const plain = reveal(source ?? null);
    if (plain === UNKNOWN || !isObject(plain)) {
        return [];
    }
    if (textOf(plain, "path") !== undefined || typeof plain["text"] === "string") {
        return [];
    }
    return [
        {
            property: "source",
            reason: "must be a FileAsset, a StringAsset, or a FileArchive with a path",
        },
    ];
}
