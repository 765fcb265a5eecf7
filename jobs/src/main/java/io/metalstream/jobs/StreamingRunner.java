// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs;

import io.metalstream.jobs.runner.JobFiles;
import io.metalstream.jobs.runner.JobRun;
import io.metalstream.jobs.runner.OwnerLease;
import io.metalstream.jobs.sink.Outputs;
import io.metalstream.jobs.spec.JobSpec;
import io.metalstream.jobs.spec.SpecException;
import io.metalstream.jobs.spec.SpecParser;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.sql.SparkSession;

/**
 * Runs one streaming job: {@code StreamingRunner [--check | --plan] <specification>}.
 *
 * <p>{@code --check} only reads the specification; {@code --plan} also lets Spark analyse its queries. Neither starts
 * anything. Exit codes: {@link ExitCode}.
 */
public final class StreamingRunner {
    /** Above Spark's own hook (40) and Hadoop's (10): queries must end while both still work. */
    private static final int STOP_PRIORITY = 100;

    private static final long STOP_SECONDS = 9;

    private StreamingRunner() {}

    public static void main(String[] args) {
        System.exit(run(args));
    }

    static int run(String... args) {
        List<String> arguments = List.of(args);
        boolean check = arguments.contains("--check");
        boolean plan = arguments.contains("--plan");
        List<String> locations = arguments.stream().filter(arg -> !arg.startsWith("--")).toList();
        if (locations.size() != 1 || arguments.size() != 1 + (check ? 1 : 0) + (plan ? 1 : 0) || check && plan) {
            System.err.println("usage: StreamingRunner [--check | --plan] <path or URI of the specification>");
            return ExitCode.USAGE;
        }
        Configuration conf = JobFiles.configuration();
        String location = locations.get(0);
        try {
            JobSpec spec = SpecParser.parse(JobFiles.read(location, conf));
            if (check) {
                return ExitCode.OK;
            }
            return plan ? plan(spec) : start(spec, conf);
        } catch (SpecException e) {
            System.err.println(location + ": " + e.findings().size() + " finding(s)");
            e.findings().forEach(finding -> System.err.println("  " + finding));
            return ExitCode.USAGE;
        } catch (FileNotFoundException e) {
            System.err.println(location + ": there is no such specification");
            return ExitCode.USAGE;
        } catch (OwnerLease.HeldException e) {
            System.err.println("not started: " + e.getMessage());
            return ExitCode.FENCED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.FAILED;
        } catch (Exception e) {
            // Not only the declared ones: Scala code throws checked exceptions undeclared.
            e.printStackTrace();
            return ExitCode.FAILED;
        }
    }

    private static int plan(JobSpec spec) throws SpecException, IOException {
        try (SparkSession spark = JobRun.session(spec)) {
            Outputs.plan(spark, spec).forEach(output -> {
                System.out.println("-- " + output.sink().name() + " -> " + output.sink().path());
                output.rows().printSchema();
            });
            return ExitCode.OK;
        }
    }

    private static int start(JobSpec spec, Configuration conf)
            throws IOException, InterruptedException, SpecException, OwnerLease.HeldException {
        JobFiles files = new JobFiles(spec.checkpoint(), conf);
        if (files.stopRequested()) {
            System.out.println("not started: the job is paused by " + files.stopMarker() + "; remove it to go on");
            return ExitCode.OK;
        }
        Duration term = Duration.ofSeconds(spec.leaseSeconds());
        try (OwnerLease lease =
                OwnerLease.acquire(spec.checkpoint(), spec.name(), term, conf, StreamingRunner::haltFenced)) {
            return run(spec, conf, lease);
        }
    }

    private static int run(JobSpec spec, Configuration conf, OwnerLease lease)
            throws SpecException, IOException, InterruptedException {
        try (SparkSession spark = JobRun.session(spec)) {
            JobRun run = new JobRun(spec, spark, conf, lease.epoch());
            Runnable onSignal = () -> {
                run.stop();
                release(lease);
            };
            ShutdownHookManager hooks = ShutdownHookManager.get();
            hooks.addShutdownHook(onSignal, STOP_PRIORITY, STOP_SECONDS, TimeUnit.SECONDS);
            try {
                return run.run();
            } finally {
                if (!hooks.isShutdownInProgress()) {
                    hooks.removeShutdownHook(onSignal);
                }
            }
        }
    }

    private static void release(OwnerLease lease) {
        try {
            lease.close();
        } catch (IOException e) {
            System.err.println("the job could not be released, the next instance waits for the term: " + e);
        }
    }

    /** Ends at once and without any clean-up: what this process would still do may collide with its successor. */
    private static void haltFenced(String why) {
        System.err.println("ending at once: " + why);
        Runtime.getRuntime().halt(ExitCode.FENCED);
    }
}
