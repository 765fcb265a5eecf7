// SPDX-License-Identifier: Apache-2.0
import { loadArtifacts } from "../components/artifacts.ts";
import { jobPaths } from "../components/streaming/logs-job.ts";
import { runOnHost } from "../lib/facts/ssh.ts";
import { rootCommand, rootInput } from "../lib/sudo.ts";
import { readStack, stackOptions } from "./stack.ts";

/** A JVM reads what the job has written: milliseconds. */
const patience = 120_000;

/** `metalstream counts`: asks HDFS, on a master's host, what the logs job has written. */
export async function countsCommand(args: string[]): Promise<number> {
    const { stack: name, json } = stackOptions(args);
    const { config, targets } = await readStack(name);
    const { spark, jobs } = await loadArtifacts();
    const target = targets.find(
        ({ config: host }) => host.roles.includes("spark-master") && host.state === "present",
    );
    if (target === undefined) throw new Error("no present host has the role spark-master");
    const conf = "/etc/metalstream/spark-master/current";
    const { events } = jobPaths(config, "logs");
    const command = [
        "runuser -u spark -- /usr/bin/java -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        `-cp '${conf}:${jobs.jars.join(":")}:${spark.directory}/jars/*' io.metalstream.jobs.Counts`,
        `${events}${json ? " --json" : ""}`,
    ].join(" ");
    const { code, stdout, stderr } = await runOnHost(
        target,
        rootCommand(command, target.sudoPassword),
        rootInput("", target.sudoPassword),
        { connect: target.timeouts.connect * 1000, command: patience },
    );
    process.stdout.write(stdout);
    if (code !== 0) process.stderr.write(stderr);
    return code === 0 ? 0 : 1;
}
