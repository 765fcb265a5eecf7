// SPDX-License-Identifier: Apache-2.0
import type { ProviderDefinition } from "../plugin/resource.ts";
import type { Pool } from "../ssh/pool.ts";
import { COMMAND_VERSION } from "../versions.ts";
import { LOCAL_COMMAND, LOCAL_RUN } from "./local-command.ts";
import { copyFile, copyToRemote } from "./remote-copy.ts";
import { remoteCommand } from "./remote-command.ts";
import { SCHEMA } from "./schema.ts";

/**
 * The provider `command`.
 *
 * @param pool the SSH connections that its resources share
 */
export function commandProvider(pool: Pool): ProviderDefinition {
    return {
        name: "command",
        version: COMMAND_VERSION,
        schema: SCHEMA,
        resources: {
            "command:local:Command": LOCAL_COMMAND,
            "command:remote:Command": remoteCommand(pool),
            "command:remote:CopyToRemote": copyToRemote(pool),
            "command:remote:CopyFile": copyFile(pool),
        },
        functions: { "command:local:run": LOCAL_RUN },
    };
}
