// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2 from "ssh2";
import { EngineBox } from "./support/engine-box.ts";
import type { ResourceSpec } from "./support/engine.ts";

describe("engine: the real CLI with the seeded host and plugins", function () {
    this.timeout(60_000);
    const box = EngineBox.use();

    function remote(name: string, args: Record<string, unknown>, more = {}): ResourceSpec {
        return {
            type: "remote",
            name,
            args: { connection: box.server.connection(), ...args },
            ...more,
        };
    }

    const kept = (): ResourceSpec =>
        remote(
            "kept",
            { create: 'cat; printf "err\\n\\n" >&2', stdin: "s3cret", delete: "echo gone" },
            {
                secrets: ["stdin"],
            },
        );

    it("creates: outputs, secrets, files, random values", async () => {
        await box.engine.declare(
            kept(),
            remote("line", { create: "head -c 1000000 /dev/zero | tr '\\0' x" }),
            remote("env", { create: 'echo "$A-$B"', environment: { A: "a", B: "b" } }),
            { type: "local", name: "here", args: { create: "pwd; cat", stdin: "in" } },
            {
                type: "copy",
                name: "copy",
                args: {
                    connection: box.server.connection(),
                    source: "copied text",
                    remotePath: join(box.engine.folder, "to/file"),
                },
            },
            { type: "password", name: "password", args: { length: 20, special: false } },
            { type: "bytes", name: "bytes", args: { length: 32 } },
            { type: "uuid", name: "uuid", args: {} },
            { type: "id", name: "id", args: { byteLength: 4, prefix: "p-" } },
        );
        await box.engine.up();
        assert.equal(
            (await box.engine.outputs("kept"))["stderr"],
            "err\n",
            "one line end is taken off",
        );
        assert.equal(String((await box.engine.outputs("line"))["stdout"]).length, 1_000_000);
        assert.equal((await box.engine.outputs("env"))["stdout"], "a-b");
        assert.equal((await box.engine.outputs("here"))["stdout"], `${box.engine.folder}\nin`);
        assert.equal(readFileSync(join(box.engine.folder, "to/file"), "utf8"), "copied text");
        assert.match(String((await box.engine.outputs("id"))["hex"]), /^p-[0-9a-f]{8}$/);
        const password = await box.engine.outputs("password");
        assert.equal(password["__meta"], '{"schema_version":"3"}');
        assert.ok("ciphertext" in (password["bcryptHash"] as object));
        assert.ok("ciphertext" in (password["result"] as object));
        assert.ok("ciphertext" in ((await box.engine.outputs("bytes"))["base64"] as object));
    });

    it("keeps no secret in clear: neither stdin nor the connection", async () => {
        const state = await box.engine.rawState();
        assert.ok(!state.includes("BEGIN OPENSSH"), "the private key");
        assert.ok(!state.includes(box.server.hostKey.split(" ")[1] ?? ""), "the connection");
        const inputs = state.split('"stdout"').join("");
        assert.ok(!inputs.includes('"stdin": "s3cret"'));
    });

    it("uses one connection for one host", () => {
        assert.equal(box.server.connections, 1);
    });

    it("has nothing to do afterwards, nor after a refresh", async () => {
        await box.engine.succeeds("refresh", "--yes", "--skip-preview");
        await box.engine.succeeds("preview", "--expect-no-changes");
    });

    it("updates by `update` or `create`, with the previous output; replaces on triggers; deletes", async () => {
        box.server.commands.length = 0;
        await box.engine.declare(
            remote("kept", {
                create: "true",
                update: 'echo "was $PULUMI_COMMAND_STDOUT"',
                stdin: "other",
            }),
            remote("env", { create: 'echo "$A"', environment: { A: "c" }, triggers: ["1"] }),
        );
        const preview = await box.engine.succeeds("preview", "--diff");
        assert.match(preview, /stdin/);
        assert.deepEqual(box.server.commands, [], "a preview runs nothing");
        await box.engine.up();
        assert.equal((await box.engine.outputs("kept"))["stdout"], "was s3cret");
        assert.equal((await box.engine.outputs("env"))["stdout"], "c");

        await box.engine.declare(
            remote("env", { create: "echo new", triggers: ["2"], delete: "echo del" }),
        );
        const output = await box.engine.up();
        assert.match(output, /1 replaced/);
        assert.match(output, /1 deleted/);
    });

    it("does not keep a failed create, names status and output, and deletes by `delete`", async () => {
        box.server.commands.length = 0;
        await box.engine.declare(remote("bad", { create: "echo because; exit 7" }));
        const { code, output } = await box.engine.run("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0);
        assert.match(output, /Process exited with status 7: running "echo because; exit 7":/);
        assert.ok(!(await box.engine.rawState()).includes("::bad"));
        await box.engine.declare();
        await box.engine.up();
        assert.ok(box.server.commands.includes("echo del"), box.server.commands.join());
    });

    it("refuses a wrong host key and names the problem; refuses wrong inputs before that", async () => {
        const other = ssh2.utils.generateKeyPairSync("ed25519").public;
        await box.engine.declare(
            remote("k", { create: "true", connection: box.server.connection({ hostKey: other }) }),
        );
        const wrongKey = await box.engine.run("up", "--yes", "--skip-preview");
        assert.match(wrongKey.output, /host key mismatch: tester@127\.0\.0\.1/);
        await box.engine.declare(remote("k", { create: "true", logging: "loud" }));
        const wrongInput = await box.engine.run("preview");
        assert.match(wrongInput.output, /expected one of stdout, stderr, stdoutAndStderr, none/);
    });

    it("resolves a relative agent socket in the folder of the project", async () => {
        await box.engine.declare(
            remote("a", {
                create: "true",
                connection: box.server.connection({ agentSocketPath: "x.sock" }),
            }),
        );
        const { output } = await box.engine.run("up", "--yes", "--skip-preview");
        assert.match(
            output,
            new RegExp(`dial unix x\\.sock: .* working directory ${box.engine.folder}\\)`),
        );
    });

    it("runs 100 commands at once", async () => {
        const before = box.server.connections;
        await box.engine.declare(
            ...Array.from({ length: 100 }, (_, i) => remote(`c${i}`, { create: `echo ${i}` })),
        );
        await box.engine.succeeds("up", "--yes", "--skip-preview", "--parallel", "100");
        assert.equal((await box.engine.outputs("c99"))["stdout"], "99");
        assert.ok(box.server.connections - before <= 13);
        await box.engine.declare();
        await box.engine.up();
    });

    it("runs a policy pack", async () => {
        const pack = ["preview", "--policy-pack", "policy"];
        await box.engine.declare(remote("p", { create: "echo fine" }));
        await box.engine.succeeds(...pack);
        await box.engine.declare(remote("p", { create: "echo forbidden" }));
        const { code, output } = await box.engine.run(...pack);
        assert.notEqual(code, 0);
        assert.match(output, /no-forbidden/);
        assert.match(output, /says forbidden/);
    });

    it("fails with the program's own error", async () => {
        writeFileSync(join(box.engine.folder, "resources.json"), "not json");
        const { code, output } = await box.engine.run("preview");
        assert.notEqual(code, 0);
        assert.match(output, /SyntaxError/);
    });

    for (const signal of ["SIGINT", "SIGKILL"] as const) {
        it(`ends remote commands when the CLI ends by ${signal}`, async () => {
            await box.engine.declare(remote("long", { create: "sleep 300" }));
            const cli = box.engine.start("up", "--yes", "--skip-preview");
            await waitUntil(() => box.server.running === 1, 20_000);
            cli.kill(signal);
            await waitUntil(() => box.server.running === 0, 8000);
            await waitUntil(() => cli.exitCode !== null || cli.signalCode !== null, 10_000);
            await box.engine.run("cancel", "--yes");
        });
    }

    it("seeds only what is missing, and removes only what it has seeded", async () => {
        const { ensure, remove } = await import("../../offline/seed/ensure.ts");
        const { status } = await import("../../offline/seed/status.ts");
        assert.match(await status(box.engine.paths), /plugin command 1\.2\.1 +seeded/);
        const official = join(box.engine.paths.pulumiHome, "plugins/resource-random-v4.21.2");
        const { rmSync } = await import("node:fs");
        rmSync(join(official, "seeded.json"));
        await ensure(box.engine.paths, { offline: true }, () => undefined);
        assert.match(await status(box.engine.paths), /plugin random 4\.21\.2 +official/);
        const removed = await remove(box.engine.paths);
        assert.equal(removed.length, 2);
        assert.ok(existsSync(official));
        assert.ok(!existsSync(box.engine.paths.cli));
    });
});

async function waitUntil(condition: () => boolean, limitMs: number): Promise<void> {
    for (let waited = 0; waited < limitMs && !condition(); waited += 50) {
        await sleep(50);
    }
    assert.ok(condition(), "gave up waiting");
}
