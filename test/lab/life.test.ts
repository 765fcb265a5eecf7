// SPDX-License-Identifier: Apache-2.0
/**
 * The life of the platform in the lab: restarts in order, a service taken out, a host that is away, two runs at once. Needs `node lab/cli.ts up`
 * before; leaves the platform as it was.
 */
import assert from "node:assert/strict";
import { boot, exec, kill } from "../../lab/index.ts";
import { hostProgram } from "../../lib/host-program.ts";
import { hostOf, StackFile } from "./stack-file.ts";
import { cli, requireLab } from "./support.ts";

describe("life in the lab", function () {
    this.timeout(900_000);
    this.slow(240_000);
    const stack = new StackFile();
    const write = stack.write.bind(stack);

    before(function () {
        requireLab(this);
    });
    after(() => {
        stack.remove();
    });

    const succeeds = stack.succeeds.bind(stack);
    const up = () => succeeds("up", "--yes", "--skip-preview");
    const shell = async (host: string, command: string) =>
        (await exec(host, command)).stdout.trim();
    const processes = (host: string) =>
        shell(
            host,
            "systemctl show -p Id,MainPID --value 'hdfs-*' 'kafka-*' 'spark-*' zookeeper | tr '\\n' ' '",
        );

    afterEach(async function () {
        if (this.currentTest?.isPending() === true) return;
        write(() => undefined);
        await up();
        await succeeds("preview", "--expect-no-changes");
    });

    it("restarts brokers one after the other, as the preview said, and nothing else", async () => {
        write((config) => {
            config["metalstream:kafka"] = {
                ...(config["metalstream:kafka"] as object),
                overrides: { "log.retention.hours": "71" },
            };
        });
        const preview = await succeeds("preview", "--diff");
        assert.match(preview, /3 units will restart, in this order/);
        assert.match(preview, /w1: kafka-broker will restart: server\.properties\n/);
        assert.match(preview, /\+log\.retention\.hours=71/);
        assert.match(preview, /w3: kafka-broker will restart: server\.properties \(as on w1\)/);
        const others = await Promise.all(["m1", "m2", "m3"].map(processes));
        await up();
        assert.deepEqual(await Promise.all(["m1", "m2", "m3"].map(processes)), others);
        const since = await Promise.all(
            ["w1", "w2", "w3"].map(async (host) =>
                Number(
                    await shell(
                        host,
                        'date +%s -d "$(systemctl show -p ActiveEnterTimestamp --value kafka-broker)"',
                    ),
                ),
            ),
        );
        assert.deepEqual(
            since,
            [...since].sort((a, b) => a - b),
            "in the order of the preview",
        );
        assert.equal(new Set(since).size, 3, "not at once");
    });

    it("takes a service out of a host under its gate, and leaves all else there alone", async () => {
        write((config) => {
            config["metalstream:protect"] = true;
            hostOf(config, "w3").roles = ["datanode", "kafka-broker"];
        });
        const pid = (unit: string) => shell("w3", `systemctl show -p MainPID --value ${unit}`);
        const broker = await pid("kafka-broker");
        const output = await up();
        assert.match(output, /remove spark-worker: asking whether it can be missed/);
        assert.match(output, /changed unit spark-worker: removed/);
        assert.equal(await pid("kafka-broker"), broker);
        assert.equal(
            await shell("w3", "systemctl show -p LoadState --value spark-worker"),
            "not-found",
        );
        assert.equal(
            await shell("w3", "sudo ls /var/lib/metalstream/gates"),
            "hdfs-datanode\nkafka-broker",
        );
    });

    it("refuses to take two members of a quorum out in one run, whatever Pulumi's state says", async () => {
        write((config) => {
            const [m1, m2, m3] = ["m1", "m2", "m3"].map((name) => hostOf(config, name));
            // Five members before would be needed for a valid file with three; spark-master needs only two of three.
            assert.ok(m1 !== undefined && m2 !== undefined && m3 !== undefined);
            for (const host of [m2, m3])
                host.roles = host.roles.filter((role) => role !== "spark-master");
            hostOf(config, "w1").roles.push("spark-master");
        });
        const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0);
        assert.match(output, /2 members of spark-master would leave in one run \(m2, m3\)/);
    });

    it("leaves a worker that is declared down alone, and takes it back", async () => {
        await kill("w3");
        try {
            write((config) => (hostOf(config, "w3").state = "down"));
            const output = await up();
            assert.match(output, /w3 is declared down/);
            await succeeds("preview", "--expect-no-changes");
        } finally {
            await boot("w3");
        }
    });

    it("does not begin while another run has the lease, and says whose it is", async () => {
        write(() => undefined);
        const take =
            "lease take run=other who=eve@elsewhere pid=1 started=1 machine=elsewhere term=900";
        await exec("m2", `sudo ${hostProgram().path} ${take}`);
        const refused = await stack.pulumi("up", "--yes", "--skip-preview");
        assert.notEqual(refused.code, 0);
        assert.match(refused.output, /another run is at work: eve@elsewhere, process 1/);
        const lease = (...args: string[]) => cli("lease", ...args, "--stack", "lab");
        const shown = await lease("show");
        assert.equal(shown.code, 1);
        assert.match(shown.output, /^m1 +free$/m);
        assert.match(shown.output, /^m2 +eve@elsewhere/m);
        assert.equal((await lease("break", "--yes")).code, 0);
        assert.equal((await lease("show")).code, 0);
        await up();
    });
});
