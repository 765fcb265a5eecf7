// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2 from "ssh2";
import type { WireObject } from "../../offline/plugin/wire.ts";
import { parseConnection } from "../../offline/ssh/connection.ts";
import { copyTo } from "../../offline/ssh/copy.ts";
import type { Source } from "../../offline/ssh/copy.ts";
import { Pool } from "../../offline/ssh/pool.ts";
import { runRemote } from "../../offline/ssh/run.ts";
import type { RemoteCommand } from "../../offline/ssh/run.ts";
import { withSftp } from "../../offline/ssh/sftp.ts";
import { SshServer } from "./support/ssh-server.ts";

const NEVER = new AbortController().signal;

describe("ssh: commands over pooled connections", function () {
    this.timeout(20_000);
    let server: SshServer;
    let pool: Pool;
    const agentOfTester = process.env["SSH_AUTH_SOCK"];

    before(() => {
        process.env["SSH_AUTH_SOCK"] = "";
    });

    after(() => {
        if (agentOfTester === undefined) {
            delete process.env["SSH_AUTH_SOCK"];
        } else {
            process.env["SSH_AUTH_SOCK"] = agentOfTester;
        }
    });

    beforeEach(async () => {
        server = await SshServer.start();
        pool = new Pool();
    });

    afterEach(async () => {
        await pool.drain();
        server.stop();
    });

    async function run(
        command: string,
        more: Partial<RemoteCommand> = {},
        connection = server.connection(),
        signal = NEVER,
    ): Promise<string> {
        const output = await runRemote(
            pool,
            parseConnection(connection as WireObject),
            { signal, status: () => undefined },
            {
                command,
                stdin: "",
                environment: {},
                optionalEnvironment: {},
                onRefused: () => undefined,
                onStdout: () => undefined,
                onStderr: () => undefined,
                ...more,
            },
        );
        return output.stdout.toString();
    }

    it("passes stdin and the environment", async () => {
        const text = await run('echo "$GREETING"; cat', {
            stdin: "from stdin",
            environment: { GREETING: "hello" },
        });
        assert.equal(text, "hello\nfrom stdin");
    });

    it("ends the command's input when there is none", async () => {
        assert.equal(await run("cat; echo done"), "done\n");
    });

    it("uses one connection for commands one after the other", async () => {
        for (let i = 0; i < 5; i++) {
            await run("true");
        }
        assert.equal(server.connections, 1);
    });

    it("runs 100 commands at once, with no more sessions than sshd takes on a connection", async () => {
        const texts = await Promise.all(
            Array.from({ length: 100 }, (_, i) => run(`sleep 0.05; echo ${i}`)),
        );
        assert.deepEqual(
            texts,
            Array.from({ length: 100 }, (_, i) => `${i}\n`),
        );
        assert.ok(server.connections <= 13, `${server.connections} connections`);
        await run("true");
        await sleep(50);
        assert.equal(server.open, 1, "the spare connections are closed");
    });

    it("finds out that a server takes fewer sessions", async () => {
        server.stop();
        server = await SshServer.start({ maxSessions: 2 });
        const texts = await Promise.all(
            Array.from({ length: 6 }, (_, i) => run(`sleep 0.05; echo ${i}`)),
        );
        assert.equal(texts.length, 6);
    });

    it("connects anew when an idle connection was lost", async () => {
        await run("true");
        server.dropClients();
        await sleep(50);
        assert.equal(await run("echo again"), "again\n");
        assert.equal(server.connections, 2);
    });

    it("says so when the connection is lost under a command", async () => {
        const running = run("sleep 30");
        await waitUntil(() => server.running === 1);
        server.dropClients();
        await assert.rejects(running, /the SSH connection to tester@127\.0\.0\.1:\d+ was lost/);
    });

    it("returns a line of 1 MB", async () => {
        const text = await run("head -c 1048576 /dev/zero | tr '\\0' x");
        assert.equal(text.length, 1_048_576);
    });

    it("names exit status, command and output of a failure", async () => {
        await assert.rejects(run("echo out; echo err >&2; exit 3"), (error: Error) => {
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
            run("kill -9 $$"),
            /^Error: Process exited with status 137 from signal KILL/,
        );
    });

    it("keeps the error of a long output short enough for its way to the engine", async () => {
        await assert.rejects(run("seq 100000; exit 1"), (error: Error) => {
            assert.ok(encodeURIComponent(error.message).length < 60_000);
            assert.match(error.message, /\d+ bytes left out/);
            assert.match(error.message, /100000\n$/);
            return true;
        });
    });

    it("fails on a refused environment variable before the command runs", async () => {
        server.stop();
        server = await SshServer.start({ acceptEnvironment: /^LC_/ });
        const refused: string[] = [];
        await assert.rejects(
            run("true", {
                environment: { LC_X: "1", SECRET_TOKEN: "2" },
                onRefused: (key) => refused.push(key),
            }),
            /could not set environment variable "SECRET_TOKEN": ssh: setenv failed/,
        );
        assert.deepEqual(refused, ["SECRET_TOKEN"]);
        assert.deepEqual(server.commands, []);
    });

    it("only warns of a refused variable with the previous output", async () => {
        server.stop();
        server = await SshServer.start({ acceptEnvironment: /^LC_/ });
        const refused: [string, boolean][] = [];
        await run("true", {
            optionalEnvironment: { PULUMI_COMMAND_STDOUT: "x" },
            onRefused: (key, required) => refused.push([key, required]),
        });
        assert.deepEqual(refused, [["PULUMI_COMMAND_STDOUT", false]]);
    });

    it("ends a command that is cancelled", async () => {
        const abort = new AbortController();
        const running = run("sleep 30 & sleep 30", {}, server.connection(), abort.signal);
        await waitUntil(() => server.running === 1);
        abort.abort();
        await assert.rejects(running, /cancelled before it ended/);
        await waitUntil(() => server.running === 0);
        assert.equal(server.signals[0], "TERM");
    });

    it("kills a cancelled command that ignores SIGTERM", async () => {
        const abort = new AbortController();
        const command = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
        const running = run(command, {}, server.connection(), abort.signal);
        await waitUntil(() => server.running === 1);
        await sleep(100);
        abort.abort();
        await assert.rejects(running, /cancelled/);
        await waitUntil(() => server.running === 0);
        assert.deepEqual(server.signals, ["TERM", "KILL"]);
    });

    describe("host keys", () => {
        it("refuses another key at once, naming both", async () => {
            const other = await SshServer.start();
            const started = Date.now();
            await assert.rejects(
                run("true", {}, server.connection({ hostKey: other.hostKey, dialErrorLimit: 10 })),
                /host key mismatch: tester@127\.0\.0\.1:\d+ presented ssh-ed25519 SHA256:\S+, but connection\.hostKey pins ssh-ed25519 SHA256:/,
            );
            assert.ok(Date.now() - started < 2000);
            assert.deepEqual(server.commands, []);
            other.stop();
        });

        it("refuses a host that has no key of the pinned type", async () => {
            const rsa = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).public;
            await assert.rejects(
                run("true", {}, server.connection({ hostKey: rsa })),
                /host key mismatch: .* has no host key of type ecdsa-sha2-nistp256/,
            );
        });

        it("says what is wrong with a key that is none", async () => {
            await assert.rejects(
                run("true", {}, server.connection({ hostKey: "nonsense" })),
                /failed to parse host key/,
            );
        });

        it("takes any key when none is pinned", async () => {
            assert.equal(
                await run("echo ok", {}, server.connection({ hostKey: undefined })),
                "ok\n",
            );
        });
    });

    describe("login", () => {
        it("tries the password after the key", async () => {
            server.stop();
            server = await SshServer.start({ password: "secret" });
            await run("true", {}, server.connection({ password: "secret" }));
            assert.deepEqual(server.logins, ["tester password"]);
        });

        it("uses a key of the agent", async function () {
            const folder = mkdtempSync(join(tmpdir(), "offline-agent-"));
            const agentSocketPath = join(folder, "agent.sock");
            const agent = spawn("ssh-agent", ["-D", "-a", agentSocketPath], { stdio: "ignore" });
            try {
                const missing = await Promise.race([once(agent, "error"), sleep(300)]);
                if (missing !== undefined) {
                    this.skip();
                }
                const added = spawnSync("ssh-add", ["-"], {
                    input: SshServer.userKey,
                    env: { ...process.env, SSH_AUTH_SOCK: agentSocketPath },
                });
                assert.equal(added.status, 0, added.stderr.toString());
                await run(
                    "true",
                    {},
                    server.connection({ agentSocketPath, privateKey: undefined }),
                );
                assert.deepEqual(new Set(server.logins), new Set(["tester publickey"]));
            } finally {
                agent.kill();
                rmSync(folder, { recursive: true });
            }
        });

        it("names the agent's socket when it is dead", async () => {
            await assert.rejects(
                run("true", {}, server.connection({ agentSocketPath: "no/agent.sock" })),
                /dial unix no\/agent\.sock: connect: no such file or directory/,
            );
        });

        it("names machine and reason when nothing listens, after the retries", async () => {
            const status: string[] = [];
            await assert.rejects(
                runRemote(
                    pool,
                    parseConnection(
                        server.connection({ port: 1, dialErrorLimit: 2 }) as WireObject,
                    ),
                    { signal: NEVER, status: (message) => status.push(message) },
                    {
                        command: "true",
                        stdin: "",
                        environment: {},
                        optionalEnvironment: {},
                        onRefused: () => undefined,
                        onStdout: () => undefined,
                        onStderr: () => undefined,
                    },
                ),
                /after 2 failed attempts: dial tcp 127\.0\.0\.1:1: connect: connection refused/,
            );
            assert.deepEqual(status, ["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]);
        });
    });

    describe("proxy", () => {
        it("goes through it, and reuses its connection", async () => {
            const bastion = await SshServer.start();
            const through = server.connection({ proxy: bastion.connection() });
            assert.equal(await run("echo inside", {}, through), "inside\n");
            await run("true", {}, through);
            assert.equal(bastion.connections, 1);
            assert.equal(bastion.forwards, 1);
            assert.deepEqual(bastion.commands, []);
            await pool.drain();
            bastion.stop();
        });

        it("pins the key of the proxy, too", async () => {
            const bastion = await SshServer.start();
            const proxy = bastion.connection({ hostKey: server.hostKey });
            await assert.rejects(
                run("true", {}, server.connection({ proxy })),
                /^Error: proxy: .*host key mismatch/,
            );
            bastion.stop();
        });
    });

    describe("copy", () => {
        let folder: string;

        beforeEach(() => {
            folder = mkdtempSync(join(tmpdir(), "offline-copy-"));
            mkdirSync(join(folder, "src/deep"), { recursive: true });
            writeFileSync(join(folder, "src/a"), "a");
            writeFileSync(join(folder, "src/deep/b"), "b");
            mkdirSync(join(folder, "there"));
        });

        afterEach(() => {
            rmSync(folder, { recursive: true });
        });

        async function copy(source: Source, target: string): Promise<void> {
            await withSftp(
                pool,
                parseConnection(server.connection() as WireObject),
                { signal: NEVER, status: () => undefined },
                (sftp) => copyTo(sftp, source, join(folder, target)),
            );
        }

        function content(path: string): string {
            return readFileSync(join(folder, path), "utf8");
        }

        it("copies a file, making parents, and into a directory that is there", async () => {
            await copy({ path: join(folder, "src/a") }, "new/dir/file");
            assert.equal(content("new/dir/file"), "a");
            await copy({ path: join(folder, "src/a") }, "there");
            assert.equal(content("there/a"), "a");
        });

        it("copies a directory by its name, or with a slash what is in it", async () => {
            await copy({ path: join(folder, "src") }, "there");
            assert.equal(content("there/src/deep/b"), "b");
            await copy({ path: `${join(folder, "src")}/` }, "flat");
            assert.equal(content("flat/deep/b"), "b");
        });

        it("writes a text, but not over a directory", async () => {
            await copy({ text: "text" }, "note");
            assert.equal(content("note"), "text");
            await assert.rejects(copy({ text: "text" }, "there"), /there is a directory/);
        });

        it("does not copy a directory over a file", async () => {
            await assert.rejects(
                copy({ path: join(folder, "src") }, "src/a"),
                /exists but is not a directory/,
            );
        });
    });
});

async function waitUntil(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 250 && !condition(); i++) {
        await sleep(20);
    }
    assert.ok(condition(), "gave up waiting");
}
