// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.runner;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metalstream.jobs.ExitCode;
import io.metalstream.jobs.sink.Outputs;
import io.metalstream.jobs.spec.JobSpec;
import io.metalstream.jobs.spec.SpecException;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;

/** One run of a job from start to end: its queries live and die together. */
public final class JobRun {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration POLL = Duration.ofMillis(250);
    private static final Duration MARKER_POLL = Duration.ofSeconds(2);
    /** A worker kills a driver 10 s after it told it to end (spark.worker.driverTerminateTimeout). */
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(7);

    private final JobSpec spec;
    private final SparkSession spark;
    private final JobFiles files;
    private final long epoch;
    private final ProgressLog progress;
    private final List<StreamingQuery> queries = new ArrayList<>();
    private volatile boolean stopRequested;

    public JobRun(JobSpec spec, SparkSession spark, Configuration conf, long epoch) throws IOException {
        this.spec = spec;
        this.spark = spark;
        this.epoch = epoch;
        this.files = new JobFiles(spec.checkpoint(), conf);
        this.progress = new ProgressLog(files, spark.sparkContext().applicationId(), spec.progressEvery());
    }

    /** The settings of Spark that a job relies on, whatever the cluster's defaults are. */
    public static SparkSession session(JobSpec spec) {
        return SparkSession.builder()
                .appName(spec.name())
                // Days and minutes are those of UTC, on whatever machine the driver runs.
                .config("spark.sql.session.timeZone", "UTC")
                .config("spark.sql.shuffle.partitions", spec.shufflePartitions())
                // The standard type; Spark's default INT96 is deprecated and other readers do not know it.
                .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
                .getOrCreate();
    }

    /**
     * Runs until all input is done (controlled jobs without a trigger), a stop is asked for, or a query fails.
     *
     * @return the exit code of the process
     */
    public int run() throws SpecException, IOException, InterruptedException {
        List<Outputs.Output> outputs = Outputs.plan(spark, spec);
        spark.streams().addListener(progress);
        report("running", Optional.empty());
        try {
            for (Outputs.Output output : outputs) {
                queries.add(Outputs.start(spec, output));
            }
        } catch (TimeoutException e) {
            stopQueries();
            return failed("the queries did not start in time: " + e.getMessage());
        } catch (SpecException | RuntimeException e) {
            stopQueries();
            throw e;
        }
        return await();
    }

    /** Asks for a stop between batches and waits for it; for a shutdown hook. */
    public void stop() {
        stopRequested = true;
        stopQueries();
        progress.flush();
        report("stopped", Optional.empty());
    }

    private int await() throws InterruptedException {
        long nextMarkerCheck = 0;
        while (true) {
            Optional<StreamingQuery> broken = queries.stream().filter(q -> q.exception().isDefined()).findFirst();
            if (broken.isPresent()) {
                StreamingQueryException cause = broken.get().exception().get();
                stopQueries();
                return failed("query " + broken.get().name() + ": " + rootMessage(cause));
            }
            if (stopRequested) {
                return ExitCode.OK;
            }
            if (queries.stream().noneMatch(StreamingQuery::isActive)) {
                progress.flush();
                report("finished", Optional.empty());
                return ExitCode.OK;
            }
            if (System.nanoTime() >= nextMarkerCheck) {
                if (markerSeen()) {
                    stopQueries();
                    progress.flush();
                    report("stopped", Optional.empty());
                    return ExitCode.OK;
                }
                nextMarkerCheck = System.nanoTime() + MARKER_POLL.toNanos();
            }
            Thread.sleep(POLL.toMillis());
        }
    }

    private boolean markerSeen() {
        try {
            return files.stopRequested();
        } catch (IOException e) {
            System.err.println("cannot look for " + files.stopMarker() + ", going on: " + e);
            return false;
        }
    }

    /**
     * Ends the queries between batches where that comes soon. A batch that is cut off instead is no harm: it is not in the
     * commit log, so the next run does the same batch again and readers never see what it had written.
     */
    private synchronized void stopQueries() {
        long end = System.nanoTime() + STOP_PATIENCE.toNanos();
        List<StreamingQuery> left = new ArrayList<>(queries);
        while (!left.isEmpty()) {
            boolean late = System.nanoTime() > end;
            left.removeIf(query -> {
                if (query.isActive() && query.status().isTriggerActive() && !late) {
                    return false;
                }
                stopOne(query);
                return true;
            });
            try {
                Thread.sleep(left.isEmpty() ? 0 : 20);
            } catch (InterruptedException e) {
                left.forEach(this::stopOne);
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void stopOne(StreamingQuery query) {
        try {
            query.stop();
        } catch (TimeoutException | RuntimeException e) {
            System.err.println("query " + query.name() + " did not stop in time: " + e);
        }
    }

    private int failed(String message) {
        progress.flush();
        report("failed", Optional.of(message));
        return ExitCode.FAILED;
    }

    /** Says on standard output, and in _job.json, what the job as a whole is doing. */
    private void report(String state, Optional<String> error) {
        ObjectNode node = MAPPER.createObjectNode();
        node.put("event", state).put("time", Instant.now().toString()).put("job", spec.name());
        node.put("applicationId", spark.sparkContext().applicationId()).put("epoch", epoch);
        node.put("pid", ProcessHandle.current().pid());
        error.ifPresent(text -> node.put("error", text));
        try {
            node.put("host", InetAddress.getLocalHost().getHostName());
            System.out.println(node);
            node.remove("event");
            node.put("state", state);
            files.writeJob(node);
        } catch (IOException e) {
            System.err.println("the state \"" + state + "\" could not be written: " + e);
        }
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String text = String.valueOf(root.getMessage()).strip().lines().findFirst().orElse("");
        return root.getClass().getSimpleName() + ": " + text;
    }
}
