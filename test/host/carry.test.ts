// SPDX-License-Identifier: Apache-2.0
// How the host program comes to run on a host: it travels only where it does not lie whole.
import assert from "node:assert/strict";
import { carriedCommand, NOT_HERE, residentCommand } from "../../lib/facts/carry.ts";
import { hostProgram, NEWEST_PROGRAM } from "../../lib/host-program.ts";
import { inBox, manifestOf, requireBox } from "./box.ts";

const { path, text } = hostProgram();
const resident = (keep: boolean) =>
    `${residentCommand("check", keep)} <m | grep -E '^(program|drift)'; echo code=\${PIPESTATUS[0]}`;
const carried = (keep: boolean) =>
    `cat program m | ${carriedCommand("check", keep)} | grep -E '^(program|drift)'; echo code=\${PIPESTATUS[1]}`;
const files = { m: manifestOf("directory /srv/x mode=0755 owner=root group=root"), program: text };
const answer = "drift directory /srv/x missing\n";

describe("host program: how it comes to run", function () {
    this.timeout(60_000);
    before(function () {
        requireBox(this);
    });

    it("from the host where it lies whole, and is not there otherwise", () => {
        const { out } = inBox(
            `${resident(true)}; ${carried(true)}; ${resident(true)}; echo '# altered' >>${path}; ${resident(true)}
             ${carried(true)}; chmod 644 ${path}; ${resident(true)}; ${carried(true)}; ${resident(true)}`,
            files,
        );
        const name = path.slice(path.lastIndexOf("/") + 1);
        const good = `program ${name} present\n${answer}code=0\n`;
        const gone = `code=${NOT_HERE}\n`;
        assert.equal(out, [gone, good, good, gone, good, gone, good, good].join(""));
    });

    it("under a name that outlives its versions, which leads to the newest", () => {
        const newest = `readlink ${NEWEST_PROGRAM}; ${NEWEST_PROGRAM} check <m | grep drift`;
        const { out } = inBox(
            `{ ${carried(true)}; } >/dev/null; ln -sfn older ${NEWEST_PROGRAM}
             ${resident(false)}; ${resident(true)}; { ${carried(true)}; } >/dev/null; ${newest}`,
            files,
        );
        const name = path.slice(path.lastIndexOf("/") + 1);
        const good = `program ${name} present\n${answer}code=0\n`;
        assert.equal(out, `${good}code=${NOT_HERE}\n${name}\n${answer}`);
    });

    it("from here without a trace, for a preview", () => {
        const { out } = inBox(
            `${carried(false)}; ${resident(false)}; ls ${path} ${NEWEST_PROGRAM}`,
            files,
        );
        assert.match(out, /^program host-\w+ absent\ndrift .*\ncode=0\ncode=96\n$/);
    });
});
