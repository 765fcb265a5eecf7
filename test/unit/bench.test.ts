// SPDX-License-Identifier: Apache-2.0
/** The benchmarks' arithmetic, and what they take for healthy. What they measure is measured by running them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { summary } from "../../bench/engine.ts";
import { limited, median, seconds, table } from "../../bench/figures.ts";
import {
    copyImageScript,
    formatScript,
    formatZnodeScript,
    startScript,
    unitsOf,
    wipeScript,
} from "../../bench/floor-scripts.ts";
import { bean, ensembleServes, hdfsServes, sparkMaster, sparkServes } from "../../bench/health.ts";
import { parseCpuTimes, spent } from "../../bench/machine.ts";
import { firstStart, installed, marks, parts } from "../../bench/phases.ts";
import { engineTree, kilobytes, serviceOf } from "../../bench/processes.ts";
import { engineRows, floorRows } from "../../bench/rows.ts";
import { loadStack } from "./stacks.ts";

describe("figures of benchmarks", () => {
    it("take the middle of some figures", () => {
        assert.equal(median([3]), 3);
        assert.equal(median([9, 1, 5]), 5);
        assert.equal(median([4, 1, 2, 9]), 3);
        assert.throws(() => median([]), /no figures/);
    });

    it("say whether an aim was reached", () => {
        const text = table([
            limited("a", 6, 6, seconds),
            limited("b", 6.1, 6, seconds),
            { what: "c", measured: "1" },
        ]);
        assert.match(text, /\| a +\| 6\.0 s +\| ≤ 6\.0 s: reached +\|/);
        assert.match(text, /\| b +\| 6\.1 s +\| ≤ 6\.0 s: NOT reached +\|/);
        assert.match(text, /\| c +\| 1 +\| +\|/);
    });

    it("count CPU time in seconds, between two readings", () => {
        const before = parseCpuTimes("cpu  100 200 300 4000 50 6 7 80 0 0\ncpu0 1 1 1 1\n");
        const after = parseCpuTimes("cpu  1100 200 300 4500 50 6 7 180 0 0\n");
        assert.deepEqual(before, { busy: 6.13, idle: 40.5, steal: 0.8 });
        assert.deepEqual(spent(before, after), { busy: 10, idle: 5, steal: 1 });
    });

    it("give no credit for a fast run that changed something", () => {
        const runs = [4, 5, 6];
        const [good] = engineRows("up", { runs, median: 5, resources: ["51 unchanged"] });
        const changed = ["51 unchanged", "~ 1 updated, 50 unchanged"];
        const [bad] = engineRows("up", { runs, median: 5, resources: changed });
        assert.equal(good?.reached, true);
        assert.equal(bad?.reached, false);
    });

    it("divide by the floor's median", () => {
        const cpu = { busy: 1, idle: 1, steal: 0 };
        const runs = [30, 40, 50].map((all) => ({ all, services: {}, cpu }));
        const [, ratio] = floorRows({ runs, median: 40 }, 60);
        assert.equal(ratio?.measured, "1.50");
        assert.equal(ratio.reached, false);
    });
});

describe("parts of a cold npm run lab", () => {
    const texts = [
        "engine …",
        "lab: hosts",
        "platform (pulumi up --stack lab; all of it in .lab/pulumi-up.log) …",
        "  converge-m1 created (30s)",
        "  converge-w1 created (50s)",
        "  zookeeper-roll-m1 created (1s)",
        "  workers-roll-w3 created (0.68s)",
        "  logs-submit created (9s)",
        "platform (pulumi up --stack lab; all of it in .lab/pulumi-up.log): done in 90 s",
    ];
    const lines = texts.map((text, i) => ({ at: 1000 * (i + 1), text }));

    it("are told by the times of its lines", () => {
        assert.deepEqual(parts(marks(0, lines, 10_000), 4500), {
            total: 10,
            preparation: 2,
            boot: 1,
            up: 6,
            installation: 2,
            services: 2.5,
            servicesAfterInstallation: 2,
            job: 2,
        });
    });

    it("are not guessed when the run was no cold one", () => {
        const without = (word: string) => lines.filter(({ text }) => !text.includes(word));
        assert.throws(() => marks(0, without("-roll-"), 1), /no line of a roll/);
        assert.throws(() => marks(0, without("converge-"), 1), /no line of a converge/);
        assert.throws(() => marks(0, without("done in"), 1), /no line of the platform's end/);
    });

    it("name the slowest host's packages and artifacts", () => {
        const log = [
            " +  command:remote:Command converge-w1 creating (8s) changed package curl: missing, installed",
            " +  command:remote:Command converge-m1 creating (48s) changed package rsyslog: missing, installed",
            " +  command:remote:Command converge-m1 creating (87s) changed artifact kafka-4.3.0: class-data archive",
            " +  command:remote:Command converge-m1 creating (90s) changed unit zookeeper: config",
        ].join("\n");
        assert.deepEqual(installed(log), { packages: 48, artifacts: 87 });
        assert.deepEqual(installed(""), { packages: 0, artifacts: 0 });
    });

    it("find the first unit of the platform, and no other unit, in a journal", () => {
        const entry = (UNIT: string, __REALTIME_TIMESTAMP: string) =>
            JSON.stringify({ UNIT, __REALTIME_TIMESTAMP });
        const journal = [
            entry("ssh.service", "1000"),
            entry("zookeeper.service", "9000"),
            entry("hdfs-journalnode.service", "7000"),
            "",
        ].join("\n");
        assert.equal(firstStart(journal, new Set(["zookeeper", "hdfs-journalnode"])), 7);
        assert.equal(firstStart(journal, new Set(["kafka-broker"])), undefined);
    });

    it("have the engine's own words on what changed", () => {
        const output = ["Resources:", "    ~ 1 updated", "    50 unchanged", "", "Duration: 4s"];
        assert.equal(summary(output), "~ 1 updated, 50 unchanged");
        assert.equal(summary(["error: x"]), "no summary");
    });
});

describe("health as seen from outside", () => {
    const follower = "Zookeeper version\nMode: follower\n";
    const leader = "Zookeeper version\nMode: leader\n";
    const synced = (n: string) => `zk_version\t3.9\nzk_synced_followers\t${n}\n`;

    it("wants one ZooKeeper leader with all others synced", () => {
        assert.ok(ensembleServes([follower, leader, follower], synced("2")));
        assert.ok(!ensembleServes([follower, leader, follower], synced("1")));
        assert.ok(!ensembleServes([follower, leader, ""], synced("1")));
        assert.ok(!ensembleServes([follower, follower, follower], ""));
    });

    it("wants one active NameNode, the others standby, all with every DataNode and out of safe mode", () => {
        const active = { state: "active", fsState: "Operational", liveDataNodes: 3 };
        const standby = { ...active, state: "standby" };
        assert.ok(hdfsServes([active, standby], 3));
        assert.ok(!hdfsServes([active, active], 3));
        assert.ok(!hdfsServes([active, { ...standby, state: undefined }], 3));
        assert.ok(!hdfsServes([active, { ...standby, liveDataNodes: 2 }], 3));
        assert.ok(!hdfsServes([{ ...active, fsState: "safeMode" }, standby], 3));
    });

    it("wants one leading Spark master that counts every worker as alive", () => {
        const worker = (host: string, state = "ALIVE") => ({ host, state });
        const standby = { status: "STANDBY", workers: [] };
        const alive = { status: "ALIVE", workers: [worker("w1", "DEAD"), worker("w1")] };
        assert.ok(sparkServes([standby, alive, standby], ["w1"]));
        assert.ok(!sparkServes([standby, alive, standby], ["w1", "w2"]));
        assert.ok(!sparkServes([standby, alive, undefined], ["w1"]));
        assert.ok(!sparkServes([alive, alive, standby], ["w1"]));
        assert.ok(!sparkServes([standby, standby, standby], []));
    });

    it("takes what is no answer for none", () => {
        assert.deepEqual(bean('{"beans": [{"State": "active"}]}'), { State: "active" });
        for (const answer of ["", "<html>", '{"beans": []}', "{}"])
            assert.deepEqual(bean(answer), {});
        assert.equal(sparkMaster("<html>"), undefined);
    });
});

describe("memory of processes", () => {
    it("counts the engine with all that it started, and nothing beside it", () => {
        const process = (pid: number, parent: number, ...args: string[]) => ({
            ...{ pid, parent, args },
            rssBytes: 1,
        });
        const tree = engineTree(
            [
                process(1, 0, "npm", "run", "lab"),
                process(2, 1, "node", "lab/cli.ts", "up"),
                process(3, 2, "systemd-nspawn"),
                process(4, 2, "node", "/x/.bin/pulumi", "up"),
                process(5, 4, "/x/bin/pulumi", "up"),
                process(6, 5, "pulumi-language-nodejs"),
                process(7, 6, "node", "index.ts"),
                process(8, 0, "pulumi", "up"),
                process(9, 2, "node", "/x/.bin/pulumi", "stack", "select"),
            ],
            1,
        );
        assert.deepEqual(
            tree.map(({ pid }) => pid),
            [4, 5, 6, 7],
        );
    });

    it("reads /proc, and names services", () => {
        assert.equal(kilobytes("Rss:   10 kB\nPss:    4 kB\nPss_Anon: 1 kB\n", "Pss"), 4096);
        assert.equal(kilobytes("", "Pss"), 0);
        const daemon = ["/usr/bin/java", "@/etc/metalstream/hdfs-zkfc/current/java.args"];
        assert.equal(serviceOf(daemon), "hdfs-zkfc");
        assert.equal(
            serviceOf(["java", "org.apache.spark.deploy.worker.DriverWrapper"]),
            "streaming driver",
        );
        assert.equal(serviceOf(["sshd"]), "system");
    });
});

describe("scripts of the floor", () => {
    const config = loadStack("lab");
    const scripts = config.hosts.flatMap((host) => [
        wipeScript(config, host),
        startScript(config, host, "-8YwHVqJSfKxdAyGDjvMUg"),
    ]);

    it("are correct shell", () => {
        const fixed = [formatScript(config), formatZnodeScript, copyImageScript(config, "QQ==")];
        for (const script of [...scripts, ...fixed]) {
            const { status, stderr } = spawnSync("bash", ["-n"], { input: script });
            assert.equal(status, 0, `${String(stderr)}\n${script}`);
        }
    });

    it("start every unit of every host, but the NameNodes, which are started when they have an image", () => {
        for (const host of config.hosts) {
            const script = startScript(config, host, "id");
            for (const unit of unitsOf(host)) {
                const later = unit === "hdfs-namenode" || unit === "hdfs-zkfc";
                const starts = new RegExp(`systemctl start --no-block .*\\b${unit}\\b`);
                assert.equal(starts.test(script), !later, `${host.name} ${unit}`);
            }
        }
    });
});
