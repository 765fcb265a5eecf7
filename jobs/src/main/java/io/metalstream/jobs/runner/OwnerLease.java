// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.runner;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Lets one instance of a job run at a time.
 *
 * <p>Owning means: to have made the highest-numbered file in {@code <checkpoint>/_owner}. The file system makes a file
 * for one creator only, so of two that want the same number one gets it. The owner renews by changing its file's time.
 * A newcomer takes the next number when the owner has released the job, is known to be dead, or has not renewed for a
 * whole term of the newcomer's own clock; no clocks are compared. An owner that could not renew for four fifths of
 * the term, or sees a higher number, must end at once.
 *
 * <p>An owner that is frozen for longer than the term wakes up to find Spark's own logs (offsets and commits, made by the
 * same create-once rule) written by its successor, and cannot commit: the lease saves work, those logs save the data.
 */
public final class OwnerLease implements AutoCloseable {
    /** The job is owned by another instance that is alive, or that took over. */
    public static final class HeldException extends Exception {
        private static final long serialVersionUID = 1L;

        HeldException(String message) {
            super(message);
        }
    }

    private static final String RELEASED = ".released";
    private static final Duration POLL = Duration.ofMillis(500);

    private final FileSystem fs;
    private final Path directory;
    private final long epoch;
    private final Duration term;
    private final Consumer<String> onLost;
    private volatile long renewedNanos = System.nanoTime();
    private volatile boolean closed;

    private OwnerLease(FileSystem fs, Path directory, long epoch, Duration term, Consumer<String> onLost) {
        this.fs = fs;
        this.directory = directory;
        this.epoch = epoch;
        this.term = term;
        this.onLost = onLost;
    }

    /**
     * Becomes the owner, waiting for an owner that has fallen silent but not for one that is alive.
     *
     * @param job name of the job; a checkpoint serves one job only
     * @param onLost called once, from another thread, when ownership has been or may have been lost
     * @throws HeldException when another instance is alive, or the checkpoint is another job's
     */
    public static OwnerLease acquire(
            String checkpoint, String job, Duration term, Configuration conf, Consumer<String> onLost)
            throws IOException, HeldException, InterruptedException {
        Path directory = new Path(JobFiles.qualified(checkpoint, conf), "_owner");
        FileSystem fs = directory.getFileSystem(conf);
        fs.mkdirs(directory);
        OwnerId self = OwnerId.ofThisProcess(job);
        while (true) {
            OptionalLong highest = highest(fs, directory);
            if (highest.isPresent()) {
                awaitFree(fs, directory, highest.getAsLong(), job, term);
            }
            long next = highest.orElse(0) + 1;
            if (create(fs, epochPath(directory, next), self.toJson())
                    && highest(fs, directory).orElse(0) == next) {
                OwnerLease lease = new OwnerLease(fs, directory, next, term, onLost);
                lease.removeOlder();
                lease.startThread("owner-lease-renew", lease::renewForEver);
                lease.startThread("owner-lease-watch", lease::watch);
                return lease;
            }
        }
    }

    /** Which owner this is, counted from 1 over the life of the checkpoint. */
    public long epoch() {
        return epoch;
    }

    /** Lets the next instance start without waiting for the term. */
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            create(fs, epochPath(directory, epoch).suffix(RELEASED), "");
        }
    }

    /** Returns when the owner is gone; throws as soon as it is seen to renew. */
    private static void awaitFree(FileSystem fs, Path directory, long epoch, String job, Duration term)
            throws IOException, HeldException, InterruptedException {
        Path path = epochPath(directory, epoch);
        Optional<OwnerId> owner = read(fs, path);
        if (owner.isPresent() && !owner.get().job().isEmpty() && !owner.get().job().equals(job)) {
            throw new HeldException("the checkpoint " + directory.getParent() + " belongs to the job \""
                    + owner.get().job() + "\": give each job a checkpoint of its own");
        }
        long start = System.nanoTime();
        OptionalLong firstSeen = modified(fs, path);
        while (System.nanoTime() - start < term.toNanos()) {
            boolean dead = owner.isPresent() && owner.get().surelyDead();
            if (dead || firstSeen.isEmpty() || fs.exists(path.suffix(RELEASED))) {
                return;
            }
            Thread.sleep(POLL.toMillis());
            OptionalLong now = modified(fs, path);
            if (now.isPresent() && now.getAsLong() != firstSeen.getAsLong()) {
                throw new HeldException("another instance of the job is running: " + owner.map(OwnerId::toJson).orElse("?"));
            }
        }
    }

    private void renewForEver() {
        long pause = Math.max(POLL.toMillis(), term.toMillis() / 10);
        try {
            while (!closed) {
                Thread.sleep(pause);
                if (!closed) {
                    renew();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void renew() {
        long before = System.nanoTime();
        try {
            if (highest(fs, directory).orElse(0) != epoch) {
                lost("another instance has taken over the job");
                return;
            }
            long last = modified(fs, epochPath(directory, epoch)).orElse(0);
            fs.setTimes(epochPath(directory, epoch), Math.max(System.currentTimeMillis(), last + 1), -1);
            renewedNanos = before;
        } catch (IOException e) {
            System.err.println("the ownership of the job could not be renewed, trying again: " + e);
        }
    }

    /** A thread of its own, since renewing may hang as long as the file system does. */
    private void watch() {
        try {
            while (!closed) {
                Thread.sleep(POLL.toMillis() / 2);
                if (System.nanoTime() - renewedNanos > term.toNanos() / 5 * 4) {
                    lost("the ownership of the job could not be renewed in time: " + directory + " out of reach");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void lost(String why) {
        if (!closed) {
            closed = true;
            onLost.accept(why);
        }
    }

    private void removeOlder() throws IOException {
        for (Path path : list(fs, directory)) {
            if (number(path).orElse(epoch) < epoch) {
                fs.delete(path, false);
            }
        }
    }

    private void startThread(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static Path epochPath(Path directory, long epoch) {
        return new Path(directory, Long.toString(epoch));
    }

    private static OptionalLong highest(FileSystem fs, Path directory) throws IOException {
        return list(fs, directory).stream()
                .map(OwnerLease::number)
                .flatMap(Optional::stream)
                .max(Comparator.naturalOrder())
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
    }

    private static List<Path> list(FileSystem fs, Path directory) throws IOException {
        return Arrays.stream(fs.listStatus(directory)).map(status -> status.getPath()).toList();
    }

    private static Optional<Long> number(Path path) {
        String name = path.getName().replace(RELEASED, "");
        return name.matches("\\d{1,18}") ? Optional.of(Long.valueOf(name)) : Optional.empty();
    }

    private static OptionalLong modified(FileSystem fs, Path path) throws IOException {
        try {
            return OptionalLong.of(fs.getFileStatus(path).getModificationTime());
        } catch (FileNotFoundException e) {
            return OptionalLong.empty();
        }
    }

    private static Optional<OwnerId> read(FileSystem fs, Path path) throws IOException {
        try (FSDataInputStream in = fs.open(path)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Optional.of(OwnerId.fromJson(text));
        } catch (FileNotFoundException | JsonProcessingException e) {
            // Gone, or its creator died while writing it: only the term tells then.
            return Optional.empty();
        }
    }

    private static boolean create(FileSystem fs, Path path, String text) throws IOException {
        try (OutputStream out = fs.create(path, false)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            return true;
        } catch (IOException e) {
            // Besides FileAlreadyExists, HDFS says AlreadyBeingCreated while the other creator has the file open.
            if (fs.exists(path)) {
                return false;
            }
            throw e;
        }
    }
}
