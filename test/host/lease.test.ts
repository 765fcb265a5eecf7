// SPDX-License-Identifier: Apache-2.0
// The run lease as a host keeps it, and what a check says of a verb that is at work.
import assert from "node:assert/strict";
import { inBox, manifestOf, requireBox } from "./box.ts";

describe("host program: the run lease", function () {
    this.timeout(60_000);
    before(function () {
        requireBox(this);
    });

    const lines = (script: string) => inBox(script).out.trim().split("\n");
    const take = (run: string, more = "") =>
        `ms lease take run=${run} who=ops@desk pid=7 started=99 machine=abc ${more}`;

    it("belongs to the first, is renewed by it, and is free again when it gives it back", () => {
        const got = lines(
            `ms lease show; ${take("A")}; ${take("B")}; sleep 1.1; ${take("A")}; ms lease give run=B; ms lease show; ms lease give run=A; ${take("B")}`,
        );
        const [none, own, held = "", renewed, notB = "", shown, given, taken] = got;
        assert.deepEqual(
            [none, own, renewed, given, taken],
            ["lease none", "lease own run=A", "lease own run=A", "lease none", "lease own run=B"],
        );
        assert.match(
            held,
            /^lease held run=A who=ops@desk pid=7 started=99 machine=abc taken=\d+ until=\d+$/,
        );
        const numbers = (line: string) => (line.match(/\d{9,}/g) ?? []).map(Number);
        const [taken1 = 0, until1 = 0] = numbers(held);
        const [taken2 = 0, until2 = 0] = numbers(notB);
        assert.equal(until1 - taken1, 120);
        assert.equal(taken2, taken1, "a renewal keeps when it was taken");
        assert.ok(until2 > until1);
        assert.equal(shown, notB);
    });

    it("ends by itself, and may be taken over from a run that is named", () => {
        const got = lines(
            `${take("A", "term=1")}; sleep 1.1; ms lease show; ${take("B")}; ${take("C", "over=A")}; ${take("C", "over=B")}`,
        );
        assert.equal(got[1], "lease none");
        assert.equal(got[2], "lease own run=B");
        assert.match(got[3] ?? "", /^lease held run=B /);
        assert.equal(got[4], "lease own run=C");
    });

    it("is taken by one of many who ask at once", () => {
        const got = lines(`for i in $(seq 12); do ${take("R$i")} & done; wait`);
        assert.equal(got.filter((line) => line.startsWith("lease own")).length, 1);
        assert.equal(got.filter((line) => line.startsWith("lease held")).length, 11);
    });

    it("refuses words that are none, and leaves only its lock when it is over", () => {
        const { out, err } = inBox(
            `ms lease take 'run=a b'; echo code=$?; ms lease take; echo code=$?; ms lease steal run=A; echo code=$?
             ${take("A")} >/dev/null; ms lease give run=A; ls /run/metalstream; ls -d /run/metalstream-look.* 2>/dev/null`,
        );
        assert.equal(out, "code=2\ncode=2\ncode=2\nlease none\nlease.lock\n");
        assert.equal(err.match(/usage: lease/g)?.length, 3);
    });

    it("is not needed to look; a check names a changing verb that is at work, and nothing when it has ended", () => {
        const { out } = inBox(
            `mkdir -p /usr/local/sbin; printf '#!/bin/sh\\ntouch /srv/reached; sleep 2\\n' >/usr/local/sbin/useradd; chmod 755 /usr/local/sbin/useradd
             ms check <m | grep -c busy; ms converge <m >/dev/null 2>&1 & for i in $(seq 100); do [ -e /srv/reached ] && break; sleep 0.1; done
             ms check <m | grep busy; ms converge wait=30 <n >/dev/null; wait; ms check <m | grep -c busy`,
            {
                m: manifestOf("group ms-a", "user ms-u group=ms-a home=/srv/u"),
                n: manifestOf("group ms-a"),
            },
        );
        assert.match(out, /^0\nbusy converge pid \d+ since \d{4}-\d\d-\d\dT[\d:]+Z\n0\n$/);
    });
});
