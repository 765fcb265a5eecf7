// SPDX-License-Identifier: Apache-2.0
package io.metalstream.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.metalstream.tools.Arguments.UsageException;
import io.metalstream.tools.TopicPlan.Wanted;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Reads {@code {"topics": [{"name", "partitions", "replicationFactor", "configs": {…}}]}}, strictly. */
final class TopicWishes {
    private static final Set<String> KEYS = Set.of("name", "partitions", "replicationFactor", "configs");

    private TopicWishes() {}

    /** @throws UsageException with all that is wrong, one line each */
    static List<Wanted> parse(String json) throws UsageException {
        JsonNode tree;
        try {
            tree = new ObjectMapper().readTree(json);
        } catch (JsonProcessingException e) {
            throw new UsageException("standard input is not JSON: " + e.getOriginalMessage());
        }
        if (!tree.path("topics").isArray() || tree.size() != 1) {
            throw new UsageException("standard input: expected an object with the one key \"topics\", a list");
        }
        List<String> findings = new ArrayList<>();
        List<Wanted> wishes = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (JsonNode topic : tree.get("topics")) {
            String at = "topics[" + wishes.size() + "]";
            Wanted wish = wish(topic, at, findings);
            if (!names.add(wish.name())) {
                findings.add(at + ".name: \"" + wish.name() + "\" is given twice");
            }
            wishes.add(wish);
        }
        if (!findings.isEmpty()) {
            throw new UsageException(String.join("\n", findings));
        }
        return wishes;
    }

    private static Wanted wish(JsonNode topic, String at, List<String> findings) {
        topic.fieldNames().forEachRemaining(key -> {
            if (!KEYS.contains(key)) {
                findings.add(at + "." + key + ": unknown key, expected name, partitions, replicationFactor, configs");
            }
        });
        String name = topic.path("name").asText();
        if (!name.matches("[a-zA-Z0-9._-]{1,249}") || name.equals(".") || name.equals("..")) {
            findings.add(at + ".name: expected 1 to 249 letters, digits, '.', '_' and '-', found " + topic.get("name"));
        }
        Map<String, String> configs = new TreeMap<>();
        topic.path("configs").properties().forEach(entry -> configs.put(entry.getKey(), entry.getValue().asText()));
        return new Wanted(
                name,
                number(topic, "partitions", Integer.MAX_VALUE, at, findings),
                (short) number(topic, "replicationFactor", Short.MAX_VALUE, at, findings),
                configs);
    }

    private static int number(JsonNode topic, String key, int max, String at, List<String> findings) {
        JsonNode value = topic.path(key);
        if (!value.isInt() || value.intValue() < 1 || value.intValue() > max) {
            findings.add(at + "." + key + ": expected a whole number from 1 to " + max + ", found " + topic.get(key));
            return 1;
        }
        return value.intValue();
    }
}
