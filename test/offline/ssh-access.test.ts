// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2 from "ssh2";
import { NEVER, SshBox } from "./support/ssh-box.ts";
import { SshServer } from "./support/ssh-server.ts";

describe("ssh: the way to a host", function () {
    this.timeout(20_000);
    const box = SshBox.use();

    describe("host keys", () => {
        it("refuses another key at once, naming both", async () => {
            const other = await SshServer.start();
            const started = Date.now();
            await assert.rejects(
                box.run(
                    "true",
                    {},
                    box.server.connection({ hostKey: other.hostKey, dialErrorLimit: 10 }),
                ),
                /host key mismatch: tester@127\.0\.0\.1:\d+ presented ssh-ed25519 SHA256:\S+, but connection\.hostKey pins ssh-ed25519 SHA256:/,
            );
            assert.ok(Date.now() - started < 2000);
            assert.deepEqual(box.server.commands, []);
            other.stop();
        });

        it("refuses a host that has no key of the pinned type", async () => {
            const rsa = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).public;
            await assert.rejects(
                box.run("true", {}, box.server.connection({ hostKey: rsa })),
                /host key mismatch: .* has no host key of type ecdsa-sha2-nistp256/,
            );
        });

        it("says what is wrong with a key that is none", async () => {
            await assert.rejects(
                box.run("true", {}, box.server.connection({ hostKey: "nonsense" })),
                /failed to parse host key/,
            );
        });

        it("takes any key when none is pinned", async () => {
            assert.equal(
                await box.run("echo ok", {}, box.server.connection({ hostKey: undefined })),
                "ok\n",
            );
        });
    });

    describe("login", () => {
        it("tries the password after the key", async () => {
            box.server.stop();
            box.server = await SshServer.start({ password: "secret" });
            await box.run("true", {}, box.server.connection({ password: "secret" }));
            assert.deepEqual(box.server.logins, ["tester password"]);
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
                await box.run(
                    "true",
                    {},
                    box.server.connection({ agentSocketPath, privateKey: undefined }),
                );
                assert.deepEqual(new Set(box.server.logins), new Set(["tester publickey"]));
            } finally {
                agent.kill();
                rmSync(folder, { recursive: true });
            }
        });

        it("names the agent's socket when it is dead", async () => {
            await assert.rejects(
                box.run("true", {}, box.server.connection({ agentSocketPath: "no/agent.sock" })),
                /dial unix no\/agent\.sock: connect: no such file or directory/,
            );
        });

        it("names machine and reason when nothing listens, after the retries", async () => {
            const status: string[] = [];
            await assert.rejects(
                box.run(
                    "true",
                    {},
                    box.server.connection({ port: 1, dialErrorLimit: 2 }),
                    NEVER,
                    (message) => status.push(message),
                ),
                /after 2 failed attempts: dial tcp 127\.0\.0\.1:1: connect: connection refused/,
            );
            assert.deepEqual(status, ["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]);
        });
    });

    describe("proxy", () => {
        it("goes through it, and reuses its connection", async () => {
            const bastion = await SshServer.start();
            const through = box.server.connection({ proxy: bastion.connection() });
            assert.equal(await box.run("echo inside", {}, through), "inside\n");
            await box.run("true", {}, through);
            assert.equal(bastion.connections, 1);
            assert.equal(bastion.forwards, 1);
            assert.deepEqual(bastion.commands, []);
            await box.pool.drain();
            bastion.stop();
        });

        it("pins the key of the proxy, too", async () => {
            const bastion = await SshServer.start();
            const proxy = bastion.connection({ hostKey: box.server.hostKey });
            await assert.rejects(
                box.run("true", {}, box.server.connection({ proxy })),
                /^Error: proxy: .*host key mismatch/,
            );
            bastion.stop();
        });
    });
});
