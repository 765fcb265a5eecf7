// SPDX-License-Identifier: Apache-2.0
/** How hosts are asked over SSH: logins, bastions, dropped connections, and what is never tried twice. */
import assert from "node:assert/strict";
import { ask } from "../../lib/facts/gather.ts";
import { runOnHost } from "../../lib/facts/ssh.ts";
import { SshError, type SshErrorKind } from "../../lib/facts/ssh-error.ts";
import { Secret } from "../../lib/secret.ts";
import type { Endpoint, Target } from "../../lib/target.ts";
import { loadStack } from "../unit/stacks.ts";
import { keyPair, SshServer } from "./support/ssh-server.ts";

const limits = { connect: 10_000, command: 5000 };
const [config = assert.fail()] = loadStack("lab").hosts;

const endpoint = (server: SshServer, more: Partial<Endpoint> = {}): Endpoint => ({
    host: "127.0.0.1",
    port: server.port,
    user: "tester",
    hostKey: server.hostKey,
    privateKey: new Secret(SshServer.userKey),
    ...more,
});

const target = (server: SshServer, more: Partial<Target> = {}): Target => ({
    config,
    endpoint: endpoint(server),
    timeouts: { connect: 2, question: 5, command: 60 },
    ...more,
});

/** How a question failed. */
async function failure(asked: Promise<unknown>): Promise<{ kind: SshErrorKind; message: string }> {
    const error = await asked.then(
        () => assert.fail("it succeeded"),
        (reason: unknown) => reason,
    );
    assert.ok(error instanceof SshError, String(error));
    return error;
}

describe("questions over SSH", function () {
    this.timeout(30_000);
    const servers: SshServer[] = [];
    const agentOfTester = process.env["SSH_AUTH_SOCK"];
    const start = async (options = {}) => {
        const server = await SshServer.start(options);
        servers.push(server);
        return server;
    };

    before(() => {
        process.env["SSH_AUTH_SOCK"] = "";
    });
    after(() => {
        if (agentOfTester === undefined) delete process.env["SSH_AUTH_SOCK"];
        else process.env["SSH_AUTH_SOCK"] = agentOfTester;
    });
    afterEach(() => {
        for (const server of servers.splice(0)) server.stop();
    });

    it("log in with a key from the configuration, with a passphrase too", async () => {
        const pair = keyPair("open sesame");
        const server = await start({ authorizedKey: pair.public });
        const ask = (passphrase: string) =>
            runOnHost(
                target(server, {
                    endpoint: endpoint(server, {
                        privateKey: new Secret(pair.private),
                        passphrase: new Secret(passphrase),
                    }),
                }),
                "cat",
                "in",
                limits,
            );
        assert.equal((await ask("open sesame")).stdout, "in");
        const { kind, message } = await failure(ask("wrong"));
        assert.equal(kind, "refused");
        assert.equal(
            message,
            "metalstream:sshKey is no private key, or metalstream:sshKeyPassphrase does not open it",
        );
    });

    it("are tried again when the connection is dropped, and say what is waited for", async () => {
        const server = await start({ dropFirst: 2 });
        const said: string[] = [];
        const { stdout } = await runOnHost(target(server), "echo ok", "", limits, (line) =>
            said.push(line),
        );
        assert.equal(stdout, "ok\n");
        assert.equal(said.length, 2);
        assert.match(said[0] ?? "", /^m1: .+; trying again in 0\.[5-7]\d* s \(attempt 2 of 4\)$/);
    });

    it("are given up when every connection is dropped", async () => {
        const server = await start({ dropFirst: 100 });
        assert.equal(
            (await failure(runOnHost(target(server), "true", "", limits))).kind,
            "dropped",
        );
        assert.equal(server.dropped, 4);
    });

    it("are asked again when the connection breaks under the answer", async () => {
        const server = await start();
        setTimeout(() => {
            server.dropClients();
        }, 300);
        const { stdout } = await runOnHost(target(server), "sleep 1; echo ok", "", limits);
        assert.equal(stdout, "ok\n");
        assert.equal(server.commands.length, 2);
    });

    it("are not tried twice with another host key, nor the key is asked for anything", async () => {
        const server = await start();
        const other = await start();
        const wrong = endpoint(server, { hostKey: other.hostKey });
        const { kind, message } = await failure(
            runOnHost(target(server, { endpoint: wrong }), "true", "", limits),
        );
        assert.equal(kind, "refused");
        assert.match(message, /^its host key is SHA256:\S+, pinned is SHA256:\S+: reinstalled, or/);
        assert.equal(server.connections, 1);
        assert.deepEqual([server.logins, server.commands], [[], []]);
    });

    it("are not tried twice with a login that is refused", async () => {
        const server = await start({ authorizedKey: "ssh-ed25519 AAAA" });
        const { kind, message } = await failure(runOnHost(target(server), "true", "", limits));
        assert.equal(kind, "refused");
        assert.equal(message, "All configured authentication methods failed");
        assert.equal(server.connections, 1);
    });

    it("are not tried twice where nothing listens", async () => {
        const server = await start();
        const closed = target(server, { endpoint: endpoint(server, { port: 1 }) });
        const began = Date.now();
        const { kind, message } = await failure(runOnHost(closed, "true", "", limits));
        assert.equal(kind, "silent");
        assert.match(message, /ECONNREFUSED/);
        assert.ok(Date.now() - began < 400);
    });

    it("need an agent or a key", async () => {
        const server = await start();
        const { host, port, user, hostKey } = endpoint(server);
        const keyless = { host, port, user, hostKey };
        const { kind, message } = await failure(
            runOnHost(target(server, { endpoint: keyless }), "true", "", limits),
        );
        assert.equal(kind, "refused");
        assert.match(message, /^no SSH agent: set SSH_AUTH_SOCK/);
    });

    it("of 40 hosts behind a bastion share one connection to it", async () => {
        const [bastion, server] = [await start(), await start()];
        const behind = target(server, { bastion: endpoint(bastion) });
        const answers = await Promise.all(
            Array.from({ length: 40 }, (_, i) => runOnHost(behind, `echo ${i}`, "", limits)),
        );
        assert.deepEqual(
            answers.map(({ stdout }) => stdout),
            Array.from({ length: 40 }, (_, i) => `${i}\n`),
        );
        assert.deepEqual([bastion.connections, bastion.forwards], [1, 40]);
        assert.deepEqual(bastion.commands, []);
        await waitUntil(() => bastion.open === 0);
    });

    it("open another connection to the bastion when it was lost, or drops the first", async () => {
        const [bastion, server] = [await start({ dropFirst: 1 }), await start()];
        const behind = target(server, { bastion: endpoint(bastion) });
        const both = await Promise.all([
            runOnHost(behind, "echo a", "", limits),
            runOnHost(behind, "echo b", "", limits),
        ]);
        assert.deepEqual(
            both.map(({ stdout }) => stdout),
            ["a\n", "b\n"],
        );
        setTimeout(() => {
            bastion.dropClients();
        }, 300);
        const { stdout } = await runOnHost(behind, "sleep 1; echo c", "", limits);
        assert.equal(stdout, "c\n");
    });

    it("pin the bastion's key too, and say which key was wrong", async () => {
        const [bastion, server] = [await start(), await start()];
        const wrong = endpoint(bastion, { hostKey: server.hostKey });
        const { kind, message } = await failure(
            runOnHost(target(server, { bastion: wrong }), "true", "", limits),
        );
        assert.equal(kind, "refused");
        assert.match(message, /^bastion 127\.0\.0\.1: its host key is SHA256:/);
        assert.equal(server.connections, 0);
    });

    it("say that the bastion cannot reach a host", async () => {
        const [bastion, server] = [await start(), await start()];
        const behind = target(server, {
            endpoint: endpoint(server, { port: 1 }),
            bastion: endpoint(bastion),
        });
        const { kind, message } = await failure(runOnHost(behind, "true", "", limits));
        assert.equal(kind, "silent");
        assert.match(message, /^the bastion cannot reach it: /);
    });

    it("are bounded in time", async () => {
        const server = await start();
        const began = Date.now();
        const asked = runOnHost(target(server), "sleep 20", "", { ...limits, command: 500 });
        assert.equal((await failure(asked)).message, "no answer within 0.5 s");
        assert.ok(Date.now() - began < 3000);
    });
});

describe("an answer", function () {
    this.timeout(30_000);

    it("of a host with another key is no silence: it stands in the way", async () => {
        const [server, other] = [await SshServer.start(), await SshServer.start()];
        try {
            const wrong = endpoint(server, { hostKey: other.hostKey });
            const answer = await ask(target(server, { endpoint: wrong }), "check", "", false);
            assert.equal(answer.kind, "failed");
            assert.match(answer.reason, /^its host key is/);
        } finally {
            server.stop();
            other.stop();
        }
    });
});

async function waitUntil(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 100 && !condition(); i++)
        await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(condition());
}
