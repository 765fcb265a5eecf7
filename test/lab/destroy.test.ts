// SPDX-License-Identifier: Apache-2.0
/** The platform is destroyed on purpose, and comes back over its data. Needs `node lab/cli.ts up` before; leaves the platform whole. */
import assert from "node:assert/strict";
import { exec, status } from "../../lab/index.ts";
import { assertJobGoesOn, pulumi, requireLab, rows, upAndClean, whole } from "./support.ts";

describe("the platform, destroyed on purpose", function () {
    this.timeout(600_000);
    this.slow(120_000);

    before(function () {
        requireLab(this);
    });

    it("leaves hosts as they were and data where it is, and up brings it back", async () => {
        const before = await rows();
        const destroyed = await pulumi("destroy", "--yes", "--skip-preview");
        assert.equal(destroyed.code, 0, destroyed.output);
        for (const { name } of status().hosts) {
            const left = await exec(
                name,
                "pgrep -x java; ls /etc/metalstream; ls /etc/systemd/system | grep -E 'hdfs|kafka|spark|zookeeper'; mount | grep zookeeper",
            );
            assert.equal(left.stdout, "", name);
        }
        const data = await exec("w1", "ls -d /data/1/kafka-broker /data/2/hdfs/data");
        assert.equal(data.code, 0, data.stderr);
        await upAndClean();
        await whole();
        await assertJobGoesOn(before);
    });
});
