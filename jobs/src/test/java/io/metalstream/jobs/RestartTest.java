// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process killed in the middle of its files, and one told to end: the next one finishes, nothing lost, nothing twice. */
class RestartTest {
    private static final int FILES = 8;
    private static final int LINES = 50;

    @TempDir
    Path folder;

    @Test
    void everyRecordIsThereOnceAfterAKillAndATermination() throws Exception {
        ObjectNode spec = Example.controlled(folder);
        spec.put("leaseSeconds", 3);
        for (int file = 0; file < FILES; file++) {
            StringBuilder lines = new StringBuilder();
            for (int line = 0; line < LINES; line++) {
                lines.append("{\"time\":\"2026-11-22T10:%02d:00Z\",\"service\":\"s\",\"message\":\"%d-%d\"}\n"
                        .formatted(file, file, line));
            }
            lines.append("not JSON ").append(file).append('\n');
            Files.writeString(folder.resolve("in/%02d.json".formatted(file)), lines);
        }
        String location = Example.write(folder, spec);

        Process first = startRunner(location);
        awaitCommits(first, 2);
        first.destroyForcibly().waitFor();

        int before = commits();
        Process second = startRunner(location);
        awaitCommits(second, before + 2);
        second.destroy();
        assertTrue(second.waitFor(30, TimeUnit.SECONDS), "did not end on SIGTERM");
        assertTrue(commits() < FILES, "the job was done before it could be stopped");
        assertTrue(Files.readString(folder.resolve("checkpoint/_job.json")).contains("\"state\":\"stopped\""));

        assertEquals(ExitCode.OK, StreamingRunner.run(location));
        assertOnce();
    }

    private void assertOnce() throws Exception {
        Set<String> expected = new HashSet<>();
        for (int file = 0; file < FILES; file++) {
            for (int line = 0; line < LINES; line++) {
                expected.add(file + "-" + line);
            }
        }
        try (SparkSession spark = SparkSession.builder().getOrCreate()) {
            List<String> found = spark.read().parquet(folder.resolve("events").toString())
                    .select("message").collectAsList().stream().map((Row row) -> row.getString(0)).toList();
            assertEquals(FILES * LINES, found.size());
            assertEquals(expected, new HashSet<>(found));
            assertEquals(FILES, spark.read().json(folder.resolve("bad").toString()).count());
        }
        org.apache.hadoop.fs.Path events = new org.apache.hadoop.fs.Path(folder.resolve("events").toUri());
        assertEquals(FILES * LINES, io.metalstream.jobs.counts.Tally.of(events, new Configuration()).rows());
        JsonNode progress = new ObjectMapper()
                .readTree(Files.readString(folder.resolve("checkpoint/_progress/events.json")));
        assertEquals(FILES - 1, progress.get("batchId").asInt(), progress.toString());
    }

    private Process startRunner(String location) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(System.getProperty("metalstream.test.jvmOptions").strip().split("\\s+")));
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("spark."))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        command.addAll(List.of("-cp", classPath, StreamingRunner.class.getName(), location));
        File log = folder.resolve("runner.log").toFile();
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                .start();
    }

    private void awaitCommits(Process process, int wanted) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (commits() < wanted) {
            String log = process.isAlive() ? "" : Files.readString(folder.resolve("runner.log"));
            assertTrue(process.isAlive() && System.nanoTime() < end, "only " + commits() + " batches: " + log);
            Thread.sleep(20);
        }
    }

    /** Batches of the events query that are committed. */
    private int commits() {
        String[] names = folder.resolve("checkpoint/events/commits").toFile().list((dir, name) -> name.matches("\\d+"));
        return names == null ? 0 : names.length;
    }
}
