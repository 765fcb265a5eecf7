// SPDX-License-Identifier: Apache-2.0
package io.metalstream.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metalstream.tools.GateDecision.Brokers;
import io.metalstream.tools.GateDecision.Partition;
import io.metalstream.tools.GateDecision.Quorum;
import io.metalstream.tools.GateDecision.Verdict;
import io.metalstream.tools.GateDecision.Voter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GateDecisionTest {
    private static final int NODE = 1;
    private static final long NOW = 1_000_000;
    private static final long FETCH_TIMEOUT = 2000;

    /** Every replication factor, minimum and number in sync up to 3, with this broker a holder or not, in sync or not. */
    @ParameterizedTest(name = "{0} replicas, min {1}, {2} in sync, broker {3}: {4}")
    @CsvSource({
        "1,1,1,in,yes", "1,1,0,out,yes", "1,2,1,in,yes", "1,2,0,out,yes", "1,3,1,in,yes", "1,3,0,out,yes",
        "2,1,2,in,yes", "2,1,1,in,no", "2,1,1,out,yes", "2,1,0,out,no",
        "2,2,2,in,yes", "2,2,1,in,yes", "2,2,1,out,yes", "2,2,0,out,yes",
        "2,3,2,in,yes", "2,3,1,in,yes", "2,3,1,out,yes", "2,3,0,out,yes",
        "3,1,3,in,yes", "3,1,2,in,yes", "3,1,1,in,no", "3,1,2,out,yes", "3,1,1,out,yes", "3,1,0,out,no",
        "3,2,3,in,yes", "3,2,2,in,no", "3,2,1,in,no", "3,2,2,out,yes", "3,2,1,out,no", "3,2,0,out,no",
        "3,3,3,in,yes", "3,3,2,in,yes", "3,3,1,in,yes", "3,3,2,out,yes", "3,3,1,out,yes", "3,3,0,out,yes",
        "3,2,2,elsewhere,yes", "3,2,1,elsewhere,yes", "3,2,0,elsewhere,yes"
    })
    void aBrokerMayBeStopped(int replicas, int minIsr, int inSync, String where, String expected) {
        Partition partition = partition(replicas, minIsr, inSync, where);
        Verdict verdict = GateDecision.brokerBefore(NODE, new Brokers(1, Set.of(1, 2, 3), List.of(partition)));
        assertEquals(expected.equals("yes"), verdict.ok(), verdict.toString());
        assertFalse(!verdict.ok() && verdict.reasons().isEmpty());
    }

    @Test
    void aSingleBadPartitionAmongGoodOnesRefuses() {
        List<Partition> partitions = List.of(partition(3, 2, 3, "in"), partition(3, 2, 2, "in"), partition(1, 2, 1, "in"));
        Verdict verdict = GateDecision.brokerBefore(NODE, new Brokers(1, Set.of(1, 2, 3), partitions));
        assertFalse(verdict.ok());
        assertEquals(1, verdict.reasons().size(), verdict.toString());
    }

    @ParameterizedTest(name = "live {0}, {1} replicas, min {2}, {3} in sync, broker {4}, leader {5}: {6}")
    @CsvSource({
        "true,3,2,3,in,2,yes", "true,3,2,2,in,2,yes", "true,3,2,1,in,1,no", "true,3,2,2,out,2,no",
        "true,3,2,3,in,-1,no", "true,1,2,1,in,1,yes", "true,2,2,1,in,1,no", "true,3,1,1,in,1,yes",
        "true,3,2,2,elsewhere,2,yes", "true,3,2,0,elsewhere,-1,yes",
        "false,3,2,3,in,2,no", "false,3,2,2,out,2,no", "false,3,2,3,elsewhere,2,no"
    })
    void aBrokerIsBack(boolean live, int replicas, int minIsr, int inSync, String where, int leader, String expected) {
        Partition p = partition(replicas, minIsr, inSync, where);
        Partition led = new Partition(p.topic(), p.id(), p.replicas(), p.isr(), leader, p.minIsr());
        Set<Integer> brokers = live ? Set.of(1, 2, 3) : Set.of(2, 3);
        Verdict verdict = GateDecision.brokerAfter(NODE, new Brokers(1, brokers, List.of(led)));
        assertEquals(expected.equals("yes"), verdict.ok(), verdict.toString());
    }

    /** For 1 to 7 voters, every number of other voters that are caught up, by the rule written down a second time here. */
    @Test
    void aControllerMayBeStoppedWhenEnoughOthersAreCaughtUp() {
        int[] needed = {-1, 0, 1, 2, 3, 3, 4, 4};
        for (int voters = 1; voters <= 7; voters++) {
            for (int caughtUp = 0; caughtUp < voters; caughtUp++) {
                for (int leader : caughtUp > 0 ? new int[] {-1, NODE, 2} : new int[] {-1, NODE}) {
                    Verdict verdict = GateDecision.controllerBefore(NODE, quorum(leader, voters, caughtUp));
                    boolean expected = leader >= 0 && caughtUp >= needed[voters];
                    assertEquals(expected, verdict.ok(), voters + " voters, " + caughtUp + " caught up: " + verdict);
                }
            }
        }
    }

    @Test
    void aVoterIsCaughtUpByTimeAndByLog() {
        assertTrue(before(new Voter(3, 500, at(NOW - FETCH_TIMEOUT + 1))));
        assertFalse(before(new Voter(3, 500, at(NOW - FETCH_TIMEOUT))));
        assertFalse(before(new Voter(3, 500, OptionalLong.empty())));
        assertFalse(before(new Voter(3, 0, at(NOW))));
        assertTrue(before(new Voter(3, 1, at(NOW))));
        assertFalse(GateDecision.controllerBefore(NODE, new Quorum(2, List.of(
                new Voter(1, 5000, at(NOW)), new Voter(2, 5000, at(NOW)), new Voter(3, 4000, at(NOW))), FETCH_TIMEOUT)).ok());
    }

    @Test
    void aControllerIsBack() {
        Quorum good = quorum(2, 3, 2);
        assertTrue(GateDecision.controllerAfter(1, good).ok());
        assertTrue(GateDecision.controllerAfter(2, good).ok());
        assertFalse(GateDecision.controllerAfter(9, good).ok(), "not a voter");
        assertFalse(GateDecision.controllerAfter(3, quorum(2, 3, 1)).ok(), "behind");
        assertFalse(GateDecision.controllerAfter(1, quorum(-1, 3, 2)).ok(), "no leader");
    }

    private static boolean before(Voter third) {
        List<Voter> voters = List.of(new Voter(1, 500, at(NOW)), new Voter(2, 500, at(NOW)), third);
        return GateDecision.controllerBefore(NODE, new Quorum(2, voters, FETCH_TIMEOUT)).ok();
    }

    private static Partition partition(int replicas, int minIsr, int inSync, String where) {
        int first = where.equals("elsewhere") ? 2 : 1;
        List<Integer> holders = IntStream.range(first, first + replicas).boxed().toList();
        List<Integer> isr = new ArrayList<>(holders);
        if (where.equals("out")) {
            isr.remove(Integer.valueOf(NODE));
        }
        return new Partition("t", 0, holders, List.copyOf(isr.subList(0, inSync)), 2, minIsr);
    }

    /** Voters 1..n: this node (1) is caught up, and so are the {@code caughtUp} next ones. */
    private static Quorum quorum(int leader, int voters, int caughtUp) {
        List<Voter> list = IntStream.rangeClosed(1, voters)
                .mapToObj(id -> new Voter(id, 500, at(id <= caughtUp + 1 ? NOW : NOW - 60_000)))
                .toList();
        return new Quorum(leader, list, FETCH_TIMEOUT);
    }

    private static OptionalLong at(long time) {
        return OptionalLong.of(time);
    }
}
