// SPDX-License-Identifier: Apache-2.0
/** `metalstream hosts keys` against SSH servers on loopback addresses. */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2 from "ssh2";
import { stringify } from "yaml";
import { fingerprint } from "../../lib/facts/dial.ts";
import { rawStack } from "../unit/stacks.ts";
import { SshServer } from "./support/ssh-server.ts";

const project = join(import.meta.dirname, "..", "..");
const printOf = (key: string) => fingerprint(Buffer.from(key.split(" ")[1] ?? "", "base64"));
const pinOf = (key: string) => key.split(" ").slice(0, 2).join(" ");

describe("metalstream hosts keys", function () {
    this.timeout(60_000);
    let folder: string;
    let servers: SshServer[];
    const agents: ChildProcess[] = [];
    const file = () => join(folder, "stacks/known_hosts.x");
    const pinned = () => readFileSync(file(), "utf8");
    const nameOf = (i: number) => `[127.0.77.${i + 1}]:${servers[i]?.port ?? 0}`;
    const keyOf = (i: number) => pinOf(servers[i]?.hostKey ?? "");

    beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), "ms-keys-"));
        mkdirSync(join(folder, "stacks"));
        // One port, since fencing needs one.
        servers = [await SshServer.start({ address: "127.0.77.1" })];
        const port = servers[0]?.port ?? assert.fail();
        for (const n of [2, 3, 4, 5, 6])
            servers.push(await SshServer.start({ address: `127.0.77.${n}`, port }));
        describeStack();
    });
    afterEach(() => {
        for (const server of servers) server.stop();
        for (const child of agents.splice(0)) child.kill();
        rmSync(folder, { recursive: true });
    });

    /** The lab's stack, its hosts at the servers' addresses. */
    function describeStack(ssh: object = {}): void {
        const lab = rawStack("lab") as { hosts: object[] };
        const hosts = lab.hosts.map((host, i): object => ({
            ...host,
            address: `127.0.77.${i + 1}`,
            port: servers[i]?.port,
        }));
        const config: Record<string, unknown> = {
            ...lab,
            hosts,
            ssh: { user: "tester", knownHosts: "stacks/known_hosts.x", ...ssh },
        };
        const keys = Object.entries(config).map(([key, value]): [string, unknown] => [
            `metalstream:${key}`,
            value,
        ]);
        writeFileSync(
            join(folder, "stacks/Pulumi.x.yaml"),
            stringify({ config: Object.fromEntries(keys) }),
        );
    }

    /** An agent with a key that the servers take. @returns whether this machine has one. */
    async function agent(socket: string): Promise<boolean> {
        const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
        agents.push(child);
        const missing = await Promise.race([once(child, "error"), sleep(500)]);
        if (missing !== undefined) return false;
        const env = { ...process.env, SSH_AUTH_SOCK: socket };
        return spawnSync("ssh-add", ["-"], { input: SshServer.userKey, env }).status === 0;
    }

    async function run(...args: string[]): Promise<{ code: number | null; out: string }> {
        const child = spawn(
            process.execPath,
            [join(project, "bin/metalstream.ts"), "hosts", "keys", "--stack", "x", ...args],
            {
                cwd: folder,
                env: { ...process.env, SSH_AUTH_SOCK: join(folder, "agent") },
                stdio: ["ignore", "pipe", "pipe"],
            },
        );
        let out = "";
        for (const stream of [child.stdout, child.stderr])
            stream.on("data", (data: Buffer) => (out += data.toString()));
        const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
        return { code, out };
    }

    it("pins the keys of all hosts in a file that is not there yet, and then has nothing to do", async () => {
        const { code, out } = await run("--yes");
        assert.equal(code, 0, out);
        for (const [i, server] of servers.entries()) {
            assert.ok(out.includes(nameOf(i)) && out.includes(printOf(server.hostKey)), out);
            assert.ok(pinned().includes(`${nameOf(i)} ${keyOf(i)}\n`));
        }
        assert.deepEqual(readdirSync(join(folder, "stacks")).sort(), [
            "Pulumi.x.yaml",
            "known_hosts.x",
        ]);
        assert.ok(servers.every(({ logins, commands }) => logins.length + commands.length === 0));
        const before = pinned();
        const again = await run();
        assert.equal(again.code, 0, again.out);
        assert.equal(pinned(), before);
    });

    it("pins nothing without a person, but shows the fingerprints", async () => {
        const { code, out } = await run();
        assert.equal(code, 1);
        assert.match(out, /nobody is there to compare the fingerprints/);
        assert.ok(out.includes(printOf(servers[0]?.hostKey ?? "")));
        assert.ok(!existsSync(file()));
    });

    it("takes a fingerprint from the console for one host, and no other", async () => {
        const good = printOf(servers[3]?.hostKey ?? "");
        const wrong = await run("--host", "w1", "--expect", printOf(servers[4]?.hostKey ?? ""));
        assert.equal(wrong.code, 1);
        assert.match(wrong.out, /NOT the fingerprint that --expect says/);
        assert.ok(!existsSync(file()));
        const { code, out } = await run("--host", "w1", "--expect", good);
        assert.equal(code, 0, out);
        assert.equal(pinned(), `${nameOf(3)} ${keyOf(3)}\n`);
        assert.match((await run("--expect", good)).out, /name it with --host/);
    });

    it("never replaces a changed key unless the host is named, and then pins nothing else either", async () => {
        const other = pinOf(ssh2.utils.generateKeyPairSync("ed25519").public);
        const before = `# kept\n${nameOf(0)} ${other}\n`;
        writeFileSync(file(), before);
        for (const args of [["--yes"], ["--yes", "--replace", "m2"]]) {
            const { code, out } = await run(...args);
            assert.equal(code, 1);
            assert.match(out, /CHANGED: reinstalled, or .* name it: --replace m1/);
            assert.ok(out.includes(`${printOf(other)}  pinned until now`));
            assert.equal(pinned(), before);
        }
        const { code } = await run("--host", "m1", "--yes", "--replace", "m1");
        assert.equal(code, 0);
        assert.equal(pinned(), `# kept\n${nameOf(0)} ${keyOf(0)}\n`);
    });

    it("asks for a key of the pinned type: another one of the same host is no change", async () => {
        const ecdsa = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
        servers[0]?.stop();
        servers[0] = await SshServer.start({
            address: "127.0.77.1",
            port: servers[1]?.port ?? assert.fail(),
            otherKeys: [ecdsa.private],
        });
        writeFileSync(file(), `${nameOf(0)} ${pinOf(ecdsa.public)}\n`);
        const { code, out } = await run("--host", "m1");
        assert.equal(code, 0, out);
        assert.match(out, /ecdsa-sha2-nistp256 SHA256:\S+ {2}pinned already/);
    });

    it("pins those that answer, and names those that do not", async () => {
        servers[5]?.stop();
        const { code, out } = await run("--yes");
        assert.equal(code, 1);
        assert.match(out, /w3 .* presents no key: .*ECONNREFUSED/);
        assert.equal(pinned().trim().split("\n").length, 5);
    });

    it("refuses hosts that the stack has not", async () => {
        const { code, out } = await run("--host", "nobody");
        assert.equal(code, 1);
        assert.match(out, /no such host in the stack: nobody/);
    });

    it("goes through the bastion, whose own key comes first", async () => {
        const bastion = await SshServer.start({ address: "127.0.77.100" });
        try {
            describeStack({
                bastion: { address: "127.0.77.100", port: bastion.port, user: "jump" },
            });
            const hosts = await run("--host", "m1", "--yes");
            assert.equal(hosts.code, 1);
            assert.match(hosts.out, /ssh\.bastion: no pinned host key/);
            const first = await run("--host", "bastion", "--yes");
            assert.equal(first.code, 0, first.out);
            assert.ok(pinned().startsWith(`[127.0.77.100]:${bastion.port} `));
            if (await agent(join(folder, "agent"))) {
                const { code, out } = await run("--yes");
                assert.equal(code, 0, out);
                // Two that asked for its key, and one for all hosts behind it.
                assert.deepEqual([bastion.connections, bastion.forwards], [3, 6]);
                assert.equal(pinned().trim().split("\n").length, 7);
            }
        } finally {
            bastion.stop();
        }
    });
});
