// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.runner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;

/**
 * The small files a job keeps beside its queries' checkpoints, for people and commands that look at it from outside:
 * {@code _stop}, {@code _job.json} and {@code _progress/<query>.json}.
 */
public final class JobFiles {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private final Path checkpoint;
    private final FileContext files;

    public JobFiles(String checkpoint, Configuration conf) throws IOException {
        this.checkpoint = qualified(checkpoint, conf);
        this.files = FileContext.getFileContext(this.checkpoint.toUri(), conf);
    }

    /** Hadoop's settings: the class path's site files, then what Spark was given as spark.hadoop.*. */
    public static Configuration configuration() {
        Configuration conf = new Configuration();
        String prefix = "spark.hadoop.";
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith(prefix))
                .forEach(name -> conf.set(name.substring(prefix.length()), System.getProperty(name)));
        return conf;
    }

    public static Path qualified(String location, Configuration conf) throws IOException {
        Path path = new Path(location);
        FileSystem fs = path.getFileSystem(conf);
        return path.makeQualified(fs.getUri(), fs.getWorkingDirectory());
    }

    /** The whole of a text file. */
    public static String read(String location, Configuration conf) throws IOException {
        Path path = qualified(location, conf);
        try (FSDataInputStream in = path.getFileSystem(conf).open(path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Whether somebody asked the job to stop by making the file {@code _stop}. */
    public boolean stopRequested() throws IOException {
        return files.util().exists(stopMarker());
    }

    public Path stopMarker() {
        return new Path(checkpoint, "_stop");
    }

    public void writeJob(JsonNode state) throws IOException {
        write(new Path(checkpoint, "_job.json"), state);
    }

    public void writeProgress(String query, JsonNode progress) throws IOException {
        write(progressPath(query), progress);
    }

    /** What the last instance wrote of a query; empty where there is nothing that can be read. */
    public Optional<JsonNode> readProgress(String query) throws IOException {
        try (FSDataInputStream in = files.open(progressPath(query))) {
            return Optional.of(MAPPER.readTree((java.io.InputStream) in));
        } catch (FileNotFoundException | com.fasterxml.jackson.core.JsonProcessingException e) {
            return Optional.empty();
        }
    }

    private Path progressPath(String query) {
        return new Path(checkpoint, "_progress/" + query + ".json");
    }

    /** Written beside and moved over, so that a reader sees the old file or the new one and nothing between. */
    private void write(Path path, JsonNode content) throws IOException {
        Path draft = new Path(path.getParent(), "." + path.getName() + "." + UUID.randomUUID());
        try (OutputStream out = files.create(
                draft, EnumSet.of(CreateFlag.CREATE), Options.CreateOpts.createParent())) {
            out.write((content + "\n").getBytes(StandardCharsets.UTF_8));
        }
        files.rename(draft, path, Options.Rename.OVERWRITE);
    }
}
