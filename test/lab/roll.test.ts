// SPDX-License-Identifier: Apache-2.0
/**
 * A change of all services at once, under the load of the streaming job. Needs `node lab/cli.ts up` before; leaves the platform whole, and with the change:
 * taking it back would be the same again, and the next `up` does.
 */
import assert from "node:assert/strict";
import { exec } from "../../lab/index.ts";
import { StackFile } from "./stack-file.ts";
import { assertJobGoesOn, requireLab, rows, whole } from "./support.ts";

describe("a change of all services", function () {
    this.timeout(900_000);
    this.slow(360_000);
    const stack = new StackFile();

    before(function () {
        requireLab(this);
    });
    after(() => {
        stack.remove();
    });

    /** When a unit became active, microseconds of the one clock that all lab hosts share. */
    async function activeSince([host = "", unit = ""]: readonly string[]): Promise<number> {
        const ask = `systemctl show -p ActiveEnterTimestampMonotonic --value ${unit}`;
        return Number((await exec(host, ask)).stdout);
    }

    it("restarts one unit after the other, in the order of the preview, and the job loses nothing", async () => {
        const before = await rows();
        stack.write((config) => {
            config["metalstream:zookeeper"] = { tickTimeMs: 2100 };
            config["metalstream:heaps"] = { kafkaController: 160 };
            config["metalstream:kafka"] = {
                ...(config["metalstream:kafka"] as object),
                overrides: { "log.retention.hours": "71" },
            };
            config["metalstream:hdfs"] = {
                ...(config["metalstream:hdfs"] as object),
                overrides: { hdfsSite: { "dfs.ls.limit": "1001" } },
            };
        });
        const preview = await stack.succeeds("preview");
        const planned = [...preview.matchAll(/^ +(\w+): ([\w-]+) will restart: /gm)].map(
            ([, host = "", unit = ""]) => [host, unit] as const,
        );
        const units = [
            "zookeeper",
            "hdfs-journalnode",
            "hdfs-namenode",
            "hdfs-zkfc",
            "kafka-controller",
        ];
        const services = [
            ...units,
            "spark-master",
            "spark-history",
            "kafka-broker",
            "hdfs-datanode",
            "spark-worker",
        ];
        assert.deepEqual([...new Set(planned.map(([, unit]) => unit))].sort(), services.sort());
        const began = await Promise.all(planned.map(activeSince));
        await stack.succeeds("up", "--yes", "--skip-preview");
        const since = await Promise.all(planned.map(activeSince));
        for (const [i, [host, unit]] of planned.entries())
            assert.ok((since[i] ?? 0) > Math.max(...began), `${host}: ${unit} did not restart`);
        const order = planned.map((one, i) => ({ one: one.join(": "), at: since[i] ?? 0 }));
        assert.deepEqual(
            [...order].sort((a, b) => a.at - b.at).map(({ one }) => one),
            order.map(({ one }) => one),
        );
        await stack.succeeds("preview", "--expect-no-changes");
        await whole();
        await assertJobGoesOn(before);
    });
});
