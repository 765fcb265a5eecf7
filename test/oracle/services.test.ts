// SPDX-License-Identifier: Apache-2.0
/** The rendered files of lab, staging and prod, read by the services' own parsers: they parse, and say what the topology says. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { initialControllers } from "../../components/kafka/config.ts";
import { ask, whyNot, type Answers } from "./jvm.ts";
import { namesWith, stacks, tokens, writeTree, type Tree, type Unit } from "./tree.ts";

const reason = whyNot();
if (reason !== undefined && process.env["CI"] !== undefined) throw new Error(reason);

(reason === undefined ? describe : describe.skip)(
    `services' own parsers${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    function () {
        this.timeout(60_000);
        let tree: Tree;
        before(() => {
            tree = writeTree();
        });
        after(() => {
            tree.remove();
        });

        const unitsNamed = (pattern: RegExp) => tree.units.filter(({ unit }) => pattern.test(unit));

        for (const stack of stacks) {
            it(`Hadoop reads core-site.xml, hdfs-site.xml and the rack table of ${stack}`, async () => {
                const units = tree.units.filter(
                    ({ files, stack: of }) => of === stack && "hdfs-site.xml" in files,
                );
                const folders = units.map(({ folder }) => folder);
                const hosts = [`-Djdk.net.hosts.file=${tree.hosts(stack)}`];
                const bad = mistyped(
                    units[0],
                    "hdfs-site.xml",
                    "dfs.datanode.data",
                    "dfs.datanod.data",
                );
                const answers = await ask("hadoop", "HadoopOracle.java", [...folders, bad], hosts);
                assert.deepEqual(unknownIn(answers, bad), ["hdfs-site.xml: dfs.datanod.data.dir"]);
                for (const unit of units) checkHadoop(unit, answers);
            });
        }

        it("Kafka reads server.properties, the first voters and the topics' configuration", async () => {
            const units = unitsNamed(/^kafka-/);
            const topics = units
                .flatMap(({ config }) => config.kafka.topics)
                .flatMap((topic) => Object.entries(topic.config))
                .map(([key, value]) => `topic=${key}=${value}`);
            const [first] = units;
            assert.ok(first);
            const voters = `voters=${initialControllers(first.config, "4L6g3nShT-eMCtK--X86sw")}`;
            const bad = mistyped(first, "server.properties", "log.dirs", "logs.dir");
            const args = [...units.map(({ folder }) => folder), bad, voters, ...new Set(topics)];
            const answers = await ask("kafka", "KafkaOracle.java", args);
            for (const unit of units) checkKafka(unit, answers);
            assert.deepEqual(unknownIn(answers, bad), ["logs.dir"]);
            const controllers = namesWith(first.config, "kafka-controller");
            assert.equal(answers.get("voters")?.get("voter")?.length, controllers.length);
        });

        it("ZooKeeper reads zoo.cfg, myid and the JVM's properties", async () => {
            const units = unitsNamed(/^zookeeper$/);
            const files = units.map(withOwnDataDirectory);
            const java = tokens(units[0]?.files["java.args"] ?? "");
            const properties = java.filter((token) => token.startsWith("-Dzookeeper."));
            const answers = await ask("zookeeper", "ZooKeeperOracle.java", files, properties);
            for (const unit of units) checkZooKeeper(unit, answers);
            assert.deepEqual(answers.get("jvm")?.get("preAllocSize"), [String(8192 * 1024)]);
        });

        it("Spark reads spark-defaults.conf, system properties and program arguments", async () => {
            const units = unitsNamed(/^spark-/);
            for (const unit of units)
                writeFileSync(path.join(unit.folder, "arguments"), daemonArguments(unit));
            const bad = mistyped(units[0], "spark-defaults.conf", "eventLog.dir", "eventlog.dir");
            const folders = [...units.map(({ folder }) => folder), bad];
            const options = tokens(units[0]?.files["java.args"] ?? "").filter((token) =>
                token.startsWith("--add-opens"),
            );
            const answers = await ask("spark", "SparkOracle.java", folders, options);
            for (const unit of units) checkSpark(unit, answers);
            assert.deepEqual(unknownIn(answers, bad), ["spark.eventlog.dir"]);
        });
    },
);

/** Keys that the service does not know: the oracles are asked with a mistake too, so that silence means something. */
const unknownIn = (answers: Answers, folder: string) => answers.get(folder)?.get("unknown");

/** A copy of a unit's folder with one mistake in one file; returns its path. */
function mistyped(unit: Unit | undefined, file: string, from: string, to: string): string {
    assert.ok(unit);
    const folder = `${unit.folder}-mistyped`;
    cpSync(unit.folder, folder, { recursive: true });
    const text = unit.files[file] ?? "";
    assert.ok(text.includes(from));
    writeFileSync(path.join(folder, file), text.replace(from, to));
    return folder;
}

/** Reads the answers about one unit; a key that was not said is an empty list. */
function about(
    unit: Unit,
    answers: Answers,
    subject = unit.folder,
): (key: string) => readonly string[] {
    const of = answers.get(subject);
    assert.ok(of, `${unit.stack}/${unit.host.name}/${unit.unit}: nothing said`);
    return (key) => of.get(key) ?? [];
}

function checkHadoop(unit: Unit, answers: Answers): void {
    const said = about(unit, answers);
    const { config, stack } = unit;
    const idOf = new Map(config.hosts.map((host) => [host.name, host.id]));
    assert.deepEqual(said("unknown"), []);
    assert.deepEqual(said("defaultFS"), [`hdfs://${stack}`]);
    assert.deepEqual(said("nameservice"), [stack]);
    assert.deepEqual(said("ha"), ["true"]);
    assert.deepEqual(said("automatic-failover"), ["true"]);
    assert.deepEqual(
        said("rpc"),
        namesWith(config, "namenode").map((name) => `nn${idOf.get(name) ?? ""} ${name}:8020`),
    );
    assert.deepEqual(
        said("journal"),
        namesWith(config, "journalnode").map((name) => `${name}:8485`),
    );
    assert.deepEqual(said("zookeeper"), [
        namesWith(config, "zookeeper")
            .map((name) => `${name}:2181`)
            .join(","),
    ]);
    assert.deepEqual(said("fencing"), [
        "SshFenceByTcpPort hdfs:22",
        "ShellCommandFencer /bin/true",
    ]);
    assert.deepEqual(said("proxy-provider"), ["ConfiguredFailoverProxyProvider"]);
    assert.deepEqual(said("replication"), ["3"]);
    const twoDisks = config.hardware.disks.slice(0, 2).map((disk) => `file://${disk}/hdfs/name`);
    assert.deepEqual(said("name-dir"), twoDisks);
    assert.ok(Number(said("volumes-left")[0]) >= 1, "a DataNode must keep a disk");
    if (unit.unit !== "hdfs-namenode") return;
    const racks = config.hosts
        .filter((host) => host.roles.includes("datanode"))
        .flatMap((host) => [`${host.name} /${host.rack}`, `${host.address} /${host.rack}`]);
    assert.deepEqual(said("rack"), racks);
}

function checkKafka(unit: Unit, answers: Answers): void {
    const said = about(unit, answers);
    const { config, host } = unit;
    const broker = unit.unit === "kafka-broker";
    assert.deepEqual(said("unknown"), []);
    assert.deepEqual(said("node.id"), [String(broker ? host.id : 3000 + host.id)]);
    assert.deepEqual(said("process.roles"), [broker ? "[broker]" : "[controller]"]);
    assert.deepEqual(said("rack"), [broker ? host.rack : "-"]);
    assert.deepEqual(said("listeners"), [
        broker ? `[PLAINTEXT://${host.name}:9092]` : `[CONTROLLER://${host.name}:9093]`,
    ]);
    assert.deepEqual(said("controller-listeners"), ["[CONTROLLER]"]);
    const controllers = namesWith(config, "kafka-controller").map((name) => `${name}:9093`);
    assert.deepEqual(said("controller.quorum.bootstrap.servers"), [`[${controllers.join(", ")}]`]);
    assert.deepEqual(said("default.replication.factor"), ["3"]);
    assert.deepEqual(said("min.insync.replicas"), ["2"]);
}

/** A copy of zoo.cfg whose data directory is on this machine and holds the rendered myid; returns its path. */
function withOwnDataDirectory(unit: Unit): string {
    const data = path.join(unit.folder, "data");
    mkdirSync(data);
    writeFileSync(path.join(data, "myid"), unit.files["myid"] ?? "");
    const file = path.join(unit.folder, "oracle.cfg");
    writeFileSync(file, (unit.files["zoo.cfg"] ?? "").replace(/^dataDir=.*$/m, `dataDir=${data}`));
    return file;
}

function checkZooKeeper(unit: Unit, answers: Answers): void {
    const said = about(unit, answers, path.join(unit.folder, "oracle.cfg"));
    const members = unit.config.hosts.filter((host) => host.roles.includes("zookeeper"));
    assert.deepEqual(said("unknown"), []);
    assert.deepEqual(said("serverId"), [String(unit.host.id)]);
    assert.deepEqual(said("distributed"), ["true"]);
    assert.deepEqual(said("clientPort"), ["2181"]);
    assert.deepEqual(said("maxSessionTimeout"), ["8000"]);
    assert.deepEqual(said("purgeInterval"), ["1"]);
    assert.deepEqual(said("logWithData"), ["true"]);
    assert.deepEqual(
        said("voter"),
        members.map(({ id, name }) => `${id} ${name}`),
    );
}

/** System properties and program arguments of a Spark daemon, one a line. */
function daemonArguments(unit: Unit): string {
    const all = tokens(unit.files["java.args"] ?? "");
    const main = all.findIndex((token) => token.startsWith("org.apache.spark."));
    const properties = all.slice(0, main).filter((token) => token.startsWith("-Dspark."));
    return [...properties, ...all.slice(main + 1), ""].join("\n");
}

function checkSpark(unit: Unit, answers: Answers): void {
    const said = about(unit, answers);
    const { config, host, stack } = unit;
    const masters = namesWith(config, "spark-master").map((name) => `spark://${name}:7077`);
    assert.deepEqual(said("unknown"), []);
    assert.deepEqual(said("master"), masters);
    assert.deepEqual(said("spark.eventLog.dir"), [`hdfs://${stack}/spark-events`]);
    if (unit.unit === "spark-master") {
        const zookeeper = namesWith(config, "zookeeper")
            .map((name) => `${name}:2181`)
            .join(",");
        assert.deepEqual(said("spark.deploy.recoveryMode"), ["ZOOKEEPER"]);
        assert.deepEqual(said("spark.deploy.zookeeper.url"), [`Some(${zookeeper})`]);
        assert.deepEqual(said("bind"), [`${host.name}:7077 8080`]);
    }
    if (unit.unit === "spark-worker") {
        assert.deepEqual(said("worker-master"), masters);
        assert.deepEqual(said("bind"), [`${host.name}:7078 8081`]);
        assert.ok(Number(said("memory")[0]) < config.hardware.memoryMiB);
        assert.ok(Number(said("cores")[0]) <= config.hardware.cores);
    }
}
