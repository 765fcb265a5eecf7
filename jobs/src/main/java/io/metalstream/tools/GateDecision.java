// SPDX-License-Identifier: Apache-2.0
package io.metalstream.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Whether a Kafka node may be stopped, or has come back: pure functions of what the cluster says of itself.
 *
 * <p>"Before" asks: would the cluster still serve every write without this node? "After" asks: is the node back and caught
 * up, so that the next one may be asked for?
 */
final class GateDecision {
    /** KIP-853's tools and other installers allow this much between a voter's log and the longest one. */
    private static final long ALLOWED_LAG = 1000;

    /** @param leader negative when the partition has none */
    record Partition(String topic, int id, List<Integer> replicas, List<Integer> isr, int leader, int minIsr) {
        @Override
        public String toString() {
            return topic + "-" + id;
        }
    }

    /** @param live brokers that are registered and not fenced */
    record Brokers(int leader, Set<Integer> live, List<Partition> partitions) {}

    /** @param lastCaughtUp time (ms) at which the voter had all of the leader's log; empty when never */
    record Voter(int id, long logEndOffset, OptionalLong lastCaughtUp) {}

    /**
     * @param leader negative when there is none
     * @param fetchTimeoutMs {@code controller.quorum.fetch.timeout.ms}: later than this is not caught up
     */
    record Quorum(int leader, List<Voter> voters, long fetchTimeoutMs) {}

    /** @param reasons why not, or, for a yes, what is worth knowing */
    record Verdict(boolean ok, int leader, List<String> reasons) {}

    private GateDecision() {}

    /** May this broker be stopped? Partitions with no replica to spare are no obstacle, else it could never be. */
    static Verdict brokerBefore(int node, Brokers brokers) {
        List<String> obstacles = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        for (Partition partition : brokers.partitions()) {
            if (!partition.replicas().contains(node)) {
                continue;
            }
            int inSync = partition.isr().size();
            String numbers = inSync + " in sync of " + partition.replicas().size() + ", " + partition.minIsr() + " needed";
            if (partition.replicas().size() <= partition.minIsr()) {
                remarks.add(partition + " cannot be written without this broker: " + numbers);
            } else if (inSync < partition.minIsr()) {
                obstacles.add(partition + " has too few replicas in sync: " + numbers);
            } else if (inSync == partition.minIsr() && partition.isr().contains(node)) {
                obstacles.add(partition + " would have too few replicas in sync: " + numbers);
            }
        }
        return verdict(brokers.leader(), obstacles, remarks);
    }

    /** Is this broker back: registered, and in sync in every partition it holds? */
    static Verdict brokerAfter(int node, Brokers brokers) {
        List<String> obstacles = new ArrayList<>();
        if (!brokers.live().contains(node)) {
            obstacles.add("broker " + node + " is not registered, or still fenced (a log recovery may take a while)");
        }
        for (Partition partition : brokers.partitions()) {
            if (!partition.replicas().contains(node)) {
                continue;
            }
            if (partition.leader() < 0) {
                obstacles.add(partition + " has no leader");
            } else if (!partition.isr().contains(node)) {
                obstacles.add(partition + " is not in sync on broker " + node);
            } else if (partition.isr().size() < Math.min(partition.minIsr(), partition.replicas().size())) {
                obstacles.add(partition + " has " + partition.isr().size() + " in sync, " + partition.minIsr() + " needed");
            }
        }
        return verdict(brokers.leader(), obstacles, List.of());
    }

    /**
     * May this controller be stopped? With n voters, at least (n + 2) / 2 others must be caught up: a majority, and one to
     * spare where there can be. Of one or two voters none can be spared, so these only need the others caught up.
     */
    static Verdict controllerBefore(int node, Quorum quorum) {
        if (quorum.leader() < 0) {
            return verdict(quorum.leader(), List.of("the quorum has no leader"), List.of());
        }
        int voters = quorum.voters().size();
        long others = quorum.voters().stream().filter(v -> v.id() != node && caughtUp(v, quorum)).count();
        long needed = voters <= 2 ? voters - 1 : (voters + 2) / 2;
        if (others < needed) {
            return verdict(quorum.leader(), List.of(others + " of " + voters + " voters besides " + node
                    + " are caught up, " + needed + " needed; behind: " + behind(node, quorum)), List.of());
        }
        boolean none = voters <= 2 && quorum.voters().stream().anyMatch(v -> v.id() == node);
        return verdict(quorum.leader(), List.of(),
                none ? List.of("with " + voters + " voter(s) there is no quorum without this one") : List.of());
    }

    /** Is this controller back: a voter, caught up, and following (or being) a leader? */
    static Verdict controllerAfter(int node, Quorum quorum) {
        List<String> obstacles = new ArrayList<>();
        if (quorum.leader() < 0) {
            obstacles.add("the quorum has no leader");
        }
        Optional<Voter> self = quorum.voters().stream().filter(v -> v.id() == node).findFirst();
        if (self.isEmpty()) {
            obstacles.add("controller " + node + " is not a voter");
        } else if (quorum.leader() >= 0 && !caughtUp(self.get(), quorum)) {
            obstacles.add("controller " + node + " is not caught up");
        }
        return verdict(quorum.leader(), obstacles, List.of());
    }

    private static boolean caughtUp(Voter voter, Quorum quorum) {
        long longest = quorum.voters().stream().mapToLong(Voter::logEndOffset).max().orElse(0);
        if (voter.logEndOffset() <= 0 || longest - voter.logEndOffset() >= ALLOWED_LAG) {
            return false;
        }
        if (voter.id() == quorum.leader()) {
            return true;
        }
        OptionalLong leaders = quorum.voters().stream()
                .filter(v -> v.id() == quorum.leader())
                .map(Voter::lastCaughtUp)
                .findFirst()
                .orElse(OptionalLong.empty());
        return leaders.isPresent()
                && voter.lastCaughtUp().isPresent()
                && leaders.getAsLong() - voter.lastCaughtUp().getAsLong() < quorum.fetchTimeoutMs();
    }

    private static List<Integer> behind(int node, Quorum quorum) {
        return quorum.voters().stream().filter(v -> v.id() != node && !caughtUp(v, quorum)).map(Voter::id).toList();
    }

    private static Verdict verdict(int leader, List<String> obstacles, List<String> remarks) {
        return new Verdict(obstacles.isEmpty(), leader, obstacles.isEmpty() ? remarks : List.copyOf(obstacles));
    }
}
