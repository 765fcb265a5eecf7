// SPDX-License-Identifier: Apache-2.0
/** The shipped job over the journals of all hosts: its specification (jobs/README.md) as data. Pure. */
import type { Config } from "../../lib/config/schema.ts";
import { firstContacts } from "../../lib/topology.ts";

/** Where a job keeps what, on HDFS. The checkpoint belongs to the job and outlives it. */
export function jobPaths(config: Config, job: string) {
    const root = `hdfs://${config.hdfs.nameservice}/metalstream`;
    return {
        events: `${root}/data/${job}/events`,
        counts: `${root}/data/${job}/counts`,
        bad: `${root}/data/${job}/bad`,
        checkpoint: `${root}/checkpoints/${job}`,
    };
}

/** rsyslog's severities are words; other senders write numbers. */
const severity = `lower(coalesce(nullif(trim(severity), ''), 'unknown'))`;

const eventsSql = `SELECT time, host, lower(coalesce(nullif(trim(service), ''), 'unknown')) AS service, ${severity} AS severity,
 facility, pid, message, _topic AS topic, _partition AS partition, _offset AS offset,
 date_format(time, 'yyyy-MM-dd') AS day FROM source`;

const countsSql = `SELECT window.start AS minute, severity, service, count(*) AS count,
 date_format(window.start, 'yyyy-MM-dd') AS day FROM events GROUP BY window(time, '1 minute'), severity, service`;

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, " ");

/** The job's specification, as the runner reads it. */
export function logsSpec(config: Config): object {
    const { topic, trigger, maxOffsetsPerTrigger } = config.streaming.logs;
    const paths = jobPaths(config, "logs");
    const sink = (name: "events" | "counts", partitionBy: string[]) => ({
        ...{
            name,
            from: name,
            format: "parquet",
            path: paths[name],
            partitionBy,
            trigger,
            writers: 1,
        },
    });
    return {
        version: 1,
        name: "logs",
        mode: "variable",
        source: {
            kafka: {
                bootstrapServers: firstContacts(config).join(","),
                topic,
                startingOffsets: "earliest",
                maxOffsetsPerTrigger,
            },
        },
        schema: "time TIMESTAMP NOT NULL, host STRING, service STRING, severity STRING, facility STRING, pid STRING, message STRING",
        badRecords: { path: paths.bad },
        steps: [
            {
                name: "events",
                sql: oneLine(eventsSql),
                watermark: { column: "time", delay: "1 minute" },
            },
            { name: "counts", sql: oneLine(countsSql) },
        ],
        sinks: [sink("events", ["day", "service"]), sink("counts", ["day"])],
        checkpoint: paths.checkpoint,
        shufflePartitions: 2,
    };
}
