// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.runner;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metalstream.jobs.sink.Outputs;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.streaming.SourceProgress;
import org.apache.spark.sql.streaming.StateOperatorProgress;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.apache.spark.sql.streaming.StreamingQueryProgress;

/** Says what each batch did: a JSON line on standard output, and a file that a status command reads without Spark. */
final class ProgressLog extends StreamingQueryListener {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private final JobFiles files;
    private final String applicationId;
    private final int every;
    private final Map<String, Totals> totals = new HashMap<>();
    private final Map<String, ObjectNode> latest = new HashMap<>();

    /** Sums over the life of the checkpoint. After a crash they may lack the last batches; the data never does. */
    private record Totals(long batches, long inputRows, long writtenRows, long lateRows, long lastBatchId) {
        Totals plus(long batchId, long input, long written, long late) {
            return new Totals(batches + 1, inputRows + input, writtenRows + written, lateRows + late, batchId);
        }

        ObjectNode toJson() {
            ObjectNode node = MAPPER.createObjectNode();
            node.put("batches", batches).put("inputRows", inputRows).put("writtenRows", writtenRows);
            return node.put("lateRows", lateRows);
        }
    }

    ProgressLog(JobFiles files, String applicationId, int every) {
        this.files = files;
        this.applicationId = applicationId;
        this.every = every;
    }

    @Override
    public void onQueryStarted(QueryStartedEvent event) {
        // The run itself reports what it starts and what ends.
    }

    @Override
    public void onQueryTerminated(QueryTerminatedEvent event) {
        // As above.
    }

    @Override
    public synchronized void onQueryProgress(QueryProgressEvent event) {
        StreamingQueryProgress progress = event.progress();
        Totals before = totals.computeIfAbsent(progress.name(), this::earlierTotals);
        if (progress.batchId() <= before.lastBatchId() && progress.numInputRows() == 0) {
            return;
        }
        ObjectNode batch = batch(progress);
        System.out.println(batch);
        Totals sum = before.plus(
                progress.batchId(), progress.numInputRows(), written(progress).orElse(0), late(progress));
        totals.put(progress.name(), sum);
        ObjectNode state = batch.deepCopy();
        state.remove("event");
        state.put("applicationId", applicationId);
        state.set("totals", sum.toJson());
        latest.put(progress.name(), state);
        if (sum.batches() % every == 0) {
            write(progress.name(), state);
        }
    }

    /** Writes the last state of every query; called when the job ends. */
    synchronized void flush() {
        latest.forEach(this::write);
    }

    private void write(String query, ObjectNode state) {
        try {
            files.writeProgress(query, state);
        } catch (IOException e) {
            System.err.println("the progress of " + query + " could not be written, going on without: " + e);
        }
    }

    private Totals earlierTotals(String query) {
        try {
            JsonNode state = files.readProgress(query).orElse(MAPPER.createObjectNode());
            JsonNode sums = state.path("totals");
            return new Totals(
                    sums.path("batches").asLong(), sums.path("inputRows").asLong(), sums.path("writtenRows").asLong(),
                    sums.path("lateRows").asLong(), state.path("batchId").asLong(-1));
        } catch (IOException e) {
            System.err.println("the earlier progress of " + query + " could not be read, counting from 0: " + e);
            return new Totals(0, 0, 0, 0, -1);
        }
    }

    private static ObjectNode batch(StreamingQueryProgress progress) {
        ObjectNode node = MAPPER.createObjectNode();
        node.put("event", "batch").put("time", progress.timestamp()).put("query", progress.name());
        node.put("batchId", progress.batchId()).put("inputRows", progress.numInputRows());
        node.put("inputRowsPerSecond", finite(progress.inputRowsPerSecond()));
        node.put("processedRowsPerSecond", finite(progress.processedRowsPerSecond()));
        node.put("batchMs", progress.batchDuration()).put("writtenRows", written(progress).orElse(0));
        node.put("lateRows", late(progress));
        if (progress.eventTime().containsKey("watermark")) {
            node.put("watermark", progress.eventTime().get("watermark"));
        }
        ArrayNode sources = node.putArray("offsets");
        OptionalLong lag = OptionalLong.empty();
        for (SourceProgress source : progress.sources()) {
            ObjectNode offsets = sources.addObject();
            offsets.set("start", json(source.startOffset()));
            offsets.set("end", json(source.endOffset()));
            OptionalLong behind = lag(json(source.latestOffset()), json(source.endOffset()));
            lag = behind.isPresent() ? OptionalLong.of(lag.orElse(0) + behind.getAsLong()) : lag;
        }
        lag.ifPresent(records -> node.put("lag", records));
        return node;
    }

    private static OptionalLong written(StreamingQueryProgress progress) {
        Row metric = progress.observedMetrics().get(Outputs.WRITTEN_METRIC);
        return metric == null || metric.isNullAt(0) ? OptionalLong.empty() : OptionalLong.of(metric.getLong(0));
    }

    private static long late(StreamingQueryProgress progress) {
        long late = 0;
        for (StateOperatorProgress operator : progress.stateOperators()) {
            late += operator.numRowsDroppedByWatermark();
        }
        return late;
    }

    /** Records that were in the topic and not in the batch; known for Kafka only. */
    private static OptionalLong lag(JsonNode latest, JsonNode end) {
        long sum = 0;
        boolean known = false;
        for (Map.Entry<String, JsonNode> topic : latest.properties()) {
            for (Map.Entry<String, JsonNode> part : topic.getValue().properties()) {
                known = true;
                sum += Math.max(0, part.getValue().asLong() - end.path(topic.getKey()).path(part.getKey()).asLong());
            }
        }
        return known ? OptionalLong.of(sum) : OptionalLong.empty();
    }

    private static JsonNode json(String text) {
        try {
            return text == null ? MAPPER.nullNode() : MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            return MAPPER.getNodeFactory().textNode(text);
        }
    }

    private static double finite(double value) {
        return Double.isFinite(value) ? Math.round(value * 10) / 10.0 : 0;
    }
}
