// SPDX-License-Identifier: Apache-2.0
/** What tests of the platform in the lab share: commands as a person types them, and what is waited for. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import type { HostStatus } from "../../cli/status.ts";
import { exec, status } from "../../lab/index.ts";
import { engineEnvironment } from "../../lab/platform.ts";

export const project = path.join(import.meta.dirname, "..", "..");

/** Skips a suite, and says why, where the lab is off. */
export function requireLab(context: Mocha.Context): void {
    if (status().hosts.every(({ on }) => on)) return;
    console.log("    skipped: the lab is off (node lab/cli.ts up)");
    context.skip();
}

export interface Result {
    readonly code: number;
    readonly output: string;
}

/** How a run is disturbed: by a signal to its whole process group, as from a terminal, or by what is done to its hosts. */
export interface Cut {
    readonly signal?: "SIGINT" | "SIGKILL";
    readonly act?: () => void;
    /** When: after so many milliseconds, or as soon as the output has this. */
    readonly at: number | RegExp;
}

/** Runs a program of the project in a process group of its own. */
export function run(args: readonly string[], cut?: Cut): Promise<Result> {
    const [program = "", ...rest] = args;
    return new Promise((resolve, reject) => {
        const child = spawn(program, rest, {
            cwd: project,
            env: engineEnvironment,
            detached: true,
            stdio: ["ignore", "pipe", "pipe"],
        });
        let sent = false;
        const send = () => {
            if (sent) return;
            sent = true;
            cut?.act?.();
            if (cut?.signal !== undefined && child.pid !== undefined)
                process.kill(-child.pid, cut.signal);
        };
        let output = "";
        const take = (data: Buffer) => {
            output += data.toString();
            if (cut?.at instanceof RegExp && cut.at.test(output)) send();
        };
        for (const stream of [child.stdout, child.stderr]) stream.on("data", take);
        if (typeof cut?.at === "number") setTimeout(send, cut.at);
        child.once("error", reject);
        // Not `close`: what it started may outlive it, and keep its output open.
        child.once(cut?.signal === "SIGKILL" ? "exit" : "close", (code: number | null) => {
            sent = true;
            resolve({ code: code ?? -1, output });
        });
    });
}

/** Waits until HDFS has copied what was lost: until then no other worker may go. */
export async function replicated(): Promise<void> {
    const all = async () => {
        const { output } = await cli("status", "--stack", "lab");
        return /^data hdfs .*all replicated$/m.test(output) || undefined;
    };
    await until("all blocks replicated", 400, all).catch(async (error: unknown) => {
        console.log(await replicaEvidence());
        throw error;
    });
}

/** Hadoop's tools on a NameNode's host, with its own jars and configuration (docs/operations.md). */
export const hadoopTool = `sudo -u hdfs java -Xmx192m -cp "$(awk 'f { print; exit } $0 == "-cp" { f = 1 }' /etc/metalstream/hdfs-namenode/current/java.args)"`;

/** What commands say on hosts, for whoever reads a failure in a lab that is gone. */
async function evidence(asked: readonly (readonly [host: string, command: string])[]) {
    const answers = asked.map(async ([host, command]) => {
        return `${host}:\n${(await exec(host, command)).stdout.trim()}`;
    });
    return (await Promise.all(answers)).join("\n");
}

/** What HDFS knows of blocks that lack replicas, and what its DataNodes said of them. */
function replicaEvidence(): Promise<string> {
    const fsck = `${hadoopTool} org.apache.hadoop.hdfs.tools.DFSck / -files -blocks -locations -openforwrite 2>/dev/null | grep -B 1 -A 2 'Under replicated'`;
    const metrics = `curl -s "http://$HOSTNAME:9870/jmx?qry=Hadoop:service=NameNode,name=FSNamesystem" | grep -E 'Low|Pending|Corrupt|TimedOut|Stale'`;
    const refused = `sudo journalctl -q -o cat -u hdfs-datanode --since -15min | grep -E 'Exception:|DataXceiver error' | cut -c -300 | tail -n 40`;
    return evidence([
        ...["m1", "m2"].map((host) => [host, `${fsck}; ${metrics}`] as const),
        ...["w1", "w2", "w3"].map((host) => [host, refused] as const),
    ]);
}

export const cli = (...args: string[]) => run(["node", "bin/metalstream.ts", ...args]);
export const pulumi = (...args: string[]) => run(["pulumi", ...args, "--stack", "lab"]);

export async function hosts(): Promise<HostStatus[]> {
    const { output } = await cli("status", "--stack", "lab", "--json");
    return (JSON.parse(output.slice(output.indexOf("{"))) as { hosts: HostStatus[] }).hosts;
}

/** `up`, then a preview without changes. */
export async function upAndClean(): Promise<Result> {
    const up = await pulumi("up", "--yes", "--skip-preview");
    assert.equal(up.code, 0, up.output);
    const after = await pulumi("preview", "--expect-no-changes");
    assert.equal(after.code, 0, after.output);
    return up;
}

/** Names of the hosts on which a unit has a role, such as `active`. */
export async function withRole(unit: string, role: string): Promise<string[]> {
    const all = await hosts();
    return all
        .filter(({ services }) => services.some((s) => s.unit === unit && s.role === role))
        .map(({ host }) => host);
}

/** Asks until an answer is found; what is waited for is said in the failure. */
export async function until<T>(
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

export interface Counts {
    readonly rows: number;
    readonly duplicates: number;
    readonly offsets: Readonly<Record<string, { readonly missing: number }>>;
}

export async function counts(): Promise<Counts | undefined> {
    // Its exit code says whether a record is there twice, which its callers judge by the numbers.
    const { output } = await cli("counts", "--stack", "lab", "--json");
    const line = output.split("\n").find((text) => text.startsWith("{"));
    return line === undefined ? undefined : (JSON.parse(line) as Counts);
}

/** The worker host on which the job's driver runs, as the leading master says. */
export async function hostOfDriver(): Promise<string> {
    const master = onlyOne(await withRole("spark-master", "alive"));
    const { stdout } = await exec(master, `curl -s http://${master}:8080/json/`);
    const { activedrivers } = JSON.parse(stdout) as {
        activedrivers: { state: string; worker?: string }[];
    };
    const workers = activedrivers.filter(({ state }) => state === "RUNNING");
    return onlyOne(workers.map(({ worker }) => /-(\w+)-\d+$/.exec(worker ?? "")?.[1] ?? ""));
}

/** What the masters and the drivers say of the job. */
function jobEvidence(): Promise<string> {
    const work =
        "sudo sh -c 'ls -d /data/*/spark/work/*; tail -n 40 /data/*/spark/work/driver-*/stderr'";
    return evidence([
        ...["m1", "m2", "m3"].map(
            (host) => [host, `curl -s -m 5 http://${host}:8080/json/`] as const,
        ),
        ...["w1", "w2", "w3"].map((host) => [host, work] as const),
    ]);
}

/** Waits for records that came in after the fault, then demands that none is there twice and none is missing. */
export async function assertJobGoesOn(rowsBefore: number): Promise<void> {
    let last: Counts | undefined;
    const grown = async () => {
        last = await counts();
        return last !== undefined && last.rows > rowsBefore ? last : undefined;
    };
    const after = await until("new records in HDFS", 240, grown).catch(async (error: unknown) => {
        console.log(
            `    ${rowsBefore} rows before, now ${JSON.stringify(last)}\n${await jobEvidence()}`,
        );
        throw error;
    });
    assert.equal(after.duplicates, 0);
    for (const [partition, { missing }] of Object.entries(after.offsets))
        assert.equal(missing, 0, partition);
}

export const onlyOne = (names: string[]): string => {
    assert.equal(names.length, 1, `exactly one, found ${names.join(", ") || "none"}`);
    return names[0] ?? "";
};

export async function rows(): Promise<number> {
    return (await until("counts", 120, counts)).rows;
}

export const killUnit = (host: string, unit: string) =>
    exec(host, `sudo systemctl kill --signal=KILL ${unit}`);

/** Waits until every service of every host is active and each quorum has its one leader. */
export async function whole(): Promise<void> {
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
