// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.source;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.metalstream.jobs.spec.JobSpec;
import io.metalstream.jobs.spec.JobSpec.FileSource;
import io.metalstream.jobs.spec.JobSpec.KafkaSource;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamReader;
import org.apache.spark.sql.types.StructType;

/**
 * Opens a job's source as a stream. Whatever the source, the same columns say where a record came from
 * ({@link JobSpec#ORIGIN_COLUMNS}), so that the same steps run over a topic and over files.
 */
public final class Sources {
    private Sources() {}

    /** The records of the job, parsed and judged. */
    public static Records open(SparkSession spark, JobSpec spec) {
        if (spec.source() instanceof KafkaSource kafka) {
            return Records.ofJson(kafka(spark, kafka), spec);
        }
        FileSource files = (FileSource) spec.source();
        return switch (files.format()) {
            case "json" -> Records.ofJson(files(spark, files, "text", new StructType().add("value", "string")), spec);
            case "text" -> Records.ofColumns(files(spark, files, "text", new StructType().add("value", "string")), spec);
            default -> Records.ofColumns(files(spark, files, "parquet", spec.schema()), spec);
        };
    }

    private static Dataset<Row> kafka(SparkSession spark, KafkaSource kafka) {
        DataStreamReader reader = spark.readStream()
                .format("kafka")
                .option("kafka.bootstrap.servers", kafka.bootstrapServers())
                .option("subscribe", kafka.topic())
                .option("startingOffsets", kafka.startingOffsets())
                // Offsets that are gone mean lost records: the job must stop and say so, not go on in silence.
                .option("failOnDataLoss", true);
        kafka.properties().forEach((key, value) -> reader.option("kafka." + key, value));
        kafka.maxOffsetsPerTrigger().ifPresent(n -> reader.option("maxOffsetsPerTrigger", n));
        kafka.minPartitions().ifPresent(n -> reader.option("minPartitions", n));
        return reader.load().select(
                col("value"),
                col("topic").as("_topic"),
                col("partition").as("_partition"),
                col("offset").as("_offset"),
                col("timestamp").as("_timestamp"),
                lit(null).cast("string").as("_file"));
    }

    private static Dataset<Row> files(SparkSession spark, FileSource files, String format, StructType schema) {
        DataStreamReader reader = spark.readStream().format(format).schema(schema);
        files.maxFilesPerTrigger().ifPresent(n -> reader.option("maxFilesPerTrigger", n));
        Stream<Column> origin = Stream.of(
                lit(null).cast("string").as("_topic"),
                lit(null).cast("int").as("_partition"),
                lit(null).cast("bigint").as("_offset"),
                col("_metadata.file_modification_time").as("_timestamp"),
                col("_metadata.file_path").as("_file"));
        Stream<Column> columns = Stream.of(schema.fieldNames()).map(Records::column);
        return reader.load(files.path()).select(Stream.concat(columns, origin).toArray(Column[]::new));
    }
}
