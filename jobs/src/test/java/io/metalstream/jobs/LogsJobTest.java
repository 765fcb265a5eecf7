// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped job over files: parsing, bad records, counts, stop marker, and what the SQL must not be. */
class LogsJobTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    Path folder;

    @Test
    void recordsAreParsedCountedOrSetAsideWithAReason() throws Exception {
        ObjectNode spec = Example.controlled(folder);
        Files.writeString(folder.resolve("in/1.json"), String.join("\n",
                "{\"time\":\"2026-11-22T10:00:01.25+01:00\",\"host\":\"m1\",\"service\":\"sshd\",\"severity\":\"info\",\"message\":\"a\"}",
                "{\"time\":\"2026-11-22T09:00:59Z\",\"host\":\"m1\",\"service\":\"sshd\",\"severity\":6,\"pid\":12,\"message\":\"b\"}",
                "{\"time\":\"2026-11-22T09:00:30Z\",\"host\":\"m2\",\"service\":\"a b/c%20d\",\"severity\":\"ERROR\"}",
                "{\"time\":\"2026-11-22T09:01:30Z\",\"service\":\"\"}",
                "this is not JSON",
                "[1, 2]",
                "{\"host\":\"m1\",\"message\":\"no time\"}",
                "{\"time\":\"yesterday\",\"host\":\"m1\"}",
                "{\"time\":\"2026-11-22T09:00:30Z\",\"host\":{\"a\":",
                "{\"time\":\"9999-01-01T00:00:00Z\",\"host\":\"m1\"}") + "\n");
        // Moves the watermark on, so that the windows before it are complete.
        Files.writeString(folder.resolve("in/2.json"), "{\"time\":\"2026-11-22T09:10:00Z\",\"service\":\"cron\",\"severity\":\"info\"}\n");
        assertEquals(ExitCode.OK, StreamingRunner.run(Example.write(folder, spec)));

        JsonNode events = counts("events");
        assertEquals(5, events.get("rows").asLong(), events.toString());
        assertEquals(2, count(events, "2026-11-22T09:00:00Z", "info", "sshd"));
        assertEquals(1, count(events, "2026-11-22T09:00:00Z", "err", "a b/c%20d"));
        assertEquals(1, count(events, "2026-11-22T09:01:00Z", "unknown", "unknown"));
        JsonNode windows = counts("counts");
        assertEquals(4, windows.get("counted").asLong(), windows.toString());
        assertEquals(2, count(windows, "2026-11-22T09:00:00Z", "info", "sshd"));

        List<String> bad = Example.textBelow(folder.resolve("bad"), ".json").lines().toList();
        assertEquals(6, bad.size(), bad.toString());
        assertReason(bad, "this is not JSON", "not JSON");
        assertReason(bad, "[1, 2]", "not a JSON object");
        assertReason(bad, "no time", "time: missing or null");
        assertReason(bad, "yesterday", "time: not of type TIMESTAMP: yesterday");
        assertReason(bad, "{\\\"a\\\":", "not JSON");
        assertReason(bad, "9999", "time is more than 10 minutes after");

        JsonNode progress = MAPPER.readTree(Files.readString(folder.resolve("checkpoint/_progress/_bad.json")));
        assertEquals(6, progress.get("totals").get("writtenRows").asLong(), progress.toString());
        assertEquals(11, progress.get("totals").get("inputRows").asLong(), progress.toString());
        JsonNode job = MAPPER.readTree(Files.readString(folder.resolve("checkpoint/_job.json")));
        assertEquals("finished", job.get("state").asText());
    }

    @Test
    void theStopMarkerEndsARunningJobAndKeepsItFromStarting() throws Exception {
        ObjectNode spec = Example.controlled(folder);
        spec.get("sinks").forEach(sink -> ((ObjectNode) sink).put("trigger", "1 second"));
        Files.writeString(folder.resolve("in/1.json"), "{\"time\":\"2026-11-22T10:00:00Z\"}\n");
        String location = Example.write(folder, spec);
        Path marker = folder.resolve("checkpoint/_stop");
        Thread stopper = new Thread(() -> {
            try {
                while (!Files.exists(folder.resolve("checkpoint/_progress/events.json"))) {
                    Thread.sleep(50);
                }
                Files.createFile(marker);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        stopper.start();
        assertEquals(ExitCode.OK, StreamingRunner.run(location));
        stopper.join();
        assertTrue(Files.readString(folder.resolve("checkpoint/_job.json")).contains("\"state\":\"stopped\""));
        assertEquals(1, counts("events").get("rows").asLong());
        assertEquals(ExitCode.OK, StreamingRunner.run(location));
    }

    @Test
    void whatSparkRefusesIsASpecificationMistakeAndNothingIsWritten() throws Exception {
        ObjectNode spec = Example.controlled(folder);
        ((ObjectNode) spec.get("steps").get(0)).put("sql", "SELECT tme FROM source");
        assertEquals(ExitCode.USAGE, StreamingRunner.run("--plan", Example.write(folder, spec)));
        assertEquals(ExitCode.USAGE, StreamingRunner.run(Example.write(folder, spec)));
        assertFalse(Files.exists(folder.resolve("events")));
    }

    @Test
    void aQueryThatFailsEndsTheJobWithAnError() throws Exception {
        ObjectNode spec = Example.controlled(folder);
        ((ObjectNode) spec.get("steps").get(1)).put("sql", "SELECT raise_error(host) AS minute, day FROM events");
        Files.writeString(folder.resolve("in/1.json"), "{\"time\":\"2026-11-22T10:00:00Z\",\"host\":\"boom\"}\n");
        assertEquals(ExitCode.FAILED, StreamingRunner.run(Example.write(folder, spec)));
        JsonNode job = MAPPER.readTree(Files.readString(folder.resolve("checkpoint/_job.json")));
        assertEquals("failed", job.get("state").asText());
        assertTrue(job.get("error").asText().contains("counts") && job.get("error").asText().contains("boom"), job.toString());
    }

    @Test
    void theCommandLineIsChecked() {
        assertEquals(ExitCode.USAGE, StreamingRunner.run());
        assertEquals(ExitCode.USAGE, StreamingRunner.run("a", "b"));
        assertEquals(ExitCode.USAGE, StreamingRunner.run("--chek", "a"));
        assertEquals(ExitCode.USAGE, StreamingRunner.run(folder.resolve("none.json").toString()));
        assertEquals(ExitCode.OK, StreamingRunner.run("--check", Example.FILE.toAbsolutePath().toString()));
        assertEquals(ExitCode.USAGE, Counts.run(List.of(), System.out));
        assertEquals(ExitCode.USAGE, Counts.run(List.of("a", "--minutes"), System.out));
        assertEquals(ExitCode.FAILED, Counts.run(List.of(folder.toString()), System.out));
    }

    private JsonNode counts(String name) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<String> args = List.of(folder.resolve(name).toString(), "--json");
        assertEquals(ExitCode.OK, Counts.run(args, new PrintStream(out, true, StandardCharsets.UTF_8)));
        return MAPPER.readTree(out.toString(StandardCharsets.UTF_8));
    }

    private static long count(JsonNode result, String minute, String severity, String service) {
        for (JsonNode line : result.get("counts")) {
            if (line.get("minute").asText().equals(minute)
                    && line.get("severity").asText().equals(severity)
                    && line.get("service").asText().equals(service)) {
                return line.get("count").asLong();
            }
        }
        return 0;
    }

    private static void assertReason(List<String> bad, String part, String reason) throws Exception {
        String line = bad.stream().filter(text -> text.contains(part)).findFirst().orElseThrow();
        assertTrue(MAPPER.readTree(line).get("reason").asText().startsWith(reason), line);
    }
}
