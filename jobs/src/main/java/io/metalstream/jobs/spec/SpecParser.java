// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.spec;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.metalstream.jobs.spec.JobSpec.BadRecords;
import io.metalstream.jobs.spec.JobSpec.FileSource;
import io.metalstream.jobs.spec.JobSpec.KafkaSource;
import io.metalstream.jobs.spec.JobSpec.Mode;
import io.metalstream.jobs.spec.JobSpec.Reject;
import io.metalstream.jobs.spec.JobSpec.Sink;
import io.metalstream.jobs.spec.JobSpec.Source;
import io.metalstream.jobs.spec.JobSpec.Step;
import io.metalstream.jobs.spec.JobSpec.Watermark;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.apache.spark.sql.types.StructType;

/** JSON text to {@link JobSpec}: shape of the document here, meaning across keys in {@link SpecRules}. */
public final class SpecParser {
    private static final int VERSION = 1;
    private static final String DEFAULT_TRIGGER = "10 seconds";
    private static final Pattern ANY = Pattern.compile("(?s).*\\S.*");
    private static final Pattern JOB_NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
    private static final Pattern VIEW_NAME = Pattern.compile("[a-z][a-z0-9_]{0,62}");
    private static final Pattern SINK_NAME = Pattern.compile("[a-z][a-z0-9_-]{0,62}");
    private static final Pattern LOCATION = Pattern.compile("([a-z][a-z0-9]*://\\S*)?/\\S+");
    private static final String LOCATION_WORDS = "an absolute path or URI such as hdfs://name/folder";
    private static final Pattern SERVERS = Pattern.compile("[^\\s,:]+:\\d+(,[^\\s,:]+:\\d+)*");
    private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9._-]{1,249}");
    private static final Pattern OFFSETS = Pattern.compile("earliest|latest|\\{.*\\}");
    private static final Pattern INTERVAL = Pattern.compile("[1-9]\\d* (millisecond|second|minute|hour|day)s?");
    private static final String INTERVAL_WORDS = "a number and a unit, such as \"10 seconds\"";

    private static final List<String> TOP_KEYS = List.of(
            "version", "name", "mode", "source", "schema", "badRecords", "steps", "sinks", "checkpoint",
            "shufflePartitions", "leaseSeconds", "progressEvery");
    private static final List<String> KAFKA_KEYS = List.of(
            "bootstrapServers", "topic", "startingOffsets", "maxOffsetsPerTrigger", "minPartitions", "properties");
    private static final List<String> SINK_KEYS =
            List.of("name", "from", "format", "path", "partitionBy", "trigger", "outputMode", "writers");

    private static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private SpecParser() {}

    /**
     * Reads and checks a specification.
     *
     * @throws SpecException with every finding, when there is any
     */
    public static JobSpec parse(String json) throws SpecException {
        Findings findings = new Findings();
        JobSpec spec = read(tree(json), findings);
        SpecRules.check(spec, findings);
        findings.throwIfAny();
        return spec;
    }

    private static JsonNode tree(String json) throws SpecException {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            String where = e.getLocation() == null
                    ? ""
                    : " at line " + e.getLocation().getLineNr() + " column " + e.getLocation().getColumnNr();
            throw new SpecException(List.of("(top level): not JSON" + where + ": " + e.getOriginalMessage()));
        }
    }

    private static JobSpec read(JsonNode tree, Findings findings) throws SpecException {
        ObjectReader top = new ObjectReader(tree, "", findings, TOP_KEYS);
        if (!tree.isObject()) {
            findings.throwIfAny();
        }
        if (top.number("version", 1, Integer.MAX_VALUE, 0) != VERSION) {
            top.finding("version", "this runner reads version " + VERSION + " and no other");
        }
        Mode mode = top.text("mode", Pattern.compile("controlled|variable"), "controlled or variable").equals("controlled")
                ? Mode.CONTROLLED
                : Mode.VARIABLE;
        return new JobSpec(
                top.text("name", JOB_NAME, "a lower-case name of letters, digits and -"),
                mode,
                source(top.object("source", List.of("kafka", "files"))),
                schema(top),
                badRecords(top),
                top.list("steps", List.of("name", "sql", "watermark"), (step, i) -> step(step)),
                top.list("sinks", SINK_KEYS, (sink, i) -> sink(sink, mode)),
                top.text("checkpoint", LOCATION, LOCATION_WORDS),
                top.number("shufflePartitions", 1, 10_000, 4),
                top.number("leaseSeconds", 3, 600, 30),
                top.number("progressEvery", 1, 100_000, 1));
    }

    private static Source source(ObjectReader source) {
        if (source.has("kafka") == source.has("files")) {
            source.finding("", "expected exactly one of kafka and files");
        }
        return source.has("files") ? files(source) : kafka(source);
    }

    private static Source kafka(ObjectReader source) {
        if (!source.has("kafka")) {
            return new KafkaSource("", "", "earliest", OptionalLong.empty(), OptionalInt.empty(), java.util.Map.of());
        }
        ObjectReader kafka = source.object("kafka", KAFKA_KEYS);
        return new KafkaSource(
                kafka.text("bootstrapServers", SERVERS, "host:port, or several with commas between"),
                kafka.text("topic", TOPIC, "one topic name of at most 249 letters, digits, '.', '_' and '-'"),
                kafka.optionalText("startingOffsets", OFFSETS, "earliest, latest, or offsets as JSON text")
                        .orElse("earliest"),
                kafka.optionalNumber("maxOffsetsPerTrigger", 1, Long.MAX_VALUE),
                toInt(kafka.optionalNumber("minPartitions", 1, 100_000)),
                kafka.textMap("properties"));
    }

    private static Source files(ObjectReader source) {
        ObjectReader files = source.object("files", List.of("path", "format", "maxFilesPerTrigger"));
        return new FileSource(
                files.text("path", LOCATION, LOCATION_WORDS),
                files.text("format", Pattern.compile("json|text|parquet"), "json, text or parquet"),
                toInt(files.optionalNumber("maxFilesPerTrigger", 1, Integer.MAX_VALUE)));
    }

    private static StructType schema(ObjectReader top) {
        Optional<String> ddl = top.optionalText("schema", ANY, "columns such as \"time TIMESTAMP NOT NULL, host STRING\"");
        try {
            return ddl.map(StructType::fromDDL).orElseGet(StructType::new);
        } catch (Exception e) {
            // Spark's ParseException is a checked one that Scala code throws undeclared.
            top.finding("schema", "not a list of columns as in CREATE TABLE: " + firstLine(e));
            return new StructType().add("unknown", "string");
        }
    }

    private static Optional<BadRecords> badRecords(ObjectReader top) {
        if (!top.has("badRecords")) {
            return Optional.empty();
        }
        ObjectReader bad = top.object("badRecords", List.of("path", "reject"));
        return Optional.of(new BadRecords(
                bad.text("path", LOCATION, LOCATION_WORDS),
                bad.list("reject", List.of("reason", "when"), (rule, i) -> new Reject(
                        rule.text("reason", ANY, "what to say of such a record"),
                        rule.text("when", ANY, "an SQL condition on the columns of the schema")))));
    }

    private static Step step(ObjectReader step) {
        Optional<Watermark> watermark = Optional.empty();
        if (step.has("watermark")) {
            ObjectReader w = step.object("watermark", List.of("column", "delay"));
            watermark = Optional.of(new Watermark(
                    w.text("column", ANY, "a TIMESTAMP column of this step"), w.text("delay", INTERVAL, INTERVAL_WORDS)));
        }
        return new Step(
                step.text("name", VIEW_NAME, "a lower-case name of letters, digits and _"),
                step.text("sql", ANY, "a SELECT over source or earlier steps"),
                watermark);
    }

    private static Sink sink(ObjectReader sink, Mode mode) {
        sink.optionalText("outputMode", Pattern.compile("append"),
                "append: a file cannot be changed once it is committed; for windows give the step before a short watermark");
        Optional<String> trigger = sink.optionalText("trigger", INTERVAL, INTERVAL_WORDS);
        return new Sink(
                sink.text("name", SINK_NAME, "a lower-case name of letters, digits, _ and -"),
                sink.text("from", VIEW_NAME, "source or the name of a step"),
                sink.optionalText("format", Pattern.compile("parquet|json"), "parquet or json").orElse("parquet"),
                sink.text("path", LOCATION, LOCATION_WORDS),
                sink.texts("partitionBy", ANY, "the name of a column"),
                mode == Mode.VARIABLE ? Optional.of(trigger.orElse(DEFAULT_TRIGGER)) : trigger,
                toInt(sink.optionalNumber("writers", 1, 10_000)));
    }

    private static OptionalInt toInt(OptionalLong value) {
        return value.isPresent() ? OptionalInt.of((int) value.getAsLong()) : OptionalInt.empty();
    }

    static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).strip().lines().findFirst().orElse(e.getClass().getSimpleName());
    }
}
