// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.counts;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metalstream.jobs.counts.ParquetRows.RowView;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Counts per minute, severity and service of what a job has committed, and whether any record is there twice.
 *
 * <p>The folder holds either events (a row for each record, with {@code time}, {@code severity}, {@code service} and where
 * it came from: {@code topic}, {@code partition}, {@code offset}) or counts ({@code minute}, {@code severity},
 * {@code service}, {@code count}).
 */
public final class Tally {
    private static final int READERS = 8;
    private static final long MICROS_A_MINUTE = 60_000_000L;
    private static final List<String> COLUMNS =
            List.of("time", "minute", "severity", "service", "count", "topic", "partition", "offset");

    /** One line of the result; the order is that of the printed table. */
    public record Key(Instant minute, String severity, String service) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byMinute = minute.compareTo(other.minute);
            int bySeverity = byMinute != 0 ? byMinute : severity.compareTo(other.severity);
            return bySeverity != 0 ? bySeverity : service.compareTo(other.service);
        }
    }

    private final TreeMap<Key, Long> counts = new TreeMap<>();
    private final Map<String, Offsets> offsets = new TreeMap<>();
    private long rows;
    private long rowsWithoutOffset;
    private int files;

    private Tally() {}

    /**
     * Reads all that is committed in {@code folder}: several files at a time, since a streaming job makes many small ones and
     * most of the time of each goes by in waiting for NameNode and DataNode.
     */
    public static Tally of(Path folder, Configuration conf) throws IOException {
        Set<Path> committed = SinkLog.files(folder.getFileSystem(conf), folder);
        ExecutorService readers = Executors.newFixedThreadPool(READERS);
        try {
            List<Future<Tally>> parts = new ArrayList<>();
            for (Path file : committed) {
                parts.add(readers.submit(() -> ofFile(file, conf)));
            }
            Tally tally = new Tally();
            for (Future<Tally> part : parts) {
                tally.add(part.get());
            }
            return tally;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptedIOException(e.getMessage());
        } finally {
            readers.shutdownNow();
        }
    }

    private static Tally ofFile(Path file, Configuration conf) throws IOException {
        Tally tally = new Tally();
        tally.files = 1;
        ParquetRows.read(file, conf, COLUMNS, tally::add);
        return tally;
    }

    private void add(Tally other) {
        files += other.files;
        rows += other.rows;
        rowsWithoutOffset += other.rowsWithoutOffset;
        other.counts.forEach((key, count) -> counts.merge(key, count, Long::sum));
        other.offsets.forEach((source, seen) ->
                offsets.computeIfAbsent(source, name -> new Offsets()).addAll(seen));
    }

    private void add(RowView row) {
        boolean counted = row.has("count");
        OptionalLong time = row.number(counted ? "minute" : "time");
        long minute = Math.floorDiv(time.orElse(0), MICROS_A_MINUTE) * (MICROS_A_MINUTE / 1_000_000);
        Key key = new Key(Instant.ofEpochSecond(minute), row.text("severity"), row.text("service"));
        rows++;
        counts.merge(key, counted ? row.number("count").orElse(0) : 1, Long::sum);
        OptionalLong offset = row.number("offset");
        if (counted) {
            return;
        }
        if (offset.isPresent()) {
            String source = row.text("topic") + "/" + row.number("partition").orElse(0);
            offsets.computeIfAbsent(source, name -> new Offsets()).add(offset.getAsLong());
        } else {
            rowsWithoutOffset++;
        }
    }

    public TreeMap<Key, Long> counts() {
        return counts;
    }

    public long rows() {
        return rows;
    }

    /** Different records by topic, partition and offset; empty where rows do not carry these. */
    public OptionalLong distinct() {
        return rowsWithoutOffset > 0 || offsets.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(offsets.values().stream().mapToLong(Offsets::distinct).sum());
    }

    /** @param minutes how many of the latest minutes to list */
    public ObjectNode toJson(int minutes) {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("files", files).put("rows", rows);
        node.put("counted", counts.values().stream().mapToLong(Long::longValue).sum());
        distinct().ifPresent(n -> node.put("distinct", n).put("duplicates", rows - n));
        ObjectNode sources = node.putObject("offsets");
        offsets.forEach((name, seen) -> sources.set(name, seen.toJson()));
        if (!counts.isEmpty()) {
            node.put("lastMinute", counts.lastKey().minute().toString());
        }
        ArrayNode list = node.putArray("counts");
        latest(minutes).forEach((key, count) -> list.addObject()
                .put("minute", key.minute().toString())
                .put("severity", key.severity())
                .put("service", key.service())
                .put("count", count));
        return node;
    }

    /** The counts of the latest minutes that have any. */
    public Map<Key, Long> latest(int minutes) {
        List<Instant> all = counts.keySet().stream().map(Key::minute).distinct().toList();
        if (all.size() <= minutes) {
            return counts;
        }
        return counts.tailMap(new Key(all.get(all.size() - minutes), "", ""), true);
    }

    /** The offsets of one partition. */
    private static final class Offsets {
        private long[] seen = new long[64];
        private int size;

        void addAll(Offsets other) {
            Arrays.stream(other.seen, 0, other.size).forEach(this::add);
        }

        void add(long offset) {
            if (size == seen.length) {
                seen = Arrays.copyOf(seen, size * 2);
            }
            seen[size++] = offset;
        }

        long distinct() {
            return Arrays.stream(seen, 0, size).distinct().count();
        }

        ObjectNode toJson() {
            long first = Arrays.stream(seen, 0, size).min().orElse(0);
            long last = Arrays.stream(seen, 0, size).max().orElse(0);
            ObjectNode node = new ObjectMapper().createObjectNode();
            // What is missing between is with the bad records, or was left out by the job's own SQL.
            return node.put("first", first).put("last", last).put("missing", last - first + 1 - distinct());
        }
    }
}
