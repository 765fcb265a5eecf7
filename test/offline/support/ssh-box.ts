// SPDX-License-Identifier: Apache-2.0
/** An SSH server and a pool of connections to it, new for each test; nothing of the tester's own agent is used. */
import { Pool } from "../../../offline/ssh/pool.ts";
import { parseConnection } from "../../../offline/ssh/connection.ts";
import type { WireObject } from "../../../offline/plugin/wire.ts";
import { runRemote } from "../../../offline/ssh/run.ts";
import type { RemoteCommand } from "../../../offline/ssh/run.ts";
import { SshServer } from "./ssh-server.ts";

export const NEVER = new AbortController().signal;

/** A command without input and environment, whose output nobody follows. */
const plain: Omit<RemoteCommand, "command"> = {
    stdin: "",
    environment: {},
    optionalEnvironment: {},
    onRefused: () => undefined,
    onStdout: () => undefined,
    onStderr: () => undefined,
};

export class SshBox {
    server!: SshServer;
    pool!: Pool;

    /** Registers what a suite needs around its tests. */
    static use(): SshBox {
        const box = new SshBox();
        const agentOfTester = process.env["SSH_AUTH_SOCK"];
        before(() => {
            process.env["SSH_AUTH_SOCK"] = "";
        });
        after(() => {
            if (agentOfTester === undefined) delete process.env["SSH_AUTH_SOCK"];
            else process.env["SSH_AUTH_SOCK"] = agentOfTester;
        });
        beforeEach(async () => {
            box.server = await SshServer.start();
            box.pool = new Pool();
        });
        afterEach(async () => {
            await box.pool.drain();
            box.server.stop();
        });
        return box;
    }

    /** Runs a command and gives its standard output. */
    async run(
        command: string,
        more: Partial<RemoteCommand> = {},
        connection = this.server.connection(),
        signal = NEVER,
        status: (message: string) => void = () => undefined,
    ): Promise<string> {
        const output = await runRemote(
            this.pool,
            parseConnection(connection as WireObject),
            { signal, status },
            { ...plain, command, ...more },
        );
        return output.stdout.toString();
    }
}
