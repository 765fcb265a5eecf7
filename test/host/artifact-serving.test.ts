// SPDX-License-Identifier: Apache-2.0
// How a host serves on what it has: to whom, how much, and who waits for whom.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { directory, peer, requireBox, sha256, size, tar, withMirror } from "./artifact-box.ts";
import { callEach } from "./functions.ts";

describe("host program: serving artifacts", function () {
    this.timeout(60_000);
    before(requireBox);
    const ask = (script: string) =>
        withMirror(
            (
                port,
            ) => `${peer("127.0.0.2", port)} cp '${tar}' 127.0.0.2/cache/${sha256}.tar; echo other >127.0.0.2/cache/other
                url=http://127.0.0.2:${port}; get() { curl -s -o got -w '%{http_code} %{size_download}\\n' "$@"; }
                ${script}`,
            () => [],
        );

    it("answers members with the whole or the rest of a tar", async () => {
        const { out } = await ask(
            `get $url/${sha256}.tar; cmp got '${tar}'; get -C 1000 -o rest $url/${sha256}.tar; tail -c +1001 '${tar}' | cmp - rest
             get --head $url/${sha256}.tar; get -r ${size}- $url/${sha256}.tar`,
        );
        assert.equal(out, `200 ${size}\n206 ${size - 1000}\n200 0\n416 0\n`);
    });

    it("has nothing else: no other file, method or path", async () => {
        const { out } = await ask(
            `get $url/; get $url/other; get --path-as-is $url/../cache/other; get --path-as-is $url/../../../../etc/passwd
             get -X POST -d x $url/${sha256}.tar; get $url/${"0".repeat(64)}.tar; get "$url/${sha256}.tar?x"; get $url/${sha256}.part`,
        );
        assert.equal(out, "404 0\n".repeat(8));
    });

    it("says nothing to who is no member", async () => {
        const { out } = await ask(
            `get --interface 127.0.0.8 $url/${sha256}.tar; get --interface 127.0.0.9 $url/${sha256}.tar`,
        );
        assert.equal(out, `000 0\n200 ${size}\n`);
    });

    it("has no more places than it has, and says so at once", async () => {
        const { out } = await ask(
            `exec {place}<127.0.0.2/run/place.1; flock $place; get $url/${sha256}.tar; get --head $url/${sha256}.tar
             exec {place}<&-; get $url/${sha256}.tar`,
        );
        assert.equal(out, `429 0\n429 0\n200 ${size}\n`);
    });

    it("says what is coming, as long as somebody fetches it", async () => {
        const other = "0".repeat(64);
        const { out } = await ask(
            `: >127.0.0.2/run/coming/${other}; get $url/${other}.tar; touch -d '-1 hour' 127.0.0.2/run/coming/${other}; get $url/${other}.tar
             : >127.0.0.2/cache/${other}.part; get $url/${other}.tar; rm 127.0.0.2/run/coming/${other}; get $url/${other}.tar`,
        );
        assert.equal(out, "503 0\n404 0\n503 0\n404 0\n");
    });

    it("does not mind rubbish, and goes on", async () => {
        const { out } = await ask(
            `for text in '' 'GET' '\\0\\0\\0' 'GET /x HTTP/9\\r\\n\\r\\n'; do { printf "$text" >&5; timeout 8 cat <&5 >/dev/null; } 5<>/dev/tcp/127.0.0.2/\${url##*:} & rubbish+=" $!"; done
             wait $rubbish; get $url/${sha256}.tar`,
        );
        assert.equal(out, `200 ${size}\n`);
    });
});

describe("host program: the socket", () => {
    const setting = `PEERS=(10.0.0.1 fd00::2); PEER_PORT=8499; PEER_SELF=1
        named() { peer_unit "$1" | tr '\\n' ' '; }`;
    const unit = (name: string) => callEach([["named", name]], setting)[0] ?? "";

    it("listens at this host's own address, and lets in the members only", () => {
        const socket = unit("metalstream-artifacts.socket");
        assert.match(socket, /\[Socket\] ListenStream=\[fd00::2\]:8499 Accept=yes /);
        for (const text of [socket, unit("metalstream-artifacts@.service")])
            assert.match(text, /IPAddressDeny=any IPAddressAllow=10\.0\.0\.1 fd00::2 $/);
    });

    it("starts a program without rights for each connection, and is ended by a timer that takes the tars along", () => {
        const service = unit("metalstream-artifacts@.service");
        for (const line of ["User=daemon", "NoNewPrivileges=yes", "CapabilityBoundingSet= "])
            assert.ok(service.includes(line), line);
        const end = unit("metalstream-artifacts-end.service");
        assert.match(end, /systemctl stop metalstream-artifacts\.socket/);
        assert.match(end, /find \/var\/cache\/metalstream -maxdepth 1 -name \*\.tar -delete/);
        assert.match(unit("metalstream-artifacts-end.timer"), /OnActiveSec=15min/);
    });

    it("consists of units that systemd understands", function () {
        if (spawnSync("systemd-analyze", ["--version"]).status !== 0) {
            console.log("skipped: systemd-analyze is not here");
            this.skip();
        }
        this.timeout(30_000);
        const names = ["@.service", ".socket", "-end.service", "-end.timer"];
        const units = names.map((end) => `metalstream-artifacts${end}`);
        for (const name of units) {
            const text = callEach([["peer_unit", name]], setting);
            writeFileSync(join(directory, name), text.join("\n"));
        }
        const { status, stderr } = spawnSync(
            "systemd-analyze",
            ["verify", "--man=no", ...units.map((name) => join(directory, name))],
            { encoding: "utf8" },
        );
        assert.equal(stderr, "");
        assert.equal(status, 0);
    });
});

describe("host program: who waits for whom", () => {
    /** Shell: a function that answers in REPLY, in words. */
    const said = 'said() { "$@"; printf "%s" "$REPLY"; }';
    const sha = (turn: number) => turn.toString(16).padStart(8, "0").padEnd(64, "0");

    it("has one root for each artifact, another for each turn, and everybody is below it", () => {
        for (const turn of [0, 3, 999]) {
            const rows = Array.from({ length: 21 }, (_, i) => [
                "said",
                "peers_above",
                `${i}`,
                "21",
                sha(turn),
            ]);
            const above = callEach(rows, said).map((line) =>
                line.split(" ").filter((word) => word !== ""),
            );
            const roots = above.flatMap((list, i) => (list.length === 0 ? [i] : []));
            assert.deepEqual(roots, [turn % 21]);
            for (const list of above) assert.equal(list.at(-1) ?? `${turn % 21}`, `${turn % 21}`);
            assert.ok(Math.max(...above.map((list) => list.length)) <= 3);
            const children = above.map(
                (_, i) => above.filter(([parent]) => parent === `${i}`).length,
            );
            assert.ok(Math.max(...children) <= 4);
        }
    });

    it("decides by the mirror, by hope and by patience", () => {
        const cases: [string, string][] = [
            ["free 0 0", "mirror"],
            ["free 1 0", "wait"],
            ["free 1 120", "mirror"],
            ["busy 0 0", "wait"],
            ["busy 1 500", "wait"],
            ["out 0 0", "none"],
            ["out 2 10", "wait"],
            ["out 2 120", "none"],
        ];
        const answers = callEach(
            cases.map(([words]) => ["said", "choose_source", ...words.split(" ")]),
            said,
        );
        assert.deepEqual(
            answers,
            cases.map(([, answer]) => answer),
        );
    });
});
