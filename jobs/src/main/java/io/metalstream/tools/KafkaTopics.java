// SPDX-License-Identifier: Apache-2.0
package io.metalstream.tools;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metalstream.jobs.ExitCode;
import io.metalstream.tools.TopicPlan.Actual;
import io.metalstream.tools.TopicPlan.Plan;
import io.metalstream.tools.TopicPlan.Wanted;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * {@code KafkaTopics ensure}: makes topics as wanted, in one JVM for all of them. Reads the wishes from standard input
 * ({@link TopicWishes}) and prints a JSON line for each: created, altered, unchanged, mismatch or failed. Never deletes.
 * With {@code --dry-run} it says what it would do. Exit codes: 0 all as wanted; 1 some failed, or no cluster in time; 2 some
 * differ in what cannot be changed in place; 64 called wrongly.
 */
public final class KafkaTopics {
    private static final int MISMATCH = 2;
    private static final Duration RETRY = Duration.ofMillis(500);
    private static final String USAGE =
            "usage: KafkaTopics ensure --bootstrap-server host:port [--timeout seconds, 60] [--command-config file]"
                    + " [--dry-run] < topics.json";

    private final Admin admin;
    private final boolean dryRun;

    private KafkaTopics(Admin admin, boolean dryRun) {
        this.admin = admin;
        this.dryRun = dryRun;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        PrintStream out = System.out;
        System.setOut(System.err);
        System.exit(run(List.of(args), new String(System.in.readAllBytes(), StandardCharsets.UTF_8), out));
    }

    static int run(List<String> args, String input, PrintStream out) throws InterruptedException {
        try {
            if (args.isEmpty() || !args.get(0).equals("ensure")) {
                throw new Arguments.UsageException("expected the verb ensure");
            }
            Arguments arguments = new Arguments(
                    args.subList(1, args.size()),
                    List.of("--bootstrap-server", "--timeout", "--command-config"),
                    List.of("--dry-run"));
            Properties settings = arguments.clientSettings();
            settings.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, arguments.required("--bootstrap-server"));
            int seconds = arguments.number("--timeout", 1, 60);
            settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.min(seconds, 5) * 1000);
            settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Math.min(seconds, 5) * 1000);
            List<Wanted> wishes = TopicWishes.parse(input);
            return ensureAll(settings, wishes, arguments.flag("--dry-run"), seconds, out);
        } catch (Arguments.UsageException e) {
            System.err.println(e.getMessage() + "\n" + USAGE);
            return ExitCode.USAGE;
        }
    }

    private static int ensureAll(
            Properties settings, List<Wanted> wishes, boolean dryRun, int seconds, PrintStream out)
            throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        int code = ExitCode.OK;
        try (Admin admin = Admin.create(settings)) {
            KafkaTopics topics = new KafkaTopics(admin, dryRun);
            for (Wanted wanted : wishes) {
                ObjectNode line = topics.ensure(wanted, end);
                out.println(line);
                int one = switch (line.get("action").asText()) {
                    case "failed" -> ExitCode.FAILED;
                    case "mismatch" -> MISMATCH;
                    default -> ExitCode.OK;
                };
                code = code == ExitCode.FAILED || one == ExitCode.OK ? code : one;
            }
            return code;
        } catch (KafkaException e) {
            System.err.println("no Kafka client: " + (e.getCause() == null ? e : e.getCause()).getMessage());
            return ExitCode.FAILED;
        }
    }

    /** Tries again, until the time is over, what a cluster that is just starting or electing refuses for a moment. */
    private ObjectNode ensure(Wanted wanted, long end) throws InterruptedException {
        while (true) {
            try {
                Plan plan = TopicPlan.plan(wanted, find(wanted.name()));
                apply(wanted, plan);
                return line(wanted, plan);
            } catch (ExecutionException e) {
                boolean passing = e.getCause() instanceof RetriableException
                        || e.getCause() instanceof TopicExistsException
                        // Too few brokers yet, while a cluster comes up.
                        || e.getCause() instanceof org.apache.kafka.common.errors.InvalidReplicationFactorException;
                if (!passing || System.nanoTime() > end) {
                    ObjectNode line = new ObjectMapper().createObjectNode();
                    line.put("topic", wanted.name()).put("action", "failed");
                    return line.put("error", e.getCause().getClass().getSimpleName() + ": " + e.getCause().getMessage());
                }
                Thread.sleep(RETRY.toMillis());
            }
        }
    }

    private Optional<Actual> find(String topic) throws ExecutionException, InterruptedException {
        TopicDescription description;
        try {
            description = admin.describeTopics(Set.of(topic)).topicNameValues().get(topic).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                return Optional.empty();
            }
            throw e;
        }
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Map<String, String> configs = new HashMap<>();
        for (ConfigEntry entry : admin.describeConfigs(List.of(resource)).values().get(resource).get().entries()) {
            // A value that only happens to be the same by default is not yet the topic's own.
            if (entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG) {
                configs.put(entry.name(), entry.value());
            }
        }
        int replication = description.partitions().get(0).replicas().size();
        return Optional.of(new Actual(description.partitions().size(), replication, configs));
    }

    private void apply(Wanted wanted, Plan plan) throws ExecutionException, InterruptedException {
        if (dryRun) {
            return;
        }
        if (plan.create()) {
            NewTopic topic = new NewTopic(wanted.name(), wanted.partitions(), wanted.replicationFactor());
            admin.createTopics(List.of(topic.configs(wanted.configs()))).all().get();
        }
        if (plan.addPartitionsTo().isPresent()) {
            NewPartitions more = NewPartitions.increaseTo(plan.addPartitionsTo().get());
            admin.createPartitions(Map.of(wanted.name(), more)).all().get();
        }
        if (!plan.setConfigs().isEmpty()) {
            List<AlterConfigOp> changes = plan.setConfigs().entrySet().stream()
                    .map(entry -> new ConfigEntry(entry.getKey(), entry.getValue()))
                    .map(entry -> new AlterConfigOp(entry, AlterConfigOp.OpType.SET))
                    .toList();
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, wanted.name());
            admin.incrementalAlterConfigs(Map.of(resource, changes)).all().get();
        }
    }

    private ObjectNode line(Wanted wanted, Plan plan) {
        ObjectNode line = new ObjectMapper().createObjectNode();
        String action = plan.create() ? "created" : plan.nothingToDo() ? "unchanged" : "altered";
        line.put("topic", wanted.name()).put("action", plan.mismatches().isEmpty() ? action : "mismatch");
        plan.addPartitionsTo().ifPresent(count -> line.put("partitions", count));
        if (!plan.setConfigs().isEmpty()) {
            ObjectNode configs = line.putObject("configs");
            plan.setConfigs().forEach(configs::put);
        }
        if (!plan.mismatches().isEmpty()) {
            plan.mismatches().forEach(line.putArray("mismatches")::add);
        }
        return dryRun ? line.put("dryRun", true) : line;
    }
}
