// SPDX-License-Identifier: Apache-2.0
/** The lab itself, on this machine: real hosts, real power cuts, and nothing left behind. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as lab from "../../lab/index.ts";

/** A lab of the tests' own, so that one in use goes on undisturbed. */
const BRIDGE = "mstest0";
const SUBNET = "10.79.77";

function output(program: string, ...args: string[]): string {
    return execFileSync(program, args, { encoding: "utf8" });
}

/** All that the lab in `dir` could leave on the machine. */
function traces(dir: string): string[] {
    const lines = [
        output("ip", "-o", "link"),
        output("nft", "list", "tables"),
        output("losetup", "--list", "--noheadings", "-O", "BACK-FILE"),
        output("ps", "-eo", "args"),
        readFileSync("/proc/self/mounts", "utf8"),
        readdirSync("/run").join("\n"),
    ].flatMap((text) => text.split("\n"));
    return lines.filter((line) => [dir, BRIDGE, SUBNET].some((mark) => line.includes(mark)));
}

/** Settings of the machine that the lab changes while it is up. */
function forwarding(): string {
    return output("sh", "-c", "grep . /proc/sys/net/ipv4/conf/*/forwarding");
}

describe("lab", function () {
    this.timeout(600_000);
    let dir = "";
    let options: lab.LabOptions = {};
    let settingsBefore = "";

    before(async function () {
        const missing = await lab.missingPrerequisites();
        if (missing.length > 0) {
            console.log(`    the lab cannot run here:\n${lab.describeMissing(missing)}`);
            this.skip();
        }
        // On a disk, which /tmp may not be, and under a name that mount options and socket paths cannot carry.
        const base = mkdtempSync("/var/tmp/metalstream-lab-");
        dir = mkdtempSync(join(base, `with space, comma:colon ${"long ".repeat(15)}`));
        options = { dir, bridge: BRIDGE, subnet: SUBNET, diskMiB: 128 };
        settingsBefore = forwarding();
        await lab.up(options);
    });

    after(async () => {
        if (dir !== "") {
            await lab.down(options);
            rmSync(join(dir, ".."), { recursive: true, force: true });
        }
    });

    const sh = async (host: string, command: string): Promise<string> => {
        const { code, stdout, stderr } = await lab.exec(host, command, options);
        assert.equal(code, 0, `${host}: ${command}: ${stderr}`);
        return stdout.trim();
    };

    it("boots six hosts in three racks that run systemd", async () => {
        const { hosts } = lab.status(options);
        const places = hosts.map(({ name, rack, on }) => `${name}/${rack}/${on ? "on" : "off"}`);
        assert.deepEqual(
            places,
            "m1/r1/on m2/r2/on m3/r3/on w1/r1/on w2/r2/on w3/r3/on".split(" "),
        );
        for (const { name } of hosts) {
            assert.equal(await sh(name, "hostname; ps -o comm= 1"), `${name}\nsystemd`);
        }
    });

    it("gives each host a machine id and a host key of its own", async () => {
        const names = lab.status(options).hosts.map(({ name }) => name);
        const ids = await Promise.all(names.map((name) => sh(name, "cat /etc/machine-id")));
        const keys = await Promise.all(
            names.map((name) => sh(name, "cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub")),
        );
        assert.equal(new Set(ids).size, 6);
        assert.equal(new Set(keys).size, 6);
    });

    it("lets the hosts reach each other by name, none of which is a loopback address", async () => {
        assert.equal(await sh("w3", "getent hosts m1 | tr -s ' '"), `${SUBNET}.11 m1`);
        await sh("m1", "ping -c 1 -W 2 w3");
        assert.equal(await sh("m1", "grep -c '^127' /etc/hosts"), "1");
    });

    it("refuses root, and a host whose key is not the pinned one", () => {
        const config = join(dir, "ssh_config");
        const known = join(dir, "known_hosts");
        const attempt = (...args: string[]): string => {
            try {
                return output("sh", "-c", 'ssh -o BatchMode=yes "$@" 2>&1 || true', "ssh", ...args);
            } catch (error) {
                return String(error);
            }
        };
        assert.match(attempt("-F", config, "-l", "root", "m1", "true"), /Permission denied/);
        const wrong = join(dir, "known_wrong");
        const lines = readFileSync(known, "utf8").trimEnd().split("\n");
        const keys = lines.map((line) => line.split(" ").slice(1).join(" "));
        const swapped = lines.map(
            (line, i) => `${line.split(" ")[0] ?? ""} ${keys.at(i - 1) ?? ""}`,
        );
        writeFileSync(wrong, `${swapped.join("\n")}\n`);
        const option = `UserKnownHostsFile="${wrong}"`;
        assert.match(attempt("-F", config, "-o", option, "m1", "true"), /verification failed/);
        rmSync(wrong);
    });

    it("keeps no private login key on disk", () => {
        const found = output("sh", "-c", 'grep -rl "PRIVATE KEY" "$1" || true', "sh", dir).trim();
        const expected = lab
            .status(options)
            .hosts.flatMap(({ name }) => [
                join(dir, "identity", name, "ssh_host_ed25519_key"),
                join(dir, "hosts", name, "upper/etc/ssh/ssh_host_ed25519_key"),
                join(dir, "hosts", name, "upper/etc/ssh/ssh_host_ecdsa_key"),
            ]);
        assert.deepEqual(found.split("\n").sort(), expected.sort());
    });

    it("serves the artifact cache to its hosts, read-only", async () => {
        const { mirrorUrl } = lab.status(options);
        const code = (args: string): Promise<string> =>
            sh("m1", `curl -s -o /dev/null -w '%{http_code}' --path-as-is ${args}`);
        assert.equal(await code(`${mirrorUrl}/none`), "404");
        assert.equal(await code(`${mirrorUrl}/../images`), "404");
        assert.equal(await code(`${mirrorUrl}/%2e%2e/%2e%2e/%2e%2e/etc/passwd`), "404");
        assert.equal(await code(`-X PUT -d x ${mirrorUrl}/none`), "405");
    });

    it("keeps disks over a power cut, and loses memory", async () => {
        const memory = "/var/lib/memory";
        await sh(
            "w1",
            `sudo mkdir ${memory} && sudo mount -t tmpfs tmpfs ${memory} &&
             sudo touch ${memory}/a && echo kept | sudo tee /data/2/b /var/lib/c && sync`,
        );
        await lab.kill("w1", options);
        assert.equal(lab.status(options).hosts.find(({ name }) => name === "w1")?.on, false);
        await assert.rejects(lab.onConsole("w1", "true", options), /w1 is off/);
        await lab.boot("w1", options);
        assert.equal(await sh("w1", `cat /data/2/b /var/lib/c; ls ${memory}`), "kept\nkept");
    });

    it("wipes temporary disks and leaves the others", async () => {
        await sh("m2", "sudo mkdir /mnt/t && sudo mount -t tmpfs tmpfs /mnt/t");
        await sh("m2", "sudo mkdir /mnt/t/d && sudo touch /mnt/t/d/a /data/1/a");
        assert.deepEqual(await lab.wipeTemporary("m2", options), ["/mnt/t"]);
        assert.equal(await sh("m2", "ls -A /mnt/t; ls /data/1/a"), "/data/1/a");
    });

    it("fills one disk, and only that", async () => {
        await lab.fillDisk("w2", 3, options);
        const full = await lab.exec("w2", "echo x | sudo tee /data/3/x", options);
        assert.match(full.stderr, /No space left on device/);
        await sh("w2", "echo x | sudo tee /data/4/x");
        await lab.freeDisk("w2", 3, options);
        await sh("w2", "echo x | sudo tee /data/3/x");
    });

    it("cuts a host off and connects it again", async () => {
        await lab.isolate("m3", options);
        assert.equal(lab.status(options).hosts.find(({ name }) => name === "m3")?.connected, false);
        assert.notEqual((await lab.exec("m1", "ping -c 1 -W 1 m3", options)).code, 0);
        assert.equal((await lab.onConsole("m3", "hostname", options)).stdout, "m3\n");
        await lab.rejoin("m3", options);
        await sh("m1", "ping -c 2 -W 5 m3");
    });

    it("does nothing the second time, and refuses what contradicts the running lab", async () => {
        const before = output("pgrep", "-f", `machine=${BRIDGE}-`);
        await lab.up(options);
        assert.equal(output("pgrep", "-f", `machine=${BRIDGE}-`), before);
        await assert.rejects(
            lab.up({ ...options, diskMiB: 256 }),
            /made with diskMiB 128, not 256/,
        );
        await assert.rejects(lab.kill("x9", options), /no host "x9"; the hosts are m1, m2/);
    });

    it("mends itself after kill -9 in the middle of down and of up", async () => {
        const cli = join(import.meta.dirname, "../../lab/cli.ts");
        const interrupted = async (command: string[], afterMs: number): Promise<void> => {
            const args = [cli, ...command, "--dir", dir, "--bridge", BRIDGE, "--subnet", SUBNET];
            const child = spawn(process.execPath, args, { stdio: "ignore" });
            await new Promise((resolve) => setTimeout(resolve, afterMs));
            child.kill("SIGKILL");
        };
        for (const afterMs of [400, 900, 1500, 2500]) {
            await interrupted(["down"], afterMs / 2);
            await interrupted(["up", "--hosts-only", "--disk-mib", "128"], afterMs);
        }
        const { hosts, agent, mirror } = await lab.up(options);
        assert.ok(agent && mirror && hosts.every(({ on, connected }) => on && connected));
        await sh("w3", "sudo -n true");
    });

    it("leaves nothing on the machine", async () => {
        assert.notDeepEqual(traces(dir), []);
        await lab.down(options);
        assert.deepEqual(traces(dir), []);
        assert.deepEqual(readdirSync(dir), ["identity"]);
        const left = (text: string): string[] =>
            text.split("\n").filter((l) => !l.includes(BRIDGE));
        assert.deepEqual(left(forwarding()), left(settingsBefore));
        assert.equal(existsSync(`/run/metalstream-${BRIDGE}`), false);
        await lab.down(options); // Twice is once.
    });
});
