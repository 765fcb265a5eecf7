// SPDX-License-Identifier: Apache-2.0
import { runProvider } from "../plugin/main.ts";
import { Pool } from "../ssh/pool.ts";
import { commandProvider } from "./provider.ts";

const pool = new Pool();

await runProvider(commandProvider(pool), async () => {
    await pool.drain();
});
