// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.spec;

import java.util.List;

/** A specification that cannot be run as it is; trying again does not help. */
public final class SpecException extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient List<String> findings;

    /** @param findings one line for each mistake: dotted path, what is wrong, what is expected */
    public SpecException(List<String> findings) {
        super(String.join("\n", findings));
        this.findings = findings;
    }

    public List<String> findings() {
        return findings;
    }
}
