// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs;

import io.metalstream.jobs.counts.Tally;
import io.metalstream.jobs.runner.JobFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/**
 * Shows what a job of logs has committed: {@code Counts <folder of events or counts> [--json] [--minutes N]}. Counts each
 * minute, severity and service of the last N minutes (10), all rows, and rows that are there twice.
 *
 * <p>Exit codes: 0; 1 when the folder cannot be read; 2 when a record is there twice; 64 when called wrongly.
 */
public final class Counts {
    private static final int DUPLICATES = 2;

    private Counts() {}

    public static void main(String[] args) {
        PrintStream out = System.out;
        System.setOut(System.err);
        System.exit(run(List.of(args), out));
    }

    static int run(List<String> args, PrintStream out) {
        List<String> rest = new ArrayList<>(args);
        boolean json = rest.remove("--json");
        int minutes = minutes(rest);
        if (rest.size() != 1 || rest.get(0).startsWith("--") || minutes < 1) {
            System.err.println("usage: Counts <folder that a job writes> [--json] [--minutes N]");
            return ExitCode.USAGE;
        }
        try {
            Configuration conf = JobFiles.configuration();
            Tally tally = Tally.of(JobFiles.qualified(rest.get(0), conf), conf);
            if (json) {
                out.println(tally.toJson(minutes));
            } else {
                print(tally, minutes, out);
            }
            OptionalLong distinct = tally.distinct();
            return distinct.isPresent() && distinct.getAsLong() < tally.rows() ? DUPLICATES : ExitCode.OK;
        } catch (IOException | IllegalStateException e) {
            System.err.println("cannot read " + rest.get(0) + ": " + e.getMessage());
            return ExitCode.FAILED;
        }
    }

    private static int minutes(List<String> args) {
        int at = args.indexOf("--minutes");
        if (at < 0) {
            return 10;
        }
        args.remove(at);
        try {
            return at < args.size() ? Integer.parseInt(args.remove(at)) : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static void print(Tally tally, int minutes, PrintStream out) {
        String format = "%-20s  %-8s  %-24s  %8s%n";
        out.printf(format, "MINUTE (UTC)", "SEVERITY", "SERVICE", "COUNT");
        tally.latest(minutes).forEach((key, count) ->
                out.printf(format, key.minute(), key.severity(), key.service(), count));
        String unique = tally.distinct().isPresent()
                ? ", " + (tally.rows() - tally.distinct().getAsLong()) + " of them there twice"
                : "";
        out.printf("%d rows committed%s%s%n", tally.rows(), unique,
                tally.counts().isEmpty() ? "" : ", last minute " + tally.counts().lastKey().minute());
    }
}
