// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { parseFacts } from "../../lib/facts/parse.ts";
import { driftReport } from "../../lib/facts/report.ts";

/** What a host says that has one old version to give up. */
const facts = (manifest: string, ...lines: string[]) =>
    parseFacts(
        [
            ...["token T", `manifest ${manifest}`, "wanted aa"],
            ...[...lines, "garbage artifact hadoop-3.4.0-0123456789ab", ""],
        ].join("\n"),
    );
const said = "  artifact hadoop-3.4.0-0123456789ab no longer needed";

describe("driftReport: old versions", () => {
    it("is silent of them on a host in step: nothing would remove them", () => {
        assert.equal(driftReport("m1", facts("aa")), undefined);
    });

    it("names them where the manifest changes", () => {
        assert.equal(driftReport("m1", facts("bb")), `m1 differs from what is wanted:\n${said}`);
    });

    it("names them beside drift", () => {
        const report = driftReport("m1", facts("aa", "drift file /etc/x mode"));
        assert.equal(report, `m1 differs from what is wanted:\n  file /etc/x mode\n${said}`);
    });
});
