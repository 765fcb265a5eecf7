// SPDX-License-Identifier: Apache-2.0
/** The platform on the lab's six hosts, with real faults. Needs `node lab/cli.ts up` before; leaves the platform whole. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { boot, exec, kill, status } from "../../lab/index.ts";
import { engineEnvironment } from "../../lab/platform.ts";
import { clearDeadLocks } from "../../lab/stack-lock.ts";
import type { HostStatus } from "../../cli/status.ts";

const project = path.join(import.meta.dirname, "..", "..");

interface Result {
    readonly code: number;
    readonly output: string;
}

/** Runs a program of the project; `killAfter` ends its whole process group without a chance to clean up. */
function run(args: readonly string[], killAfter?: number): Promise<Result> {
    const [program = "", ...rest] = args;
    return new Promise((resolve, reject) => {
        const child = spawn(program, rest, {
            cwd: project,
            env: engineEnvironment,
            detached: true,
            stdio: ["ignore", "pipe", "pipe"],
        });
        let output = "";
        for (const stream of [child.stdout, child.stderr])
            stream.on("data", (data: Buffer) => (output += data.toString()));
        if (killAfter !== undefined) {
            setTimeout(() => {
                if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
            }, killAfter);
        }
        child.once("error", reject);
        child.once("close", (code) => {
            resolve({ code: code ?? -1, output });
        });
    });
}

const cli = (...args: string[]) => run(["node", "bin/metalstream.ts", ...args]);
const pulumi = (...args: string[]) => run(["pulumi", ...args, "--stack", "lab"]);

async function hosts(): Promise<HostStatus[]> {
    const { output } = await cli("status", "--stack", "lab", "--json");
    return (JSON.parse(output.slice(output.indexOf("{"))) as { hosts: HostStatus[] }).hosts;
}

/** Names of the hosts on which a unit has a role, such as `active`. */
async function withRole(unit: string, role: string): Promise<string[]> {
    const all = await hosts();
    return all
        .filter(({ services }) => services.some((s) => s.unit === unit && s.role === role))
        .map(({ host }) => host);
}

/** Asks until an answer is found; what is waited for is said in the failure. */
async function until<T>(
    what: string,
    seconds: number,
    ask: () => Promise<T | undefined>,
): Promise<T> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
        const answer = await ask();
        if (answer !== undefined) return answer;
        assert.ok(Date.now() < end, `not within ${seconds} s: ${what}`);
    }
}

interface Counts {
    readonly rows: number;
    readonly duplicates: number;
    readonly offsets: Readonly<Record<string, { readonly missing: number }>>;
}

async function counts(): Promise<Counts | undefined> {
    const { code, output } = await cli("counts", "--stack", "lab", "--json");
    const line = output.split("\n").find((text) => text.startsWith("{"));
    return code === 0 && line !== undefined ? (JSON.parse(line) as Counts) : undefined;
}

/** Waits for records that came in after the fault, then demands that none is there twice and none is missing. */
async function assertJobGoesOn(rowsBefore: number): Promise<void> {
    const after = await until("new records in HDFS", 240, async () => {
        const now = await counts();
        return now !== undefined && now.rows > rowsBefore ? now : undefined;
    });
    assert.equal(after.duplicates, 0);
    for (const [partition, { missing }] of Object.entries(after.offsets))
        assert.equal(missing, 0, partition);
}

const onlyOne = (names: string[]): string => {
    assert.equal(names.length, 1, `exactly one, found ${names.join(", ") || "none"}`);
    return names[0] ?? "";
};

async function rows(): Promise<number> {
    return (await until("counts", 120, counts)).rows;
}

const killUnit = (host: string, unit: string) =>
    exec(host, `sudo systemctl kill --signal=KILL ${unit}`);

/** Waits until every service of every host is active and each quorum has its one leader. */
async function whole(): Promise<void> {
    await until("all services active, with one leader each", 300, async () => {
        const all = await hosts();
        const leaders = (unit: string, role: string) =>
            all
                .flatMap(({ services }) => services)
                .filter((s) => s.unit === unit && s.role === role).length;
        const good =
            all.every(
                ({ state, services }) =>
                    state === "up" && services.every((s) => s.state === "active"),
            ) &&
            leaders("zookeeper", "leader") === 1 &&
            leaders("zookeeper", "follower") === 2 &&
            leaders("hdfs-namenode", "active") === 1 &&
            leaders("hdfs-namenode", "standby") === 1 &&
            leaders("spark-master", "alive") === 1 &&
            leaders("spark-master", "standby") === 2 &&
            leaders("kafka-controller", "leader") === 1;
        return good || undefined;
    });
}

describe("the platform in the lab", function () {
    this.timeout(600_000);
    this.slow(120_000);

    before(function () {
        if (!status().hosts.every(({ on }) => on)) {
            console.log("    skipped: the lab is off (node lab/cli.ts up)");
            this.skip();
        }
    });

    it("has every service active, and one leader in each quorum", whole);

    it("processes the journals of all hosts, each record once", async () => {
        await assertJobGoesOn(await rows());
    });

    it("needs no change after it came up", async () => {
        const { code, output } = await pulumi("preview", "--expect-no-changes");
        assert.equal(code, 0, output);
    });

    it("keeps the fencing key out of the state in clear", async () => {
        const { output } = await pulumi("stack", "export");
        assert.ok(output.includes("fencing-key"));
        assert.ok(!output.includes("BEGIN EC"));
    });

    it("lets a NameNode fence the other over SSH, with a key that can do nothing else", async () => {
        const active = onlyOne(await withRole("hdfs-namenode", "active"));
        const standby = onlyOne(await withRole("hdfs-namenode", "standby"));
        const login = `sudo runuser -u hdfs -- ssh -o StrictHostKeyChecking=no -o BatchMode=yes -i /var/lib/hdfs/.ssh/id_fence hdfs@${standby} id`;
        const before = await exec(standby, "systemctl show -p MainPID --value hdfs-namenode");
        await exec(active, login);
        await until("another NameNode process on the standby", 60, async () => {
            const after = await exec(standby, "systemctl show -p MainPID --value hdfs-namenode");
            return (after.stdout !== before.stdout && after.stdout.trim() !== "0") || undefined;
        });
        await whole();
    });

    for (const { unit, role, names } of [
        { unit: "hdfs-namenode", role: "active", names: "the active NameNode" },
        { unit: "spark-master", role: "alive", names: "the leading Spark master" },
        { unit: "zookeeper", role: "leader", names: "the leading ZooKeeper member" },
    ]) {
        it(`goes on when ${names} is killed`, async () => {
            const before = await rows();
            const leader = onlyOne(await withRole(unit, role));
            await killUnit(leader, unit);
            await whole();
            await assertJobGoesOn(before);
        });
    }

    it("goes on when a broker is killed", async () => {
        const before = await rows();
        await killUnit("w2", "kafka-broker");
        await whole();
        await assertJobGoesOn(before);
    });

    it("goes on when a master's host loses its power, and takes it back with an empty temporary disk", async () => {
        const before = await rows();
        await kill("m2");
        await assertJobGoesOn(before);
        await boot("m2");
        await whole();
        await assertJobGoesOn(await rows());
    });

    it("shows drift item by item, repairs it, and then shows none", async () => {
        await exec(
            "w3",
            "echo '# edited' | sudo tee -a /etc/hosts >/dev/null; sudo systemctl stop spark-worker",
        );
        const drifted = await pulumi("preview", "--diff");
        assert.match(drifted.output, /drift.*file \/etc\/hosts|file_\/etc\/hosts_content/);
        assert.match(drifted.output, /unit_spark-worker_inactive/);
        const repaired = await pulumi("up", "--yes", "--skip-preview");
        assert.equal(repaired.code, 0, repaired.output);
        const after = await pulumi("preview", "--expect-no-changes");
        assert.equal(after.code, 0, after.output);
        await whole();
    });

    it("ends in the same state when an up is killed in the middle and run again", async () => {
        await exec("w1", "sudo rm /etc/metalstream/kafka-broker/current/log4j2.yaml");
        await exec("m3", "sudo rm /etc/rsyslog.d/90-metalstream-kafka.conf");
        await run(["pulumi", "up", "--yes", "--skip-preview", "--stack", "lab"], 4500);
        clearDeadLocks(path.join(project, ".state"), "metalstream", "lab", () => undefined);
        const again = await pulumi("up", "--yes", "--skip-preview");
        assert.equal(again.code, 0, again.output);
        const after = await pulumi("preview", "--expect-no-changes");
        assert.equal(after.code, 0, after.output);
        await whole();
    });
});
