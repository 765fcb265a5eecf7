// SPDX-License-Identifier: Apache-2.0
// How a host gets artifacts, in a box: from mirrors with the faults of real ones, and from other hosts.
import assert from "node:assert/strict";
import {
    converge,
    item,
    peer,
    peers,
    requireBox,
    sha256,
    size,
    tar,
    withMirror,
} from "./artifact-box.ts";

describe("host program: artifacts from a mirror", function () {
    this.timeout(60_000);
    before(requireBox);

    it("goes on where a connection was cut", async () => {
        const { out } = await withMirror(
            () => converge,
            (url) => [item(url, "cut")],
        );
        const third = Math.ceil(size / 3);
        assert.match(
            out,
            /^changed artifact a-1: unpacked to \/opt\/metalstream\/a-1, from mirror$/m,
        );
        assert.match(out, /^code=0\nhello$/m);
        assert.ok(
            out.endsWith(
                `/cut/a.tar -\n/cut/a.tar bytes=${third}-\n/cut/a.tar bytes=${2 * third}-\n`,
            ),
            out,
        );
    });

    it("goes on where an earlier run was cut off", async () => {
        const { out } = await withMirror(
            () => `head -c 1000 '${tar}' >$cache/${sha256}.part; ${converge}`,
            (url) => [item(url, "good")],
        );
        assert.match(out, /^code=0\nhello\n\/good\/a\.tar bytes=1000-$/m);
    });

    it("asks nobody for what an earlier run had fetched whole", async () => {
        const { out } = await withMirror(
            () => `cp '${tar}' $cache/${sha256}.part; ${converge}`,
            (url) => [item(url, "good")],
        );
        assert.match(out, /^changed artifact a-1: .*, from an earlier run$/m);
        assert.doesNotMatch(out, /a\.tar/);
    });

    it("discards a poisoned partial file and fetches all of it once more", async () => {
        const { out } = await withMirror(
            () => `head -c 1000 /dev/zero >$cache/${sha256}.part; ${converge}`,
            (url) => [item(url, "good")],
        );
        assert.match(out, /^code=0\nhello\n\/good\/a\.tar bytes=1000-\n\/good\/a\.tar -$/m);
    });

    it("begins anew at a server that cannot begin in the middle", async () => {
        const { out } = await withMirror(
            () => `head -c 1000 '${tar}' >$cache/${sha256}.part; ${converge}`,
            (url) => [item(url, "rangeless")],
        );
        assert.match(out, /^code=0\nhello\n/m);
        assert.ok(out.endsWith("/rangeless/a.tar -\n"), out);
    });

    it("asks again where the mirror says that it is busy", async () => {
        const { out } = await withMirror(
            () => converge,
            (url) => [item(url, "busy")],
        );
        assert.match(out, /^code=0\nhello\n(\/busy\/a\.tar -\n){3}$/m);
    });

    const refused: [string, string, RegExp][] = [
        [
            "other bytes",
            "wrong",
            /a-1: mirror: what was served has \d+ bytes and SHA-256 \w{64}, wanted/,
        ],
        ["a truncated file", "truncated", /a-1: mirror: what was served has 700 bytes and/],
        ["no such file", "none", /a-1: mirror: curl: \(22\) .*404/],
    ];
    for (const [what, way, message] of refused) {
        it(`refuses ${what}, and leaves nothing to go on from`, async () => {
            const { out, err } = await withMirror(
                () => "ms converge <m; echo code=$?; ls -A $cache /opt/metalstream; cat requests",
                (url) => [item(url, way)],
            );
            assert.match(err, message);
            assert.match(out, /^code=1\n\/opt\/metalstream:\n\n\/var\/cache\/metalstream:\n\/\w+/m);
            assert.equal(out.match(/a\.tar/g)?.length, 1, "asked once");
        });
    }

    it("gives up a mirror that stalls", async () => {
        const { err } = await withMirror(
            () =>
                "sed -i 's/^SLICE=[0-9]*/SLICE=1/; s/^STALLS=[0-9]*/STALLS=2/' program; ms converge <m",
            (url, port) => [...peers(port), item(url, "hang")],
        );
        assert.match(err, /a-1: mirror: curl: \(28\)/);
    });

    it("says that a disk is full, keeps the download, and ends well when there is room", async () => {
        const { out, err } = await withMirror(
            () => `mkdir -p /opt/metalstream; mount -t tmpfs -o size=16k tmpfs /opt/metalstream; ms converge <m; echo code=$?
                   ls -A /opt/metalstream; mount -o remount,size=1m /opt/metalstream; ${converge}`,
            (url) => [item(url, "good")],
        );
        assert.match(err, /a-1: not unpacked: .*No space left on device|a-1: not unpacked: tar: /);
        assert.match(out, /^code=1\nchanged artifact a-1: .*, from the cache$/m);
        assert.match(out, /^code=0\nhello\n\/good\/a\.tar -$/m);
    });
});

describe("host program: artifacts from other hosts", function () {
    this.timeout(60_000);
    before(requireBox);
    const has = (address: string) => `cp '${tar}' ${address}/cache/${sha256}.tar`;

    it("fetches from a host that has it when the mirror is away", async () => {
        const { out } = await withMirror(
            (port) => `${peer("127.0.0.2", port)} ${has("127.0.0.2")}; ${converge}`,
            (url, port) => [...peers(port), item(url, "none")],
        );
        assert.match(out, /^changed artifact a-1: .*, from 127\.0\.0\.2$/m);
        assert.match(out, /^code=0\nhello$/m);
    });

    it("refuses what a host serves wrongly, names it, and goes to the next", async () => {
        const wrong = `head -c ${size} /dev/zero >127.0.0.2/cache/${sha256}.tar`;
        const { out } = await withMirror(
            (port) =>
                `${peer("127.0.0.2", port)} ${peer("127.0.0.3", port)} ${wrong}; : >127.0.0.3/run/coming/${sha256}
                 { until [ "$(grep -c 'Connection from' 127.0.0.2/log)" -ge 2 ]; do sleep 0.1; done; ${has("127.0.0.3")}; } & ${converge}`,
            (url, port) => [...peers(port), item(url, "none")],
        );
        assert.match(out, /^changed artifact a-1: .*, from 127\.0\.0\.3$/m);
        assert.match(out, /^warning artifact a-1: 127\.0\.0\.2: what was served has \d+ bytes/m);
        const { err } = await withMirror(
            (port) => `${peer("127.0.0.2", port)} ${wrong}; ms converge <m`,
            (url, port) => [...peers(port), item(url, "none")],
        );
        assert.match(err, /127\.0\.0\.2: what was served has \d+ bytes/);
        assert.match(err, /mirror: curl: \(22\)/);
    });

    it("waits for a host that is about to have it rather than burden the mirror", async () => {
        // This host is not the first for this artifact when the order is turned so: the digest decides, so the names do.
        const { out } = await withMirror(
            (port) => `sed -i 's/^EAGER=[0-9]*/EAGER=0/; s/^OTHERS=[0-9]*/OTHERS=0/' program
                 ${peer("127.0.0.2", port)} : >127.0.0.2/run/coming/${sha256}
                 { sleep 2; ${has("127.0.0.2")}; } & ${converge}`,
            (url, port) => [...below(port), item(url, "good")],
        );
        assert.match(out, /^changed artifact a-1: .*, from 127\.0\.0\.2$/m);
        assert.doesNotMatch(out, /a\.tar/, "the mirror was not asked");
    });

    it("goes to the mirror at once when nobody above has it or will", async () => {
        const { out } = await withMirror(
            (port) =>
                `sed -i 's/^EAGER=[0-9]*/EAGER=0/' program; ${peer("127.0.0.2", port)} ${converge}`,
            (url, port) => [...below(port), item(url, "good")],
        );
        assert.match(out, /^changed artifact a-1: .*, from mirror$/m);
    });

    /** Members so that 127.0.0.2 is the root for this artifact and this host is below it. */
    const below = (port: number) => {
        const turn = parseInt(sha256.slice(0, 8), 16) % 2;
        const lines = ["| 127.0.0.2 m2", "| 127.0.0.1 box"];
        return [
            `artifacts 3 port=${port} peers=/etc/hosts`,
            "file /etc/hosts owner=root group=root mode=0644",
            ...(turn === 0 ? lines : lines.reverse()),
        ];
    };
});
