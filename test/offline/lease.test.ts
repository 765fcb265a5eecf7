// SPDX-License-Identifier: Apache-2.0
/** A whole run's lease over real SSH: taken before the hosts are asked, and given back when the process ends, however it ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostConfig } from "../../lib/config/schema.ts";
import { Secret } from "../../lib/secret.ts";
import { writeTargets, type Target } from "../../lib/target.ts";
import { loadStack } from "../unit/stacks.ts";
import { SshServer } from "./support/ssh-server.ts";

/** In place of sudo and the host program: answers as a host would, on which `holder` has the lease. */
const sudo = `#!/bin/sh
cat >/dev/null
case "$*" in
*"lease take"*) cat "$(dirname "$0")/lease" ;;
*"lease give"*) echo "lease none" ;;
*) echo "os debian 12 x86_64" ;;
esac
`;

const program = (ending: string) => `
import { text } from "node:stream/consumers";
import { lookForUp } from "${new URL("../../lib/facts/exclusive.ts", import.meta.url).href}";
import { readTargets } from "${new URL("../../lib/target.ts", import.meta.url).href}";
const questions = readTargets(await text(process.stdin)).map((target) => ({ target, payload: "" }));
const { answers, findings } = await lookForUp(questions, console.log);
console.log(JSON.stringify([answers.size, findings]));
${ending}
`;

describe("the run lease over SSH", function () {
    this.timeout(30_000);
    let folder: string;
    let server: SshServer;
    const path = process.env["PATH"] ?? "";

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "ms-lease-"));
        writeFileSync(join(folder, "sudo"), sudo, { mode: 0o755 });
        process.env["PATH"] = `${folder}:${path}`;
        server = await SshServer.start();
    });
    after(() => {
        process.env["PATH"] = path;
        server.stop();
        rmSync(folder, { recursive: true });
    });

    /** Runs a program that looks at three hosts (all of them the test's server) and ends as given. */
    async function run(
        lease: string,
        ending: string,
    ): Promise<{ code: number | null; output: string }> {
        writeFileSync(join(folder, "lease"), `${lease}\n`);
        server.commands.length = 0;
        const [pattern] = loadStack("lab").hosts as [HostConfig];
        const endpoint = {
            ...{ host: "127.0.0.1", port: server.port, user: "ops", hostKey: server.hostKey },
            privateKey: new Secret(SshServer.userKey),
        };
        const targets = ["a", "b", "c"].map((name, i): Target => {
            const timeouts = { connect: 15, question: 60, command: 900 };
            return { config: { ...pattern, name, id: i + 1 }, endpoint, timeouts };
        });
        const script = ["--input-type=module", "-e", program(ending)];
        const child = spawn(process.execPath, script, { stdio: ["pipe", "pipe", "pipe"] });
        child.stdin.end(writeTargets(targets));
        let output = "";
        for (const stream of [child.stdout, child.stderr])
            stream.on("data", (data: Buffer) => (output += data.toString()));
        const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
        return { code, output };
    }
    const verbs = () =>
        server.commands.map((command) => /\b(check|lease \w+)\b/.exec(command)?.[0] ?? "?");
    const given = () => verbs().filter((verb) => verb === "lease give").length;

    for (const [how, ending, expected] of [
        ["well", "", 0],
        ["with an error", 'throw new Error("on purpose");', 1],
        ["in the middle", "process.exit(7);", 7],
    ] as const) {
        it(`is taken first, and given back by a run that ends ${how}`, async () => {
            const { code, output } = await run("lease own run=x", ending);
            assert.equal(code, expected, output);
            assert.match(output, /^\[3,\[\]\]$/m);
            assert.deepEqual(verbs().slice(0, 3), ["lease take", "lease take", "lease take"]);
            assert.equal(verbs().filter((verb) => verb === "check").length, 3);
            for (let i = 0; i < 100 && given() < 3; i++) await sleep(50);
            assert.equal(given(), 3);
        });
    }

    it("another's lease is left to it: nobody is asked anything more", async () => {
        const holder =
            "lease held run=y who=eve@desk pid=1 started=1 machine=z taken=1790000000 until=1790000120";
        const { code, output } = await run(holder, "");
        assert.equal(code, 0, output);
        assert.match(output, /another run is at work: eve@desk, process 1/);
        assert.deepEqual(verbs(), ["lease take"]);
    });
});
