// SPDX-License-Identifier: Apache-2.0
package io.metalstream.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What must be done so that a topic is as wanted: a pure function of the wish and of what is there. */
final class TopicPlan {
    /** @param configs settings the topic must have; others are left as they are */
    record Wanted(String name, int partitions, short replicationFactor, Map<String, String> configs) {}

    /** @param configs the settings made for this topic, without the defaults it inherits */
    record Actual(int partitions, int replicationFactor, Map<String, String> configs) {}

    /**
     * @param addPartitionsTo new number of partitions, when there must be more
     * @param setConfigs settings to change
     * @param mismatches what cannot be changed in place
     */
    record Plan(
            boolean create, Optional<Integer> addPartitionsTo, Map<String, String> setConfigs, List<String> mismatches) {
        boolean nothingToDo() {
            return !create && addPartitionsTo.isEmpty() && setConfigs.isEmpty();
        }
    }

    private TopicPlan() {}

    static Plan plan(Wanted wanted, Optional<Actual> found) {
        if (found.isEmpty()) {
            return new Plan(true, Optional.empty(), Map.of(), List.of());
        }
        Actual actual = found.get();
        List<String> mismatches = new ArrayList<>();
        if (wanted.partitions() < actual.partitions()) {
            mismatches.add("has " + actual.partitions() + " partitions, " + wanted.partitions()
                    + " wanted: partitions cannot be taken away without losing records");
        }
        if (wanted.replicationFactor() != actual.replicationFactor()) {
            mismatches.add("has replication factor " + actual.replicationFactor() + ", " + wanted.replicationFactor()
                    + " wanted: that takes a reassignment of its partitions");
        }
        Map<String, String> set = new TreeMap<>();
        wanted.configs().forEach((key, value) -> {
            if (!value.equals(actual.configs().get(key))) {
                set.put(key, value);
            }
        });
        Optional<Integer> more = wanted.partitions() > actual.partitions()
                ? Optional.of(wanted.partitions())
                : Optional.empty();
        return new Plan(false, more, set, mismatches);
    }
}
