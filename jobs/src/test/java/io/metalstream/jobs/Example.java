// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The shipped example, and its controlled twin over files of a test's own folder. */
final class Example {
    static final Path FILE = Path.of("examples/logs.json");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Example() {}

    static ObjectNode tree() throws IOException {
        return (ObjectNode) MAPPER.readTree(Files.readString(FILE));
    }

    /** Reads {@code folder/in}, one file a batch, and writes below {@code folder}. */
    static ObjectNode controlled(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("in"));
        ObjectNode spec = tree();
        spec.put("mode", "controlled").put("checkpoint", folder.resolve("checkpoint").toString());
        spec.putObject("source").putObject("files")
                .put("path", folder.resolve("in").toString())
                .put("format", "json")
                .put("maxFilesPerTrigger", 1);
        ((ObjectNode) spec.get("badRecords")).put("path", folder.resolve("bad").toString());
        spec.get("sinks").forEach(sink -> {
            ((ObjectNode) sink).remove("trigger");
            ((ObjectNode) sink).put("path", folder.resolve(sink.get("name").asText()).toString());
        });
        return spec;
    }

    static String write(Path folder, ObjectNode spec) throws IOException {
        return Files.writeString(folder.resolve("spec.json"), spec.toString()).toString();
    }

    /** Every line of the committed and uncommitted text files below a folder. */
    static String textBelow(Path folder, String suffix) throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(path -> path.toString().endsWith(suffix)).toList()) {
                all.append(Files.readString(file));
            }
        }
        return all.toString();
    }
}
