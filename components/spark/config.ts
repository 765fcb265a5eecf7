// SPDX-License-Identifier: Apache-2.0
/** A quorum of Spark standalone masters, workers and the history server: topology -> units. Pure. */
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import { unitBlock, type Section, type UnitBlock } from "../../lib/manifest.ts";
import type { Artifact } from "../../lib/artifacts/artifact.ts";
import { classArchive } from "../../lib/artifacts/cds.ts";
import { disksFor, heap, jvmOptions, workerCores, workerMemory } from "../../lib/profile.ts";
import { properties } from "../../lib/render/properties.ts";
import { javaArguments, systemdUnit } from "../../lib/render/unit.ts";
import { endpoints, hasRole, ports, sparkMasterUrl } from "../../lib/topology.ts";
import { coreSite, hdfsSite } from "../hdfs/site.ts";
import { waitForMaster, waitForZookeeper } from "./wait.ts";
import { serviceArtifactItem, currentDirectory, ownedDirectory, userItems } from "../service.ts";

export const user = "spark";
/** Where event logs lie, on HDFS. */
export const eventLogPath = "/spark-events";
const home = "/var/lib/spark";

/** Packages that Spark opens on Java 17, as its own launcher does (JavaModuleOptions.java). */
const opened = [
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "jdk.internal.ref",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.util.calendar",
];

/** JVM options of every Spark process. */
export const sparkJavaOptions: readonly string[] = [
    "-XX:+IgnoreUnrecognizedVMOptions",
    ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
];

const eventLog = (config: Config) => `hdfs://${config.hdfs.nameservice}${eventLogPath}`;

/** Local directories of workers and executors: the bulky disks. */
export function localDirectories(config: Config): string[] {
    return disksFor(config, "bulk").map((disk) => `${disk}/spark`);
}

/** spark-defaults.conf: what applications get unless they say otherwise. */
export function sparkDefaults(config: Config): string {
    return properties({
        "spark.master": sparkMasterUrl(config),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": eventLog(config),
        "spark.eventLog.rolling.enabled": "true",
        "spark.shuffle.service.enabled": "true",
        // How long a process waits for another that says nothing (default 120 s): its host may have lost its power. Executors report every 10 s.
        "spark.network.timeout": "60s",
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        ...config.spark.overrides,
    });
}

const log4j2 = properties({
    "rootLogger.level": "info",
    "rootLogger.appenderRef.stdout.ref": "console",
    "appender.console.type": "Console",
    "appender.console.name": "console",
    "appender.console.target": "SYSTEM_OUT",
    "appender.console.layout.type": "PatternLayout",
    "appender.console.layout.pattern": "%p %c{1}: %m%n%ex",
});

/** Workers forget a dead master's word after this long, seconds; a new leader waits as long for them to report (Master.scala). */
const workerTimeoutSeconds = 30;

function systemProperties(config: Config, role: SparkRole): Record<string, string> {
    if (role === "spark-master") {
        return {
            "spark.deploy.recoveryMode": "ZOOKEEPER",
            "spark.deploy.zookeeper.url": endpoints(
                config,
                "zookeeper",
                ports.zookeeperClient,
            ).join(","),
            "spark.deploy.zookeeper.dir": "/spark",
            // Jobs are submitted and asked after over HTTP: no JVM is started for it.
            "spark.master.rest.enabled": "true",
            "spark.worker.timeout": String(workerTimeoutSeconds),
        };
    }
    if (role === "spark-worker") {
        return {
            "spark.worker.timeout": String(workerTimeoutSeconds),
            "spark.shuffle.service.enabled": "true",
            // Always every 5 to 15 s: after the default six tries a worker would wait 30 to 90 s between them (Worker.scala).
            "spark.worker.initialRegistrationRetries": "250",
            "spark.worker.maxRegistrationRetries": "256",
            // Directories of ended applications are removed; else they fill the disk.
            "spark.worker.cleanup.enabled": "true",
        };
    }
    return {
        "spark.history.fs.logDirectory": eventLog(config),
        "spark.history.fs.cleaner.enabled": "true",
        "spark.history.ui.port": String(ports.sparkHistoryHttp),
    };
}

type SparkRole = "spark-master" | "spark-worker" | "spark-history";

function mainAndArguments(
    config: Config,
    host: HostConfig,
    role: SparkRole,
): { main: string; args: string[] } {
    const deploy = "org.apache.spark.deploy";
    if (role === "spark-history") return { main: `${deploy}.history.HistoryServer`, args: [] };
    if (role === "spark-master") {
        const args = [
            "--host",
            host.name,
            "--port",
            ports.sparkMaster,
            "--webui-port",
            ports.sparkMasterHttp,
        ];
        return { main: `${deploy}.master.Master`, args: args.map(String) };
    }
    const args = [
        ...[
            "--host",
            host.name,
            "--port",
            ports.sparkWorker,
            "--webui-port",
            ports.sparkWorkerHttp,
        ],
        ...["--cores", workerCores(config), "--memory", `${workerMemory(config, host)}M`],
        ...["--work-dir", `${localDirectories(config)[0] ?? ""}/work`],
        sparkMasterUrl(config),
    ];
    return { main: `${deploy}.worker.Worker`, args: args.map(String) };
}

const details = {
    "spark-master": { heap: "sparkMaster", description: "Spark standalone master" },
    "spark-worker": { heap: "sparkWorker", description: "Spark standalone worker" },
    "spark-history": { heap: "sparkHistory", description: "Spark history server" },
} as const;

/** Environment of Spark's processes; workers build the class paths of drivers and executors from it. */
export function sparkEnvironment(
    config: Config,
    host: HostConfig,
    unit: string,
    artifact: Artifact,
): Record<string, string> {
    return {
        SPARK_HOME: artifact.directory,
        SPARK_CONF_DIR: currentDirectory(unit),
        HADOOP_CONF_DIR: currentDirectory(unit),
        SPARK_SCALA_VERSION: "2.13",
        SPARK_LOCAL_HOSTNAME: host.name,
        // No JAVA_HOME: a worker then starts drivers and executors with the Java that runs itself (AbstractCommandBuilder).
        SPARK_LOCAL_DIRS: localDirectories(config).join(","),
    };
}

/** What a role waits for before it starts, so that its first attempt succeeds instead of its next. */
function waitScript(config: Config, role: SparkRole): Record<string, string> {
    if (role === "spark-master") return { "wait-for-zookeeper.sh": waitForZookeeper(config) };
    return role === "spark-worker" ? { "wait-for-master.sh": waitForMaster(config) } : {};
}

function sparkUnit(
    config: Config,
    host: HostConfig,
    role: SparkRole,
    artifact: Artifact,
): UnitBlock {
    const heapMiB = heap(config, details[role].heap);
    const writable = role === "spark-worker" ? localDirectories(config) : [];
    return unitBlock(role, {
        "spark-defaults.conf": sparkDefaults(config),
        "core-site.xml": coreSite(config),
        "hdfs-site.xml": hdfsSite(config),
        "log4j2.properties": log4j2,
        ...waitScript(config, role),
        "java.args": javaArguments({
            unit: role,
            heapMiB,
            options: [
                ...classArchive(artifact).options,
                ...jvmOptions(config, heapMiB),
                ...sparkJavaOptions,
            ],
            systemProperties: systemProperties(config, role),
            classpath: [...artifact.jars, currentDirectory(role)],
            ...mainAndArguments(config, host, role),
        }),
        [`${role}.service`]: systemdUnit({
            name: role,
            description: details[role].description,
            user,
            writable: [home, ...writable],
            mounts: writable,
            environment: sparkEnvironment(config, host, role, artifact),
            prepare: Object.keys(waitScript(config, role)).map(
                (file) => `/bin/bash ${currentDirectory(role)}/${file}`,
            ),
        }),
    });
}

/** What a host needs for its roles in Spark. */
export function sparkSection(config: Config, host: HostConfig, artifact: Artifact): Section {
    const runs = (Object.keys(details) as SparkRole[]).filter((role) => hasRole(host, role));
    if (runs.length === 0) return { items: [], units: [] };
    const local = runs.includes("spark-worker") ? localDirectories(config) : [];
    return {
        items: [
            ...userItems(user, home),
            ownedDirectory(home, user),
            serviceArtifactItem(config, artifact),
            ...local.map((path) => ownedDirectory(path, user)),
        ],
        units: runs.map((role) => sparkUnit(config, host, role, artifact)),
    };
}
