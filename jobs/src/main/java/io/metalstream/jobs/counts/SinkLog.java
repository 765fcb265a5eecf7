// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.counts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The commit log of Spark's file sink, {@code _spark_metadata}: which files count. A file that lies in the folder and is not
 * in the log is left from a batch that was cut off, and its rows are in another file.
 *
 * <p>Each batch has a file with its number. Every so often one, {@code <number>.compact}, repeats all there was before.
 */
final class SinkLog {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String COMPACT = ".compact";
    private static final String VERSION_LINE = "v1";

    private SinkLog() {}

    /**
     * @param folder what a file sink writes to
     * @return the committed files; empty when no batch was committed yet
     * @throws IOException also when the folder is no file sink's output
     */
    static Set<Path> files(FileSystem fs, Path folder) throws IOException {
        Path log = new Path(folder, "_spark_metadata");
        if (!fs.exists(log)) {
            throw new IOException(folder + " is not the output of a streaming job: it has no _spark_metadata");
        }
        List<String> names = Arrays.stream(fs.listStatus(log))
                .map(FileStatus::getPath)
                .map(Path::getName)
                .filter(name -> name.matches("\\d+(\\.compact)?"))
                .toList();
        OptionalLong compact =
                names.stream().filter(name -> name.endsWith(COMPACT)).mapToLong(SinkLog::batch).max();
        Stream<String> later = names.stream()
                .filter(name -> !name.endsWith(COMPACT))
                .filter(name -> compact.isEmpty() || batch(name) > compact.getAsLong())
                .sorted((a, b) -> Long.compare(batch(a), batch(b)));
        Stream<String> first = compact.isEmpty() ? Stream.empty() : Stream.of(compact.getAsLong() + COMPACT);
        List<String> order = new ArrayList<>();
        Stream.concat(first, later).forEach(order::add);
        Set<Path> files = new LinkedHashSet<>();
        for (String name : order) {
            apply(fs, new Path(log, name), files);
        }
        return files;
    }

    private static void apply(FileSystem fs, Path entry, Set<Path> files) throws IOException {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(fs.open(entry), StandardCharsets.UTF_8))) {
            String version = in.readLine();
            if (!VERSION_LINE.equals(version)) {
                throw new IOException(entry + ": found version " + version + ", this program reads " + VERSION_LINE);
            }
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                JsonNode file = MAPPER.readTree(line);
                // Spark writes URIs: a blank or a % of a partition's name is escaped a second time.
                Path path = new Path(java.net.URI.create(file.path("path").asText()));
                if (file.path("action").asText().equals("delete")) {
                    files.remove(path);
                } else {
                    files.add(path);
                }
            }
        }
    }

    private static long batch(String name) {
        return Long.parseLong(name.replace(COMPACT, ""));
    }
}
