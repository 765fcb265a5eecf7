// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/**
 * Reads one JSON object strictly: a key that is not known is a finding, as is a missing or mistyped one. Reading goes on
 * with a harmless stand-in, so that later mistakes are found in the same run.
 */
final class ObjectReader {
    private final JsonNode node;
    private final String path;
    private final Findings findings;

    /** @param keys every key the object may have */
    ObjectReader(JsonNode node, String path, Findings findings, List<String> keys) {
        this.node = node;
        this.path = path;
        this.findings = findings;
        if (!node.isObject()) {
            findings.add(path, "found " + kind(node) + ", expected an object with " + String.join(", ", keys));
            return;
        }
        node.fieldNames().forEachRemaining(key -> {
            if (!keys.contains(key)) {
                findings.add(at(key), "unknown key" + suggestion(key, keys));
            }
        });
    }

    String at(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    boolean has(String key) {
        return node.hasNonNull(key);
    }

    void finding(String key, String message) {
        findings.add(at(key), message);
    }

    /** A required text that matches a pattern; {@code expected} says in words what the pattern asks for. */
    String text(String key, Pattern pattern, String expected) {
        return optionalText(key, pattern, expected).orElseGet(() -> {
            if (!has(key)) {
                finding(key, "missing, expected " + expected);
            }
            return "";
        });
    }

    Optional<String> optionalText(String key, Pattern pattern, String expected) {
        if (!has(key)) {
            return Optional.empty();
        }
        JsonNode value = node.get(key);
        if (!value.isTextual()) {
            finding(key, "found " + kind(value) + ", expected " + expected);
            return Optional.empty();
        }
        if (!pattern.matcher(value.textValue()).matches()) {
            finding(key, "found \"" + value.textValue() + "\", expected " + expected);
            return Optional.empty();
        }
        return Optional.of(value.textValue());
    }

    OptionalLong optionalNumber(String key, long min, long max) {
        if (!has(key)) {
            return OptionalLong.empty();
        }
        JsonNode value = node.get(key);
        if (!value.canConvertToExactIntegral() || value.longValue() < min || value.longValue() > max) {
            finding(key, "found " + value + ", expected a whole number from " + min + " to " + max);
            return OptionalLong.empty();
        }
        return OptionalLong.of(value.longValue());
    }

    int number(String key, int min, int max, int otherwise) {
        return (int) optionalNumber(key, min, max).orElse(otherwise);
    }

    /** An object at {@code key}; an empty one, and a finding, where there is none. */
    ObjectReader object(String key, List<String> keys) {
        if (!has(key)) {
            finding(key, "missing, expected an object with " + String.join(", ", keys));
            return new ObjectReader(JsonNodeFactory.instance.objectNode(), at(key), new Findings(), keys);
        }
        return new ObjectReader(node.get(key), at(key), findings, keys);
    }

    /** A list of objects; absent means empty. */
    <T> List<T> list(String key, List<String> keys, BiFunction<ObjectReader, Integer, T> each) {
        List<T> result = new ArrayList<>();
        for (JsonNode item : items(key)) {
            String itemPath = at(key) + "[" + result.size() + "]";
            result.add(each.apply(new ObjectReader(item, itemPath, findings, keys), result.size()));
        }
        return List.copyOf(result);
    }

    /** A list of texts; absent means empty. */
    List<String> texts(String key, Pattern pattern, String expected) {
        List<String> result = new ArrayList<>();
        for (JsonNode item : items(key)) {
            if (item.isTextual() && pattern.matcher(item.textValue()).matches()) {
                result.add(item.textValue());
            } else {
                finding(key + "[" + result.size() + "]", "found " + item + ", expected " + expected);
                result.add("");
            }
        }
        return List.copyOf(result);
    }

    /** An object of any keys with text values; absent means empty. */
    Map<String, String> textMap(String key) {
        Map<String, String> result = new TreeMap<>();
        if (has(key) && !node.get(key).isObject()) {
            finding(key, "found " + kind(node.get(key)) + ", expected an object of texts");
        } else if (has(key)) {
            node.get(key).properties().forEach(entry -> {
                if (entry.getValue().isValueNode() && !entry.getValue().isNull()) {
                    result.put(entry.getKey(), entry.getValue().asText());
                } else {
                    finding(key + "." + entry.getKey(), "found " + kind(entry.getValue()) + ", expected a text");
                }
            });
        }
        return result;
    }

    private Iterable<JsonNode> items(String key) {
        if (!has(key)) {
            return List.of();
        }
        if (!node.get(key).isArray()) {
            finding(key, "found " + kind(node.get(key)) + ", expected a list");
            return List.of();
        }
        return node.get(key);
    }

    private static String kind(JsonNode node) {
        return node.isMissingNode() ? "nothing" : node.isTextual() ? "a text" : node.getNodeType().name().toLowerCase();
    }

    private static String suggestion(String key, List<String> keys) {
        return keys.stream()
                .filter(known -> distance(key.toLowerCase(), known.toLowerCase()) <= Math.max(1, known.length() / 3))
                .findFirst()
                .map(known -> ", did you mean \"" + known + "\"?")
                .orElse(", expected one of " + String.join(", ", keys));
    }

    /** Levenshtein distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replace, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
