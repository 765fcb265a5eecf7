// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.spark.sql.types.StructType;

/**
 * A streaming job, checked and with every default filled in. Only {@link SpecParser} makes one, so what uses it need not
 * check again. The keys of the JSON form are described in jobs/README.md.
 *
 * @param schema columns of a record's value; fields declared NOT NULL are required of every record
 * @param shufflePartitions tasks of a shuffle; a checkpoint keeps the number of its first run
 * @param leaseSeconds how long an instance that has fallen silent still owns the job
 * @param progressEvery batches between two writes of a query's progress file
 */
public record JobSpec(
        String name,
        Mode mode,
        Source source,
        StructType schema,
        Optional<BadRecords> badRecords,
        List<Step> steps,
        List<Sink> sinks,
        String checkpoint,
        int shufflePartitions,
        int leaseSeconds,
        int progressEvery) {

    /** The view that steps and sinks read the parsed records from. */
    public static final String SOURCE_VIEW = "source";

    /** Columns every source adds to those of the schema; null where the source has no such thing. */
    public static final List<String> ORIGIN_COLUMNS =
            List.of("_topic", "_partition", "_offset", "_timestamp", "_file");

    /** The two kinds of stream: a known volume without a broker, or whatever comes through Kafka. */
    public enum Mode {
        CONTROLLED,
        VARIABLE
    }

    /** Where the records come from. */
    public sealed interface Source permits KafkaSource, FileSource {
        /** Whether a record's value is JSON text, which can be malformed. */
        boolean json();
    }

    /** Values of one Kafka topic, as JSON; {@code properties} are further settings of the consumer. */
    public record KafkaSource(
            String bootstrapServers,
            String topic,
            String startingOffsets,
            OptionalLong maxOffsetsPerTrigger,
            OptionalInt minPartitions,
            Map<String, String> properties)
            implements Source {
        @Override
        public boolean json() {
            return true;
        }
    }

    /** Files of one folder; a file must appear there complete (moved into it) and must not change. */
    public record FileSource(String path, String format, OptionalInt maxFilesPerTrigger) implements Source {
        @Override
        public boolean json() {
            return format.equals("json");
        }
    }

    /** Where records go that cannot be used, and the job's own reasons to refuse a well-formed one. */
    public record BadRecords(String path, List<Reject> reject) {}

    /** A record for which the SQL predicate {@code when} holds is refused for {@code reason}. */
    public record Reject(String reason, String when) {}

    /** A named query over earlier names; the watermark holds for whoever reads this step. */
    public record Step(String name, String sql, Optional<Watermark> watermark) {}

    /** Records more than {@code delay} older than the newest seen may be left out of windows. */
    public record Watermark(String column, String delay) {}

    /**
     * Files written from one step, as one streaming query with a checkpoint of its own.
     *
     * @param trigger time between batches; empty means "all there is, then end"
     * @param writers tasks that write a batch; absent means as many as read it
     */
    public record Sink(
            String name,
            String from,
            String format,
            String path,
            List<String> partitionBy,
            Optional<String> trigger,
            OptionalInt writers) {}
}
