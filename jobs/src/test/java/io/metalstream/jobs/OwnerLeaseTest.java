// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metalstream.jobs.runner.OwnerLease;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnerLeaseTest {
    private static final Duration TERM = Duration.ofSeconds(3);
    private static final Consumer<String> IGNORE = why -> {};

    @TempDir
    Path folder;

    @Test
    void aSecondInstanceIsTurnedAwayAndAReleasedJobIsFreeAtOnce() throws Exception {
        OwnerLease first = acquire("a", IGNORE);
        OwnerLease.HeldException held = assertThrows(OwnerLease.HeldException.class, () -> acquire("a", IGNORE));
        assertTrue(held.getMessage().startsWith("another instance of the job is running"), held.getMessage());
        assertThrows(OwnerLease.HeldException.class, () -> acquire("b", IGNORE), "another job's checkpoint");
        first.close();
        long start = System.nanoTime();
        try (OwnerLease second = acquire("a", IGNORE)) {
            assertEquals(2, second.epoch());
            assertTrue(System.nanoTime() - start < TERM.toNanos() / 2);
        }
    }

    @Test
    void aSilentOwnerOfAnotherMachineIsWaitedForAndASurelyDeadOneIsNot() throws Exception {
        owner(7, "{\"job\":\"a\",\"host\":\"gone\",\"machine\":\"elsewhere\",\"pid\":1}");
        long start = System.nanoTime();
        try (OwnerLease lease = acquire("a", IGNORE)) {
            assertEquals(8, lease.epoch());
            assertTrue(System.nanoTime() - start >= TERM.toNanos());
        }
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        String mine = Files.readString(folder.resolve("_owner/8")).replaceAll("\"pid\":\\d+", "\"pid\":" + process.pid());
        owner(9, mine);
        start = System.nanoTime();
        try (OwnerLease lease = acquire("a", IGNORE)) {
            assertEquals(10, lease.epoch());
            assertTrue(System.nanoTime() - start < TERM.toNanos() / 2);
        }
    }

    @Test
    void anOwnerThatWasOvertakenOrCannotRenewIsTold() throws Exception {
        CompletableFuture<String> overtaken = new CompletableFuture<>();
        OwnerLease lease = acquire("a", overtaken::complete);
        owner(lease.epoch() + 1, "{}");
        assertTrue(overtaken.get(5, TimeUnit.SECONDS).contains("taken over"));

        CompletableFuture<String> cutOff = new CompletableFuture<>();
        acquire("a", cutOff::complete);
        Files.walk(folder.resolve("_owner")).sorted(java.util.Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        assertTrue(cutOff.get(5, TimeUnit.SECONDS).contains("could not be renewed in time"));
    }

    private OwnerLease acquire(String job, Consumer<String> onLost) throws Exception {
        return OwnerLease.acquire(folder.toString(), job, TERM, new Configuration(), onLost);
    }

    private void owner(long epoch, String content) throws Exception {
        Files.createDirectories(folder.resolve("_owner"));
        Files.writeString(folder.resolve("_owner/" + epoch), content);
    }
}
