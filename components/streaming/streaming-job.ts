// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Artifact } from "../../lib/artifacts/artifact.ts";
import type { Config } from "../../lib/config/schema.ts";
import { sparkMasterUrl } from "../../lib/topology.ts";
import { jobToken } from "../../lib/facts/token.ts";
import { gateLines, type Fleet } from "../fleet.ts";
import { hdfsGates } from "../hdfs/hdfs.ts";
import { eventLogPath } from "../spark/config.ts";
import { sparkGates } from "../spark/spark.ts";

/** Memory and cores of one job. */
export interface JobResources {
    readonly driverMemoryMiB: number;
    readonly executorMemoryMiB: number;
    /** Cores of all executors together. */
    readonly cores: number;
}

export interface StreamingJobArgs {
    readonly fleet: Fleet;
    /** Specification as the runner reads it (jobs/README.md). */
    readonly spec: object;
    /** Checkpoint of the specification: `hdfs://…`. */
    readonly checkpoint: string;
    readonly resources: JobResources;
    /** Artifact with the runner's jar; it lies on the masters' hosts. */
    readonly jobs: Artifact;
    /** Changes whenever a worker is restarted by a roll. */
    readonly workers: string;
    /** Cluster, topics and directories that the job needs. */
    readonly after: readonly pulumi.Resource[];
}

/** Path of a URL on HDFS. */
const hdfsPath = (url: string) => url.replace(/^hdfs:\/\/[^/]+/, "");

/** The request of Spark's REST submission protocol (CreateSubmissionRequest), as `spark-submit --deploy-mode cluster` sends it. */
export function submissionRequest(
    config: Config,
    name: string,
    jar: string,
    specPath: string,
    resources: JobResources,
): object {
    const nameservice = `hdfs://${config.hdfs.nameservice}`;
    return {
        action: "CreateSubmissionRequest",
        clientSparkVersion: "4.2.0",
        appResource: `${nameservice}${jar}`,
        mainClass: "io.metalstream.jobs.StreamingRunner",
        appArgs: [`${nameservice}${specPath}`],
        environmentVariables: { SPARK_ENV_LOADED: "1" },
        sparkProperties: {
            "spark.app.name": name,
            "spark.master": sparkMasterUrl(config),
            "spark.submit.deployMode": "cluster",
            "spark.jars": `${nameservice}${jar}`,
            "spark.driver.supervise": "true",
            "spark.driver.memory": `${resources.driverMemoryMiB}m`,
            "spark.driver.cores": "1",
            "spark.executor.memory": `${resources.executorMemoryMiB}m`,
            "spark.cores.max": String(resources.cores),
            "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            "spark.executor.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": `${nameservice}${eventLogPath}`,
            "spark.eventLog.rolling.enabled": "true",
            ...config.spark.overrides,
        },
    };
}

/** A streaming job on the Spark cluster: submitted once per version, supervised, continued from its own checkpoint. */
export class StreamingJob extends pulumi.ComponentResource {
    static readonly __pulumiType = "metalstream:streaming:StreamingJob";

    constructor(name: string, args: StreamingJobArgs, opts?: pulumi.ComponentResourceOptions) {
        super(
            StreamingJob.__pulumiType,
            name,
            { spec: args.spec, resources: args.resources },
            opts,
        );
        const { fleet, jobs, resources } = args;
        const [host] = fleet.active("spark-master");
        if (host === undefined) throw new Error("no host has the role spark-master");
        const [localJar] = jobs.jars;
        if (localJar === undefined) throw new Error(`the artifact ${jobs.name} has no jar`);
        const spec = JSON.stringify(args.spec);
        const jar = `/metalstream/jobs/${jobs.name}-${jobs.version}-${jobs.sha256.slice(0, 12)}.jar`;
        const request = (digest: string) =>
            JSON.stringify(
                submissionRequest(
                    fleet.config,
                    name,
                    jar,
                    `/metalstream/jobs/${name}/${digest}.json`,
                    resources,
                ),
            );
        const digest = createHash("sha256")
            .update(spec)
            .update(request(""))
            .digest("hex")
            .slice(0, 12);
        const gates = {
            ...hdfsGates(fleet),
            ...sparkGates(fleet),
            job: name,
            jar: `${localJar} ${jar}`,
            digest,
            spec,
            checkpoint: hdfsPath(args.checkpoint),
            request: request(digest),
            // A worker that is restarted ends the drivers on it for good (Worker.onStop); the job is seen to after every roll of workers.
            workers: args.workers,
        };
        const payload = gateLines(gates);
        const token = jobToken(fleet.facts(host), name, fleet.now);
        fleet.command(
            `${name}-submit`,
            host,
            { verb: "bootstrap streaming-job", payload, token },
            { parent: this, dependsOn: [...args.after] },
        );
        this.registerOutputs({});
    }
}
