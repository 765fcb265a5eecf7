// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metalstream.jobs.spec.JobSpec;
import io.metalstream.jobs.spec.SpecException;
import io.metalstream.jobs.spec.SpecParser;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SpecParserTest {
    @Test
    void theShippedExampleIsRight() throws Exception {
        JobSpec spec = SpecParser.parse(Example.tree().toString());
        assertEquals("logs", spec.name());
        assertEquals(Optional.of("10 seconds"), spec.sinks().get(0).trigger());
        assertEquals(30, spec.leaseSeconds());
        assertEquals(List.of("day", "service"), spec.sinks().get(0).partitionBy());
    }

    @Test
    void aControlledJobEndsByItselfUnlessATriggerIsGiven() throws Exception {
        JobSpec spec = SpecParser.parse(Example.controlled(Path.of("target/spec-test").toAbsolutePath()).toString());
        assertEquals(Optional.empty(), spec.sinks().get(0).trigger());
    }

    @Test
    void everyFindingIsReportedAtOnce() throws Exception {
        ObjectNode spec = Example.tree();
        spec.put("version", 2).put("nam", "x").put("leaseSeconds", 1);
        ((ObjectNode) spec.get("steps").get(1)).put("sql", "SELEC 1");
        SpecException e = assertThrows(SpecException.class, () -> SpecParser.parse(spec.toString()));
        assertEquals(4, e.findings().size(), e.getMessage());
        assertTrue(e.findings().contains("nam: unknown key, did you mean \"name\"?"), e.getMessage());
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeIsNamedByItsPath(Consumer<ObjectNode> mistake, String finding) throws Exception {
        ObjectNode spec = Example.tree();
        mistake.accept(spec);
        SpecException e = assertThrows(SpecException.class, () -> SpecParser.parse(spec.toString()));
        assertEquals(1, e.findings().size(), e.getMessage());
        assertTrue(e.findings().get(0).startsWith(finding), e.getMessage());
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                mistake(s -> s.remove("name"), "name: missing"),
                mistake(s -> s.put("name", "Logs!"), "name: found \"Logs!\""),
                mistake(s -> s.put("mode", "batch"), "mode: found \"batch\""),
                mistake(s -> s.put("mode", "controlled"), "source.kafka: a controlled job reads files"),
                mistake(s -> s.remove("source"), "source: missing"),
                mistake(s -> s.putObject("source"), "source.: expected exactly one"),
                mistake(s -> at(s, "source", "kafka").put("topic", "a b"), "source.kafka.topic: found \"a b\""),
                mistake(s -> at(s, "source", "kafka").put("bootstrapServers", "w1"), "source.kafka.bootstrapServers"),
                mistake(s -> at(s, "source", "kafka").put("maxOffsetsPerTrigger", 0), "source.kafka.maxOffsetsPerTrigger"),
                mistake(s -> at(s, "source", "kafka").put("maxOffsetPerTrigger", 1),
                        "source.kafka.maxOffsetPerTrigger: unknown key, did you mean \"maxOffsetsPerTrigger\"?"),
                mistake(s -> at(s, "source", "kafka").putObject("properties").put("sasl.jaas.config", "x"),
                        "source.kafka.properties.sasl.jaas.config: a specification is not secret"),
                mistake(s -> s.put("schema", "time TIMESTAMPP"), "schema: not a list of columns"),
                mistake(s -> s.put("schema", "_time TIMESTAMP"), "schema: column _time"),
                mistake(s -> s.remove("schema"), "schema: expected the columns"),
                mistake(s -> s.remove("badRecords"), "badRecords: missing"),
                mistake(s -> ((ObjectNode) s.get("badRecords").get("reject").get(0)).put("when", "time >"),
                        "badRecords.reject[0].when: "),
                mistake(s -> item(s, "sinks", 1).put("name", "events"), "sinks[1].name: \"events\" is taken"),
                mistake(s -> item(s, "steps", 1).put("sql", "SELECT ("), "steps[1].sql: "),
                mistake(s -> at(item(s, "steps", 0), "watermark").put("delay", "soon"), "steps[0].watermark.delay"),
                mistake(s -> s.putArray("sinks"), "sinks: expected at least one"),
                mistake(s -> item(s, "sinks", 0).put("from", "event"), "sinks[0].from: no step \"event\""),
                mistake(s -> item(s, "sinks", 1).put("outputMode", "update"), "sinks[1].outputMode: found \"update\""),
                mistake(s -> item(s, "sinks", 1).put("path", "hdfs://metalstream/data/logs/events/x"),
                        "sinks[1].path: \"hdfs://metalstream/data/logs/events/x\" overlaps with sinks[0].path"),
                mistake(s -> item(s, "sinks", 0).put("path", "relative"), "sinks[0].path: found \"relative\""),
                mistake(s -> item(s, "sinks", 0).putArray("partitionBy").add(3), "sinks[0].partitionBy[0]: found 3"),
                mistake(s -> s.put("shufflePartitions", "4"), "shufflePartitions: found \"4\""));
    }

    @Test
    void textThatIsNotJsonIsSaidWithItsPlace() {
        SpecException e = assertThrows(SpecException.class, () -> SpecParser.parse("{\n  \"a\": }"));
        assertTrue(e.getMessage().startsWith("(top level): not JSON at line 2"), e.getMessage());
        assertThrows(SpecException.class, () -> SpecParser.parse("[]"));
        assertThrows(SpecException.class, () -> SpecParser.parse(""));
        assertThrows(SpecException.class, () -> SpecParser.parse("{\"version\":1,\"version\":1}"));
    }

    private static Arguments mistake(Consumer<ObjectNode> mistake, String finding) {
        return Arguments.of(mistake, finding);
    }

    private static ObjectNode at(ObjectNode node, String... keys) {
        ObjectNode at = node;
        for (String key : keys) {
            at = (ObjectNode) at.get(key);
        }
        return at;
    }

    private static ObjectNode item(ObjectNode node, String key, int index) {
        return (ObjectNode) node.get(key).get(index);
    }
}
