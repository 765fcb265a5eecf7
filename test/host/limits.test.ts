// SPDX-License-Identifier: Apache-2.0
// What cuts a run off or keeps it from starting: signals, a lost session, the time limit, the lock; and artifacts that do not match.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boxUnavailable, inBox, manifestOf } from "./box.ts";
import { freePort } from "./ports.ts";

const m = manifestOf("file /etc/ms-t owner=root group=root mode=0644", "| new");

/** A `useradd` that takes its time: a place to be interrupted at. */
const slow = `
mkdir -p /usr/local/sbin; printf '#!/bin/sh\\ntouch /srv/reached; sleep 30.25\\n' >/usr/local/sbin/useradd; chmod 755 /usr/local/sbin/useradd
reached() { for i in $(seq 100); do [ -e /srv/reached ] && return; sleep 0.1; done; }
`;
const waiting = manifestOf(
    "group ms-a",
    "user ms-u group=ms-a home=/srv/u",
    "file /etc/ms-t owner=root group=root mode=0644",
    "| new",
);
const left = `echo "left:$(ls -A /run /etc /opt /opt/metalstream 2>/dev/null | grep -E 'metalstream-(change|look)|[.]ms-')"`;

function requireBox(this: Mocha.Context): void {
    const reason = boxUnavailable();
    if (reason !== undefined) {
        console.log(`skipped: ${reason}`);
        this.skip();
    }
}

describe("host program: interruption, time limit and lock", function () {
    this.timeout(60_000);
    before(requireBox);

    it("leaves no token and nothing half written when it is ended; the next run completes", () => {
        const { out, err } = inBox(
            `ms converge token=A <m >/dev/null; ${slow}
             bash program converge token=B <w >/dev/null & reached; kill -TERM $!; wait $!; echo code=$?
             ms check <w | grep ^token; ${left}; rm /usr/local/sbin/useradd; ms converge token=C <w | tail -n 1; ms check <w | grep -E '^(token|drift)'`,
            { m, w: waiting },
        );
        assert.match(out, /^code=1\ntoken -\nleft:\nconverged .*\ntoken C\n$/);
        assert.match(err, /stop: ended by a signal/);
    });

    it("recovers from kill -9 of all of it", () => {
        const { out } = inBox(
            `${slow} setsid bash program converge token=B <w >/dev/null 2>&1 & reached
             for p in $(fuser /run/lock/metalstream.lock 2>/dev/null); do kill -KILL $p; done
             rm -f /usr/local/sbin/useradd; ms converge token=C wait=5 <w | tail -n 1; ms check <w | grep -E '^(token|drift)'; ${left}`,
            { w: waiting },
        );
        assert.match(out, /^converged .*\ntoken C\nleft:\n$/);
    });

    it("refuses a payload that a broken connection cut off, and touches nothing", () => {
        const whole = `${m}file /etc/ms-second owner=root group=root mode=0644\n| second\n`;
        const { out, err } = inBox(
            `ms converge token=A bytes=$(wc -c <w) <w | tail -n 1
             ms converge token=B bytes=$(wc -c <w) <m; echo code=$?; cat /etc/ms-second; ms check <w | grep -E '^(token|drift)'
             ms converge bytes=x <m 2>&1`,
            { m, w: whole },
        );
        assert.match(out, /^converged .*\ncode=1\nsecond\ntoken A\n.*bytes= is the length/);
        assert.match(err, /standard input ended after \d+ of \d+ bytes, nothing was touched/);
    });

    it("goes on when the session is lost", () => {
        const { out } = inBox(
            `${slow} sed -i s/30.25/2/ /usr/local/sbin/useradd; (ms converge token=B <w | head -c 1 >/dev/null) & reached
             kill -HUP $(pgrep -f "bash $BOX/program converge"); wait; cat /etc/ms-t`,
            { w: waiting },
        );
        assert.match(out, /^new$/m);
    });

    it("ends by its time limit, with all its processes", () => {
        const { out, err } = inBox(
            `${slow} start=$SECONDS; ms converge limit=1 <w >/dev/null; echo code=$?; ((SECONDS - start < 8)) && echo soon; ${left}
             pgrep -f '^sleep 30.25' >/dev/null && echo alive`,
            { w: waiting },
        );
        assert.equal(out, "code=1\nsoon\nleft:\n");
        assert.match(err, /stop: the time limit of 1 s has passed at user ms-u; /);
    });

    it("says who holds the lock, and checks all the same", () => {
        const { out, err } = inBox(
            `${slow} bash program converge <w >/dev/null 2>&1 & reached; ms converge wait=0 <m; echo code=$?; ms check <m >/dev/null && echo checked; kill -TERM %1; wait`,
            { m, w: waiting },
        );
        assert.equal(out, "code=75\nchecked\n");
        assert.match(err, /lock: held for more than 0 s by: converge pid \d+ since \d{4}-/);
    });
});

describe("host program: artifacts", function () {
    this.timeout(60_000);
    before(requireBox);
    const directory = mkdtempSync(join(tmpdir(), "ms-artifact-"));
    after(() => {
        rmSync(directory, { recursive: true });
    });

    it("unpacks what matches, refuses what does not, and downloads once", async () => {
        writeFileSync(join(directory, "hello"), "hello\n");
        execFileSync("tar", ["-C", directory, "-cf", join(directory, "a.tar"), "hello"]);
        const tar = readFileSync(join(directory, "a.tar"));
        const sha256 = createHash("sha256").update(tar).digest("hex");
        const port = await freePort();
        const item = (name: string, digest: string, size: number) =>
            `artifact ${name} sha256=${digest} size=${size} url=http://127.0.0.1:${port}/a.tar`;
        const server =
            `require("http").createServer((q, s) => { console.error("request"); s.end(require("fs").readFileSync("${directory}/a.tar")) })` +
            `.listen(${port}, "127.0.0.1")`;
        const { out, err } = inBox(
            `'${process.execPath}' -e '${server}' 2>requests & server=$!
             for i in $(seq 50); do (: </dev/tcp/127.0.0.1/${port}) 2>/dev/null && break; sleep 0.1; done
             ms converge token=A <good; cat /opt/metalstream/a-1/hello; ms converge token=B <good | tail -n 1
             echo "requests=$(grep -c request requests)"
             ms converge token=C <bad; echo code=$?; ls -A /opt/metalstream /var/cache/metalstream; ms check <bad | grep -E '^(drift|token)'; kill $server`,
            {
                good: manifestOf(item("a-1", sha256, tar.length)),
                bad: manifestOf(
                    item("b-1", "0".repeat(64), tar.length),
                    item("c-1", sha256, tar.length + 1),
                ),
            },
        );
        assert.match(
            out,
            /^changed artifact a-1: unpacked to \/opt\/metalstream\/a-1, from mirror$/m,
        );
        assert.match(out, /^hello\nconverged .* 0 changed, 1 unchanged\nrequests=1\ncode=1$/m);
        assert.match(
            out,
            /^\/opt\/metalstream:\na-1\n\n\/var\/cache\/metalstream:\ntoken -\ndrift/m,
        );
        assert.match(out, /drift artifact b-1 missing\ndrift artifact c-1 missing\n$/);
        assert.match(
            err,
            new RegExp(
                `b-1: mirror: what was served has ${tar.length} bytes and SHA-256 ${sha256}, wanted`,
            ),
        );
        assert.match(err, /artifact c-1: mirror: what was served has/);
    });
});
