// SPDX-License-Identifier: Apache-2.0
// mocha's own `spec`, which also writes the numbers of the run to $METALSTREAM_TEST_STATS for test/run.ts.
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class CountingReporter extends reporters.Spec {
    constructor(runner, options) {
        super(runner, options);
        runner.once("end", () => {
            const { passes, failures, pending } = runner.stats;
            const file = process.env.METALSTREAM_TEST_STATS;
            if (file !== undefined) {
                writeFileSync(
                    file,
                    JSON.stringify({ passed: passes, failed: failures, skipped: pending }),
                );
            }
        });
    }
};
