// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { SshBox } from "./support/ssh-box.ts";
import { SshServer } from "./support/ssh-server.ts";

describe("ssh: commands over pooled connections", function () {
    this.timeout(20_000);
    const box = SshBox.use();

    it("passes stdin and the environment", async () => {
        const text = await box.run('echo "$GREETING"; cat', {
            stdin: "from stdin",
            environment: { GREETING: "hello" },
        });
        assert.equal(text, "hello\nfrom stdin");
    });

    it("ends the command's input when there is none", async () => {
        assert.equal(await box.run("cat; echo done"), "done\n");
    });

    it("uses one connection for commands one after the other", async () => {
        for (let i = 0; i < 5; i++) {
            await box.run("true");
        }
        assert.equal(box.server.connections, 1);
    });

    it("runs 100 commands at once, with no more sessions than sshd takes on a connection", async () => {
        const texts = await Promise.all(
            Array.from({ length: 100 }, (_, i) => box.run(`sleep 0.05; echo ${i}`)),
        );
        assert.deepEqual(
            texts,
            Array.from({ length: 100 }, (_, i) => `${i}\n`),
        );
        assert.ok(box.server.connections <= 13, `${box.server.connections} connections`);
        await box.run("true");
        await sleep(50);
        assert.equal(box.server.open, 1, "the spare connections are closed");
    });

    it("finds out that a server takes fewer sessions", async () => {
        box.server.stop();
        box.server = await SshServer.start({ maxSessions: 2 });
        const texts = await Promise.all(
            Array.from({ length: 6 }, (_, i) => box.run(`sleep 0.05; echo ${i}`)),
        );
        assert.equal(texts.length, 6);
    });

    it("connects anew when an idle connection was lost", async () => {
        await box.run("true");
        box.server.dropClients();
        await sleep(50);
        assert.equal(await box.run("echo again"), "again\n");
        assert.equal(box.server.connections, 2);
    });

    it("says so when the connection is lost under a command", async () => {
        const running = box.run("sleep 30");
        await waitUntil(() => box.server.running === 1);
        box.server.dropClients();
        await assert.rejects(running, /the SSH connection to tester@127\.0\.0\.1:\d+ was lost/);
    });

    it("returns a line of 1 MB", async () => {
        const text = await box.run("head -c 1048576 /dev/zero | tr '\\0' x");
        assert.equal(text.length, 1_048_576);
    });

    it("names exit status, command and output of a failure", async () => {
        await assert.rejects(box.run("echo out; echo err >&2; exit 3"), (error: Error) => {
            assert.match(
                error.message,
                /^Process exited with status 3: running "echo out; echo err >&2; exit 3":\n/,
            );
            assert.match(error.message, /out\n/);
            assert.match(error.message, /err\n/);
            return true;
        });
    });

    it("names the signal that ended a command", async () => {
        await assert.rejects(
            box.run("kill -9 $$"),
            /^Error: Process exited with status 137 from signal KILL/,
        );
    });

    it("keeps the error of a long output short enough for its way to the engine", async () => {
        await assert.rejects(box.run("seq 100000; exit 1"), (error: Error) => {
            assert.ok(encodeURIComponent(error.message).length < 60_000);
            assert.match(error.message, /\d+ bytes left out/);
            assert.match(error.message, /100000\n$/);
            return true;
        });
    });

    it("fails on a refused environment variable before the command runs", async () => {
        box.server.stop();
        box.server = await SshServer.start({ acceptEnvironment: /^LC_/ });
        const refused: string[] = [];
        await assert.rejects(
            box.run("true", {
                environment: { LC_X: "1", SECRET_TOKEN: "2" },
                onRefused: (key) => refused.push(key),
            }),
            /could not set environment variable "SECRET_TOKEN": ssh: setenv failed/,
        );
        assert.deepEqual(refused, ["SECRET_TOKEN"]);
        assert.deepEqual(box.server.commands, []);
    });

    it("only warns of a refused variable with the previous output", async () => {
        box.server.stop();
        box.server = await SshServer.start({ acceptEnvironment: /^LC_/ });
        const refused: [string, boolean][] = [];
        await box.run("true", {
            optionalEnvironment: { PULUMI_COMMAND_STDOUT: "x" },
            onRefused: (key, required) => refused.push([key, required]),
        });
        assert.deepEqual(refused, [["PULUMI_COMMAND_STDOUT", false]]);
    });

    it("ends a command that is cancelled", async () => {
        const abort = new AbortController();
        const running = box.run("sleep 30 & sleep 30", {}, box.server.connection(), abort.signal);
        await waitUntil(() => box.server.running === 1);
        abort.abort();
        await assert.rejects(running, /cancelled before it ended/);
        await waitUntil(() => box.server.running === 0);
        assert.equal(box.server.signals[0], "TERM");
    });

    it("kills a cancelled command that ignores SIGTERM", async () => {
        const abort = new AbortController();
        const command = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
        const running = box.run(command, {}, box.server.connection(), abort.signal);
        await waitUntil(() => box.server.running === 1);
        await sleep(100);
        abort.abort();
        await assert.rejects(running, /cancelled/);
        await waitUntil(() => box.server.running === 0);
        assert.deepEqual(box.server.signals, ["TERM", "KILL"]);
    });
});

async function waitUntil(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 250 && !condition(); i++) {
        await sleep(20);
    }
    assert.ok(condition(), "gave up waiting");
}
