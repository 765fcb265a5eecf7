// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs;

/** What the programs of this jar exit with; documented in jobs/README.md. */
public final class ExitCode {
    /** Done, or stopped as asked. */
    public static final int OK = 0;
    /** Failed in a way that a new start may mend. */
    public static final int FAILED = 1;
    /** The specification or the command line is wrong: a new start will not help. */
    public static final int USAGE = 64;
    /** Another instance of the job is running, or has taken over. */
    public static final int FENCED = 75;

    private ExitCode() {}
}
