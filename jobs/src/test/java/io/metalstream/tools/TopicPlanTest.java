// SPDX-License-Identifier: Apache-2.0
package io.metalstream.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metalstream.jobs.ExitCode;
import io.metalstream.tools.TopicPlan.Actual;
import io.metalstream.tools.TopicPlan.Plan;
import io.metalstream.tools.TopicPlan.Wanted;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TopicPlanTest {
    private static final Wanted LOGS = new Wanted("logs", 3, (short) 3, Map.of("retention.ms", "1000"));

    @Test
    void aTopicThatIsNotThereIsCreated() {
        assertTrue(TopicPlan.plan(LOGS, Optional.empty()).create());
    }

    @Test
    void aTopicAsWantedIsLeftAlone() {
        Map<String, String> configs = Map.of("retention.ms", "1000", "cleanup.policy", "delete");
        assertTrue(TopicPlan.plan(LOGS, Optional.of(new Actual(3, 3, configs))).nothingToDo());
    }

    @Test
    void partitionsAreAddedAndSettingsChanged() {
        Plan plan = TopicPlan.plan(LOGS, Optional.of(new Actual(2, 3, Map.of("retention.ms", "5"))));
        assertEquals(Optional.of(3), plan.addPartitionsTo());
        assertEquals(Map.of("retention.ms", "1000"), plan.setConfigs());
        assertEquals(List.of(), plan.mismatches());
    }

    @Test
    void fewerPartitionsAndAnotherReplicationFactorAreReported() {
        Plan plan = TopicPlan.plan(LOGS, Optional.of(new Actual(6, 2, Map.of("retention.ms", "1000"))));
        assertEquals(2, plan.mismatches().size());
        assertTrue(plan.nothingToDo());
    }

    @Test
    void wishesAreReadStrictly() throws Exception {
        assertEquals(
                List.of(LOGS),
                TopicWishes.parse("{\"topics\":[{\"name\":\"logs\",\"partitions\":3,\"replicationFactor\":3,"
                        + "\"configs\":{\"retention.ms\":1000}}]}"));
        Exception e = assertThrows(Arguments.UsageException.class, () -> TopicWishes.parse(
                "{\"topics\":[{\"name\":\"a b\",\"partitions\":0,\"replication\":3}]}"));
        assertEquals(4, e.getMessage().lines().count(), e.getMessage());
        assertThrows(Arguments.UsageException.class, () -> TopicWishes.parse("[]"));
        assertThrows(Arguments.UsageException.class, () -> TopicWishes.parse("{"));
    }

    @Test
    void theCommandLinesAreChecked() throws Exception {
        assertEquals(ExitCode.USAGE, KafkaTopics.run(List.of(), "", System.out));
        assertEquals(ExitCode.USAGE, KafkaTopics.run(List.of("ensure"), "{\"topics\":[]}", System.out));
        assertEquals(ExitCode.USAGE, KafkaGate.run(List.of("--role", "broker"), System.out));
        assertEquals(ExitCode.USAGE, gate("--bootstrap-server", "localhost:1", "--role", "broker", "--node", "1"));
        assertEquals(ExitCode.USAGE, gate("--bootstrap-controller", "localhost:1", "--role", "broker", "--node", "1", "--after"));
        assertEquals(ExitCode.USAGE, gate("--bootstrap-server", "localhost:1", "--role", "disk", "--node", "1", "--after"));
    }

    @Test
    void aClusterThatDoesNotAnswerIsNotOk() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<String> args = List.of("--bootstrap-server", "127.0.0.1:1", "--role", "broker", "--node", "1", "--after", "--timeout", "1");
        assertEquals(ExitCode.FAILED, KafkaGate.run(args, new PrintStream(out)));
        assertTrue(out.toString().startsWith("{\"ok\":false,\"role\":\"broker\",\"leader\":-1,\"reasons\":[\"the cluster"), out.toString());
    }

    private static int gate(String... args) throws Exception {
        return KafkaGate.run(List.of(args), System.out);
    }
}
