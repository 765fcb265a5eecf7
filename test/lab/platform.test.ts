// SPDX-License-Identifier: Apache-2.0
/** The platform on the lab's six hosts, with real faults. Needs `node lab/cli.ts up` before; leaves the platform whole. */
import assert from "node:assert/strict";
import { boot, exec, kill } from "../../lab/index.ts";
import {
    assertJobGoesOn,
    killUnit,
    onlyOne,
    pulumi,
    rows,
    until,
    upAndClean,
    whole,
    withRole,
    requireLab,
} from "./support.ts";

describe("the platform in the lab", function () {
    this.timeout(600_000);
    this.slow(120_000);

    before(function () {
        requireLab(this);
    });

    it("has every service active, and one leader in each quorum", whole);

    it("processes the journals of all hosts, each record once", async () => {
        await assertJobGoesOn(await rows());
    });

    it("needs no change after it came up", async () => {
        for (const words of [["preview"], ["refresh", "--yes"], ["up", "--yes"]]) {
            const { code, output } = await pulumi(...words, "--expect-no-changes");
            assert.equal(code, 0, output);
        }
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
        await upAndClean();
        await whole();
    });
});
