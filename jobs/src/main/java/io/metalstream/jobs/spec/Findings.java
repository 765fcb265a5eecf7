// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.spec;

import java.util.ArrayList;
import java.util.List;

/** Collects everything that is wrong with a specification, so that a user sees it all at once. */
final class Findings {
    private final List<String> lines = new ArrayList<>();

    /** Notes that the value at {@code path} is wrong, and what would be right. */
    void add(String path, String message) {
        lines.add((path.isEmpty() ? "(top level)" : path) + ": " + message);
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    void throwIfAny() throws SpecException {
        if (!lines.isEmpty()) {
            throw new SpecException(List.copyOf(lines));
        }
    }
}
