// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from "node:util";
import { messageOf } from "./plugin/serve.ts";
import { ensure, remove } from "./seed/ensure.ts";
import { findPaths } from "./seed/paths.ts";
import { say } from "./seed/progress.ts";
import { status } from "./seed/status.ts";

const USAGE = `usage: node offline/seed.ts <verb>
  ensure [--offline]  make \`npx pulumi\` work; --offline does not try the official downloads
  status              say what is there and where it comes from
  remove              remove what was seeded, and only that`;

// stripTypeScriptTypes is what node does to this very file; its warning would only disturb.
process.removeAllListeners("warning");

const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { offline: { type: "boolean", default: false } },
});
const paths = findPaths();

try {
    switch (positionals[0]) {
        case "ensure":
            await ensure(paths, { offline: values.offline }, say);
            break;
        case "status":
            process.stdout.write(`${await status(paths)}\n`);
            break;
        case "remove": {
            const removed = await remove(paths);
            say(removed.length === 0 ? "nothing was seeded" : `removed: ${removed.join("; ")}`);
            break;
        }
        default:
            process.stderr.write(`${USAGE}\n`);
            process.exitCode = 2;
    }
} catch (error) {
    say(messageOf(error));
    process.exitCode = 1;
}
