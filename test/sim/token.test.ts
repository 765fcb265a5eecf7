// SPDX-License-Identifier: Apache-2.0
/**
 * The rules of the token (docs/decisions/0003-token.md) under the real engine, on a simulated fleet. The tests follow one another: each begins with
 * a platform in step.
 */
import assert from "node:assert/strict";
import { SimFleet } from "../../sim/fleet.ts";
import { changes, ended, Workspace, type Run } from "../../sim/workspace.ts";

const changed = { zookeeper: { tickTimeMs: 2500 } };

function succeeded(run: Run): Run {
    assert.equal(run.code, 0, run.output);
    return run;
}

/** Whether a run had nothing to do. */
const isClean = (run: Run) =>
    Object.keys(changes(run.output)).join() === "unchanged" && !run.output.includes("differs from");

describe("token rules, under the real engine on simulated hosts", function () {
    this.timeout(300_000);
    let fleet: SimFleet;
    let on: Workspace;

    before(async function () {
        fleet = new SimFleet(6, { look: 0, change: 10, gate: 3000 });
        await fleet.listen();
        on = await Workspace.create(fleet);
    });
    after(async () => {
        await on.remove();
        fleet.close();
    });
    beforeEach(() => {
        fleet.clearRecords();
    });
    afterEach(() => {
        assert.deepEqual(fleet.cluster.violations, []);
    });

    it("after a first up the preview is clean, and a second up touches nothing", async () => {
        succeeded(await on.up());
        const before = fleet.summary();
        fleet.clearRecords();
        const preview = succeeded(await on.preview());
        assert.ok(isClean(preview), preview.output);
        assert.ok(isClean(succeeded(await on.up())));
        assert.deepEqual(fleet.history(), []);
        assert.deepEqual(fleet.summary(), before);
    });

    it("drift is named item by item, repaired by up, and gone", async () => {
        const before = fleet.summary();
        fleet.host("w1").damage("file /etc/hosts content");
        fleet.host("m2").damage("unit zookeeper inactive");
        fleet.host("m3").damage("directory /var/lib/hdfs owner");
        const damagedHosts = fleet.summary();
        const { output } = succeeded(await on.preview());
        for (const item of [
            /w1 differs from what is wanted:\n +file \/etc\/hosts content/,
            /-edited/,
            /m2 differs from what is wanted:\n +unit zookeeper inactive/,
            /m3 differs from what is wanted:\n +directory \/var\/lib\/hdfs owner/,
        ]) {
            assert.match(output, item);
        }
        assert.deepEqual(fleet.summary(), damagedHosts, "a preview touches nothing");
        succeeded(await on.up());
        assert.deepEqual(fleet.summary(), before);
        assert.deepEqual(
            fleet.history().filter((line) => /^(m1|w2|w3) converge/.test(line)),
            [],
            "hosts in step are left alone",
        );
        assert.ok(isClean(succeeded(await on.preview())));
    });

    it("a worker that was reinstalled is set up again by one up", async () => {
        const before = fleet.summary();
        fleet.host("w2").reinstall();
        assert.ok(!isClean(succeeded(await on.preview())));
        succeeded(await on.up());
        assert.deepEqual(fleet.summary(), before);
        assert.ok(isClean(succeeded(await on.preview())));
    });

    it("a host that was restored from an old image is brought up to date", async () => {
        const old = fleet.host("m3").snapshot();
        await on.configure(changed);
        succeeded(await on.up());
        const now = fleet.summary();
        fleet.host("m3").restore(old);
        assert.ok(!isClean(succeeded(await on.preview())));
        succeeded(await on.up());
        assert.deepEqual(fleet.summary(), now);
        assert.ok(isClean(succeeded(await on.preview())));
        await on.keepState("newer");
    });

    it("an older state over newer hosts is taken forward without a restart", async () => {
        await on.configure();
        succeeded(await on.up());
        const now = fleet.summary();
        await on.bringBackState("newer");
        fleet.clearRecords();
        assert.ok(!isClean(succeeded(await on.preview())));
        succeeded(await on.up());
        assert.deepEqual(fleet.cluster.restarts, []);
        assert.deepEqual(fleet.summary(), now);
        assert.ok(isClean(succeeded(await on.preview())));
    });

    it("a lost state is made anew from the running platform, without a restart", async () => {
        const before = fleet.summary();
        await on.loseState();
        succeeded(await on.up());
        assert.deepEqual(fleet.cluster.restarts, []);
        assert.deepEqual(fleet.summary(), before);
        assert.ok(isClean(succeeded(await on.preview())));
    });

    it("a change restarts what runs another digest, one member at a time, the leader last", async () => {
        const leader = fleet.cluster.leader("zookeeper")?.name;
        await on.configure(changed);
        const { output } = succeeded(await on.preview());
        assert.match(output, /\+ \| tickTime=2500/);
        assert.deepEqual(fleet.history(), []);
        succeeded(await on.up());
        const { restarts } = fleet.cluster;
        assert.deepEqual([...restarts].sort(), ["zookeeper m1", "zookeeper m2", "zookeeper m3"]);
        assert.equal(restarts.at(-1), `zookeeper ${leader}`);
        await on.configure();
        succeeded(await on.up());
    });

    it("a worker out of reach is left alone while the others go on, and catches up later", async () => {
        fleet.server("w2").setReach("down");
        await on.configure({ kafka: { ...kafka(), overrides: { "log.retention.hours": "72" } } });
        const first = await on.up();
        assert.match(first.output, /w2 does not answer and is left alone/);
        assert.deepEqual(restartedBrokers(fleet), ["w1", "w3"]);
        assert.deepEqual(fleet.host("w2").history, []);
        fleet.server("w2").setReach("up");
        fleet.clearRecords();
        succeeded(await on.up());
        assert.deepEqual(restartedBrokers(fleet), ["w2"]);
        assert.ok(isClean(succeeded(await on.preview())));
        await on.configure();
        succeeded(await on.up());
    });

    it("more hosts out of reach than may be, or one of a quorum, and up refuses before it touches anything", async () => {
        await on.configure(changed);
        for (const name of ["w1", "w3"]) fleet.server(name).setReach("down");
        fleet.server("m1").setReach("other-key");
        const refused = await on.up();
        for (const name of ["w1", "w3", "m1"]) fleet.server(name).setReach("up");
        assert.notEqual(refused.code, 0);
        assert.match(refused.output, /w1: does not answer.*2 workers are out of reach, 1 may be/);
        assert.match(refused.output, /w3: does not answer/);
        assert.match(refused.output, /m1: .*host key/);
        assert.deepEqual(fleet.history(), []);
        await on.configure();
    });

    it("a host whose converge fails is reported among the others' success, and what depends on it does not run", async () => {
        // Part of every host's manifest; of w1 an item differs as well.
        await on.configure({ artifacts: { mirror: "http://127.0.0.1:9/elsewhere" } });
        fleet.host("w1").damage("file /etc/hosts content");
        fleet.host("w1").failing.add("file /etc/hosts");
        const failed = await on.run("up", "--yes", "--skip-preview", "--continue-on-error");
        assert.notEqual(failed.code, 0);
        assert.match(failed.output, /metalstream: w1: converge: 1 items failed.*file \/etc\/hosts/);
        const history = fleet.history();
        for (const name of ["m1", "m2", "m3", "w2", "w3"]) {
            assert.ok(history.includes(`${name} converge`), name);
        }
        assert.ok(!history.some((line) => line.startsWith("w1 roll")), history.join("\n"));
        fleet.host("w1").failing.clear();
        await on.configure();
        succeeded(await on.up());
        assert.ok(isClean(succeeded(await on.preview())));
    });

    it("two up at once never both change hosts", async () => {
        fleet.setLatency({ look: 0, change: 500, gate: 10_000 });
        await on.configure(changed);
        const first = on.startUp();
        const firstRun = ended(first);
        await until(() => fleet.history().length > 0);
        const second = await on.up();
        assert.notEqual(second.code, 0);
        assert.match(second.output, /currently locked/);
        succeeded(await firstRun);
        fleet.setLatency({ look: 0, change: 10, gate: 3000 });
        const converges = fleet.history().filter((line) => line.endsWith(" converge"));
        assert.equal(new Set(converges).size, converges.length, converges.join("\n"));
        await on.configure();
        succeeded(await on.up());
    });
});

const kafka = () => ({
    clusterId: "c2ltdWxhdGVkLWZsZWV0MA",
    topics: [{ name: "logs", partitions: 3 }],
});

const restartedBrokers = (fleet: SimFleet) =>
    fleet.cluster.restarts
        .filter((line) => line.startsWith("kafka-broker "))
        .map((line) => line.replace("kafka-broker ", ""))
        .sort();

async function until(holds: () => boolean): Promise<void> {
    const end = performance.now() + 60_000;
    while (!holds()) {
        if (performance.now() > end) throw new Error("not within 60 s");
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}
