// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.spec;

import io.metalstream.jobs.spec.JobSpec.FileSource;
import io.metalstream.jobs.spec.JobSpec.KafkaSource;
import io.metalstream.jobs.spec.JobSpec.Mode;
import io.metalstream.jobs.spec.JobSpec.Sink;
import io.metalstream.jobs.spec.JobSpec.Step;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.parser.CatalystSqlParser;

/** What must hold between the keys of a specification. */
final class SpecRules {
    private SpecRules() {}

    static void check(JobSpec spec, Findings findings) {
        source(spec, findings);
        schema(spec, findings);
        steps(spec, findings);
        sinks(spec, findings);
        rejections(spec, findings);
        locations(spec, findings);
    }

    private static void source(JobSpec spec, Findings findings) {
        if (spec.mode() == Mode.CONTROLLED && spec.source() instanceof KafkaSource kafka && !kafka.topic().isEmpty()) {
            findings.add("source.kafka", "a controlled job reads files; for a topic set mode to variable");
        }
        if (spec.mode() == Mode.VARIABLE && spec.source() instanceof FileSource) {
            findings.add("source.files", "a variable job reads a Kafka topic; for files set mode to controlled");
        }
        if (spec.source() instanceof KafkaSource kafka) {
            for (String key : kafka.properties().keySet()) {
                if (key.contains("password") || key.equals("sasl.jaas.config")) {
                    findings.add("source.kafka.properties." + key, "a specification is not secret: give the name of a "
                            + "login entry in the JVM's own configuration (java.security.auth.login.config) instead");
                }
            }
        }
    }

    private static void schema(JobSpec spec, Findings findings) {
        boolean text = spec.source() instanceof FileSource files && files.format().equals("text");
        if (text && spec.schema().length() > 0) {
            findings.add("schema", "text files have the one column value: leave schema out");
        }
        if (!text && spec.schema().length() == 0) {
            findings.add("schema", "expected the columns of a record, such as \"time TIMESTAMP NOT NULL, host STRING\"");
        }
        for (String name : spec.schema().fieldNames()) {
            if (name.startsWith("_")) {
                findings.add("schema", "column " + name + ": names that start with _ are the runner's own");
            }
        }
        if (spec.source().json() && spec.badRecords().isEmpty()) {
            findings.add("badRecords", "missing: JSON can be malformed, so say where such records go, as {\"path\": …}");
        }
    }

    private static void steps(JobSpec spec, Findings findings) {
        Set<String> names = new HashSet<>(Set.of(JobSpec.SOURCE_VIEW));
        for (int i = 0; i < spec.steps().size(); i++) {
            Step step = spec.steps().get(i);
            String at = "steps[" + i + "]";
            if (!names.add(step.name())) {
                findings.add(at + ".name", "\"" + step.name() + "\" is taken already");
            }
            syntax(at + ".sql", step.sql(), false, findings);
        }
    }

    private static void sinks(JobSpec spec, Findings findings) {
        if (spec.sinks().isEmpty()) {
            findings.add("sinks", "expected at least one");
        }
        Set<String> known = new HashSet<>(Set.of(JobSpec.SOURCE_VIEW));
        spec.steps().forEach(step -> known.add(step.name()));
        Set<String> names = new HashSet<>();
        for (int i = 0; i < spec.sinks().size(); i++) {
            Sink sink = spec.sinks().get(i);
            String at = "sinks[" + i + "]";
            if (!sink.name().isEmpty() && !names.add(sink.name())) {
                findings.add(at + ".name", "\"" + sink.name() + "\" is taken already");
            }
            if (!sink.from().isEmpty() && !known.contains(sink.from())) {
                findings.add(at + ".from", "no step \"" + sink.from() + "\"; there are " + String.join(", ", known));
            }
        }
    }

    private static void rejections(JobSpec spec, Findings findings) {
        spec.badRecords().ifPresent(bad -> {
            for (int i = 0; i < bad.reject().size(); i++) {
                syntax("badRecords.reject[" + i + "].when", bad.reject().get(i).when(), true, findings);
            }
        });
    }

    /** Output folders and the checkpoint each belong to one writer: none may be or lie in another. */
    private static void locations(JobSpec spec, Findings findings) {
        Map<String, String> places = new LinkedHashMap<>();
        places.put("checkpoint", spec.checkpoint());
        spec.badRecords().ifPresent(bad -> places.put("badRecords.path", bad.path()));
        for (int i = 0; i < spec.sinks().size(); i++) {
            places.put("sinks[" + i + "].path", spec.sinks().get(i).path());
        }
        if (spec.source() instanceof FileSource files) {
            places.put("source.files.path", files.path());
        }
        List<String> keys = List.copyOf(places.keySet());
        for (int i = 0; i < keys.size(); i++) {
            for (String earlier : keys.subList(0, i)) {
                if (overlap(places.get(keys.get(i)), places.get(earlier))) {
                    findings.add(keys.get(i), "\"" + places.get(keys.get(i)) + "\" overlaps with " + earlier);
                }
            }
        }
    }

    private static boolean overlap(String a, String b) {
        if (a.isEmpty() || b.isEmpty()) {
            return false;
        }
        String x = a.replaceAll("/*$", "/");
        String y = b.replaceAll("/*$", "/");
        return x.startsWith(y) || y.startsWith(x);
    }

    private static void syntax(String at, String sql, boolean condition, Findings findings) {
        if (sql.isEmpty()) {
            return;
        }
        try {
            if (condition) {
                new CatalystSqlParser().parseExpression(sql);
            } else {
                new CatalystSqlParser().parseQuery(sql);
            }
        } catch (Exception e) {
            findings.add(at, SpecParser.firstLine(e));
        }
    }
}
