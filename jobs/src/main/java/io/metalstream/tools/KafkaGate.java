// SPDX-License-Identifier: Apache-2.0
package io.metalstream.tools;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metalstream.jobs.ExitCode;
import io.metalstream.tools.GateDecision.Verdict;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;

/**
 * Waits until a Kafka node may be stopped ({@code --before}) or has come back ({@code --after}), asking again and again in
 * one JVM. Prints one line of JSON; exits 0 when so, 1 when not within the time, 64 when called wrongly. A cluster that was
 * never formed has no leader, so {@code --before} does not apply to it: that is for the caller to know.
 */
public final class KafkaGate {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final int CALL_SECONDS = 5;
    private static final int SHOWN_REASONS = 20;
    private static final String USAGE = "usage: KafkaGate (--bootstrap-server | --bootstrap-controller) host:port"
            + " --node N --role broker|controller (--before | --after) [--timeout seconds, 60]"
            + " [--fetch-timeout-ms controller.quorum.fetch.timeout.ms, 2000] [--command-config file]";

    /** One way to ask the question that was put on the command line. */
    private interface Question {
        Verdict ask(ClusterView view) throws ExecutionException, TimeoutException, InterruptedException;
    }

    private KafkaGate() {}

    public static void main(String[] args) throws InterruptedException {
        PrintStream out = System.out;
        // The caller reads one line of JSON: what libraries have to say goes elsewhere.
        System.setOut(System.err);
        System.exit(run(List.of(args), out));
    }

    static int run(List<String> args, PrintStream out) throws InterruptedException {
        try {
            Arguments arguments = new Arguments(
                    args,
                    List.of("--bootstrap-server", "--bootstrap-controller", "--node", "--role", "--timeout",
                            "--fetch-timeout-ms", "--command-config"),
                    List.of("--before", "--after"));
            String role = arguments.required("--role");
            Question question = question(arguments, role);
            Properties settings = settings(arguments, role);
            Duration limit = Duration.ofSeconds(arguments.number("--timeout", 0, 60));
            Verdict verdict = poll(settings, question, limit);
            out.println(json(verdict, role));
            return verdict.ok() ? ExitCode.OK : ExitCode.FAILED;
        } catch (Arguments.UsageException e) {
            System.err.println(e.getMessage() + "\n" + USAGE);
            return ExitCode.USAGE;
        }
    }

    private static Question question(Arguments arguments, String role) throws Arguments.UsageException {
        int node = arguments.number("--node", 0, -1);
        int fetchTimeoutMs = arguments.number("--fetch-timeout-ms", 1, 2000);
        boolean before = arguments.flag("--before");
        if (before == arguments.flag("--after")) {
            throw new Arguments.UsageException("expected exactly one of --before and --after");
        }
        return switch (role) {
            case "broker" -> view -> before
                    ? GateDecision.brokerBefore(node, view.brokers())
                    : GateDecision.brokerAfter(node, view.brokers());
            case "controller" -> view -> before
                    ? GateDecision.controllerBefore(node, view.quorum(fetchTimeoutMs))
                    : GateDecision.controllerAfter(node, view.quorum(fetchTimeoutMs));
            default -> throw new Arguments.UsageException("--role: found " + role + ", expected broker or controller");
        };
    }

    private static Properties settings(Arguments arguments, String role) throws Arguments.UsageException {
        boolean servers = arguments.flag("--bootstrap-server");
        if (servers == arguments.flag("--bootstrap-controller")) {
            throw new Arguments.UsageException("expected exactly one of --bootstrap-server and --bootstrap-controller");
        }
        if (role.equals("broker") && !servers) {
            throw new Arguments.UsageException("controllers do not tell of partitions: give --bootstrap-server");
        }
        Properties settings = arguments.clientSettings();
        settings.put(
                servers ? AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG : AdminClientConfig.BOOTSTRAP_CONTROLLERS_CONFIG,
                arguments.required(servers ? "--bootstrap-server" : "--bootstrap-controller"));
        settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, CALL_SECONDS * 1000);
        settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, CALL_SECONDS * 1000);
        // A node that restarts is back sooner than the default back-off of up to a second would notice.
        settings.put(AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 250);
        return settings;
    }

    private static Verdict poll(Properties settings, Question question, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        Verdict verdict;
        do {
            verdict = attempt(settings, question, end);
            if (!verdict.ok()) {
                Thread.sleep(Math.max(0, Math.min(POLL.toMillis(), (end - System.nanoTime()) / 1_000_000)));
            }
        } while (!verdict.ok() && System.nanoTime() < end);
        return verdict;
    }

    /** Asks until a question fails: a client that lost its cluster, or never found it, is made anew. */
    private static Verdict attempt(Properties settings, Question question, long end) throws InterruptedException {
        Admin admin;
        try {
            admin = Admin.create(settings);
        } catch (KafkaException e) {
            return unreachable(e);
        }
        try {
            ClusterView view = new ClusterView(admin, CALL_SECONDS);
            Verdict verdict = question.ask(view);
            while (!verdict.ok() && System.nanoTime() + POLL.toNanos() < end) {
                Thread.sleep(POLL.toMillis());
                verdict = question.ask(view);
            }
            return verdict;
        } catch (ExecutionException | TimeoutException e) {
            return unreachable(e.getCause() == null ? e : e.getCause());
        } finally {
            admin.close(Duration.ZERO);
        }
    }

    private static Verdict unreachable(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String text = root.getMessage() == null ? "no answer in " + CALL_SECONDS + " s" : root.getMessage();
        return new Verdict(false, -1, List.of("the cluster did not answer: " + text));
    }

    private static String json(Verdict verdict, String role) {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("ok", verdict.ok()).put("role", role).put("leader", verdict.leader());
        List<String> reasons = verdict.reasons();
        reasons.stream().limit(SHOWN_REASONS).forEach(node.putArray("reasons")::add);
        if (reasons.size() > SHOWN_REASONS) {
            node.put("moreReasons", reasons.size() - SHOWN_REASONS);
        }
        return node.toString();
    }
}
