// SPDX-License-Identifier: Apache-2.0
import { Engine } from "./engine.ts";
import { SshServer } from "./ssh-server.ts";

/** A real engine and an SSH server that its commands reach, for all tests of a suite. */
export class EngineBox {
    engine!: Engine;
    server!: SshServer;

    /** Registers what a suite needs around its tests. */
    static use(): EngineBox {
        const box = new EngineBox();
        before(async () => {
            [box.engine, box.server] = await Promise.all([Engine.create(), SshServer.start()]);
        });
        after(async () => {
            box.server.stop();
            await box.engine.remove();
        });
        return box;
    }
}
