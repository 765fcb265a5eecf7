// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.sink;

import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;

import io.metalstream.jobs.source.Records;
import io.metalstream.jobs.source.Sources;
import io.metalstream.jobs.spec.JobSpec;
import io.metalstream.jobs.spec.JobSpec.Sink;
import io.metalstream.jobs.spec.JobSpec.Step;
import io.metalstream.jobs.spec.SpecException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;

/** Turns a job into its streaming queries: one for each sink, and one for the bad records. */
public final class Outputs {
    /** The query that writes the bad records; no sink can have this name. */
    public static final String BAD_RECORDS_QUERY = "_bad";

    /** The metric that counts what a query hands to its sink. */
    public static final String WRITTEN_METRIC = "written";

    /** A query ready to start. */
    public record Output(Sink sink, Dataset<Row> rows) {}

    private Outputs() {}

    /**
     * Builds every query without starting any, so that a mistake in the SQL is found before anything is written.
     *
     * @throws SpecException when Spark refuses a step, a rule for bad records or a sink
     */
    public static List<Output> plan(SparkSession spark, JobSpec spec) throws SpecException {
        Records records = judged(spark, spec);
        List<String> findings = new ArrayList<>();
        Map<String, Dataset<Row>> views = views(spark, spec, records, findings);
        List<Output> outputs = new ArrayList<>();
        for (int i = 0; i < spec.sinks().size(); i++) {
            Sink sink = spec.sinks().get(i);
            Dataset<Row> rows = views.get(sink.from());
            if (rows == null) {
                continue;
            }
            List<String> columns = Arrays.asList(rows.columns());
            for (int k = 0; k < sink.partitionBy().size(); k++) {
                if (!columns.contains(sink.partitionBy().get(k))) {
                    findings.add("sinks[%d].partitionBy[%d]: no column \"%s\" in \"%s\"; it has %s"
                            .formatted(i, k, sink.partitionBy().get(k), sink.from(), String.join(", ", columns)));
                }
            }
            outputs.add(new Output(sink, rows));
        }
        if (!findings.isEmpty()) {
            throw new SpecException(findings);
        }
        spec.badRecords().ifPresent(bad -> outputs.add(new Output(badSink(spec, bad.path()), records.bad())));
        return outputs;
    }

    private static Records judged(SparkSession spark, JobSpec spec) throws SpecException {
        try {
            Records records = Sources.open(spark, spec);
            records.good();
            return records;
        } catch (Exception e) {
            // Spark's AnalysisException is a checked one that Scala code throws undeclared.
            throw new SpecException(List.of("source or badRecords.reject: " + firstLine(e)));
        }
    }

    private static Map<String, Dataset<Row>> views(
            SparkSession spark, JobSpec spec, Records records, List<String> findings) {
        Map<String, Dataset<Row>> views = new LinkedHashMap<>();
        views.put(JobSpec.SOURCE_VIEW, records.good());
        records.good().createOrReplaceTempView(JobSpec.SOURCE_VIEW);
        for (int i = 0; i < spec.steps().size(); i++) {
            Step step = spec.steps().get(i);
            String key = "sql";
            try {
                Dataset<Row> rows = spark.sql(step.sql());
                if (step.watermark().isPresent()) {
                    key = "watermark";
                    JobSpec.Watermark watermark = step.watermark().get();
                    rows = rows.withWatermark(watermark.column(), watermark.delay());
                }
                rows.createOrReplaceTempView(step.name());
                views.put(step.name(), rows);
            } catch (Exception e) {
                // Later steps may only fail because this one is not there, so the first mistake is reported alone.
                findings.add("steps[" + i + "]." + key + ": " + firstLine(e));
                return views;
            }
        }
        return views;
    }

    /** Starts one query; its checkpoint is a folder of its own below that of the job. */
    public static StreamingQuery start(JobSpec spec, Output output) throws TimeoutException, SpecException {
        Sink sink = output.sink();
        Dataset<Row> counted = spread(output).observe(WRITTEN_METRIC, count(lit(1)).as("rows"));
        DataStreamWriter<Row> writer = counted.writeStream()
                .queryName(sink.name())
                .format(sink.format())
                .option("path", sink.path())
                .option("checkpointLocation", spec.checkpoint() + "/" + sink.name())
                .partitionBy(sink.partitionBy().toArray(String[]::new))
                .outputMode("append")
                .trigger(sink.trigger().map(Trigger::ProcessingTime).orElseGet(Trigger::AvailableNow));
        try {
            return writer.start();
        } catch (Exception e) {
            if (e instanceof AnalysisException) {
                throw new SpecException(List.of("sinks \"" + sink.name() + "\": " + firstLine(e)));
            }
            throw e;
        }
    }

    private static Dataset<Row> spread(Output output) {
        if (output.sink().writers().isEmpty()) {
            return output.rows();
        }
        Column[] by = output.sink().partitionBy().stream()
                .map(name -> output.rows().col(name))
                .toArray(Column[]::new);
        int writers = output.sink().writers().getAsInt();
        return by.length == 0 ? output.rows().repartition(writers) : output.rows().repartition(writers, by);
    }

    private static Sink badSink(JobSpec spec, String path) {
        Optional<String> trigger = spec.sinks().get(0).trigger();
        return new Sink(
                BAD_RECORDS_QUERY, JobSpec.SOURCE_VIEW, "json", path, List.of(), trigger, OptionalInt.of(1));
    }

    private static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).strip().lines().findFirst().orElse(e.getClass().getSimpleName());
    }
}
