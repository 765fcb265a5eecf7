// SPDX-License-Identifier: Apache-2.0
/** The pack under the real engine: `pulumi preview --policy-pack`, on a program that is as bad as its configuration. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { stack } from "./helpers.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const pulumi = join(root, "node_modules/.bin/pulumi");

const good = {
    connection: {
        host: "203.0.113.11",
        user: "ops",
        hostKey: `ssh-ed25519 ${"A".repeat(68)}`,
    },
    create: "sudo -n /usr/local/lib/metalstream/host-0123 converge limit=900",
    stdin: "metalstream 1\nhost m1\npackage curl\n",
    platform: stack("prod") as object,
};

/** A program's configuration as flat keys; objects are JSON, as the engine keeps them. */
function flat(values: object): string {
    const lines = Object.entries(values).map(([key, value]) => {
        const text: unknown = typeof value === "string" ? value : JSON.stringify(value);
        return `  policy-fixture:${key}: ${JSON.stringify(text)}`;
    });
    return `config:\n${lines.join("\n")}\n`;
}

describe("policy pack under the real engine", function () {
    this.timeout(120_000);
    let folder = "";
    let env: NodeJS.ProcessEnv = {};

    before(async function () {
        folder = await mkdtemp(join(tmpdir(), "metalstream-policy-"));
        env = {
            ...process.env,
            PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
            PULUMI_BACKEND_URL: `file://${folder}`,
            PULUMI_CONFIG_PASSPHRASE: "test",
            PULUMI_SKIP_UPDATE_CHECK: "1",
        };
        await cp(join(root, "test/policy/fixture"), folder, { recursive: true });
        await symlink(join(root, "node_modules"), join(folder, "node_modules"));
        try {
            await run(pulumi, ["stack", "init", "test"], { cwd: folder, env });
        } catch (error) {
            console.log(`skipped, no Pulumi CLI: ${String(error)}`);
            this.skip();
        }
    });

    after(async () => {
        await rm(folder, { recursive: true, force: true });
    });

    async function ask(
        verb: readonly string[],
        values: object,
    ): Promise<{ code: number; text: string }> {
        await writeFile(join(folder, "values.yaml"), flat({ ...good, ...values }));
        const args = [...verb, "--stack", "test", "--config-file", "values.yaml", "--color=never"];
        const pack = ["--policy-pack", join(root, "policy"), "--policy-pack-config"];
        const config = join(root, "policy/config/prod.json");
        try {
            const { stdout, stderr } = await run(pulumi, [...args, ...pack, config], {
                cwd: folder,
                env,
            });
            return { code: 0, text: stdout + stderr };
        } catch (error) {
            const { code, stdout, stderr } = error as {
                code: number;
                stdout: string;
                stderr: string;
            };
            return { code, text: stdout + stderr };
        }
    }

    it("lets the platform of stack prod pass", async () => {
        const { code, text } = await ask(["preview"], {});
        assert.equal(code, 0, text);
        assert.match(text, /metalstream@v0\.1\.0/);
    });

    it("refuses, all at once, a platform and a command that break policies", async () => {
        const platform = structuredClone(stack("prod"));
        platform.hdfs.replication = 2;
        const { host, user } = good.connection;
        const connection = { host, user };
        const { code, text } = await ask(["preview"], { platform, connection });
        assert.notEqual(code, 0);
        assert.match(text, /\[mandatory\].* hdfs-blocks-replicated/);
        assert.match(text, /hdfs\.replication: found 2, expected at least 3\./);
        assert.match(text, /\[mandatory\].* command-hostkey-pinned/);
        assert.match(text, /connection\.hostKey: no host key is pinned\./);
    });

    it("stops an update before the resource is touched", async () => {
        const create = "kafka-configs --password=hunter2";
        const { code, text } = await ask(["up", "--yes", "--skip-preview"], { create });
        assert.notEqual(code, 0);
        assert.match(text, /\[mandatory\].* command-text-no-secrets/);
        assert.match(text, /create: holds a password or secret in clear text\./);
        const { stdout } = await run(pulumi, ["stack", "export", "--stack", "test"], {
            cwd: folder,
            env,
        });
        assert.doesNotMatch(stdout, /command:remote:Command/);
    });

    it("marks standard input with a secret as secret", async () => {
        const stdin = "metalstream 1\nhost m1\nsecret /k owner=a group=a mode=0600\n| word\n";
        const { code, text } = await ask(["preview", "--diff"], { stdin });
        assert.equal(code, 0, text);
        assert.match(text, /\[remediate\].* command-stdin-encrypted/);
        assert.match(text, /stdin +: \[secret\]/);
        assert.doesNotMatch(text, /word/);
    });
});
