// SPDX-License-Identifier: Apache-2.0
// What a host says of itself for the preflight: addresses, settings, apt, names, the way to other racks.
import assert from "node:assert/strict";
import { inBox, manifestOf, requireBox } from "./box.ts";

const hosts = [
    "file /etc/hosts owner=root group=root mode=0644",
    "| 127.0.0.1 localhost",
    "| 10.77.0.11 box",
    "| 10.77.0.12 m2",
    "| 10.77.0.13 m3",
    "| 10.77.0.14 unknown-yet",
    "| fd00::1 m6",
    "names /etc/hosts",
];

/** The lines of a check that begin with these words. */
function lines(out: string, ...words: string[]): string[] {
    return out.split("\n").filter((line) => words.includes(line.split(" ")[0] ?? ""));
}

describe("host program: answers for the preflight", function () {
    this.timeout(60_000);
    before(function () {
        requireBox(this);
    });

    it("names lead elsewhere: by DNS or by the hosts file, to loopback, or the other family", () => {
        const wrong = [
            "127.0.1.1 box.example box",
            "10.77.0.12 m2",
            "10.9.9.9 m3.example m3 # moved",
            "10.77.0.11 old-name",
            "fd00::2 m6",
        ];
        const { out } = inBox("cat wrong >/etc/hosts; ms check <m", {
            m: manifestOf(...hosts),
            wrong: wrong.join("\n"),
        });
        assert.deepEqual(lines(out, "name", "reverse").sort(), [
            "name box 127.0.1.1 wanted=10.77.0.11 from=/etc/hosts",
            "name m3 10.9.9.9 wanted=10.77.0.13 from=/etc/hosts",
            "name m6 fd00::2 wanted=fd00::1 from=/etc/hosts",
            "reverse 10.77.0.11 old-name from=/etc/hosts",
        ]);
    });

    it("names are right once converge has written them, and then only looked at when asked", () => {
        const { out } = inBox(
            `printf '10.9.9.9 m2\\n' >/etc/hosts; ms converge token=A <m >/dev/null
             ms check preflight <m; echo ==; printf '10.9.9.9 m2\\n' >/etc/hosts; ms check <m; echo ==; ms check preflight <m`,
            { m: manifestOf(...hosts) },
        );
        const [fresh = "", plain = "", asked = ""] = out.split("==\n");
        assert.deepEqual(lines(fresh, "name", "reverse"), []);
        assert.deepEqual(lines(plain, "name", "latency"), []);
        assert.deepEqual(lines(asked, "name"), [
            "name m2 10.9.9.9 wanted=10.77.0.12 from=/etc/hosts",
        ]);
    });

    it("the time of a connection, and nothing where none is taken", () => {
        const server = `require("net").createServer((s) => s.destroy()).listen(0, "127.0.0.1", function () { console.log(this.address().port) })`;
        const { out } = inBox(
            `'${process.execPath}' -e '${server}' >port & for i in $(seq 50); do [ -s port ] && break; sleep 0.1; done
             sed "s/PORT/$(cat port)/" m >n; ms check <n; kill %1`,
            {
                m: manifestOf(
                    "peer m2 rack=r2 address=127.0.0.1 port=PORT",
                    "peer m3 rack=r3 address=127.0.0.1 port=1",
                ),
            },
        );
        const [there = "", gone] = lines(out, "latency");
        const [, us] = /^latency m2 rack=r2 us=(\d+)$/.exec(there) ?? [];
        assert.ok(Number(us) > 0 && Number(us) < 1_000_000, there);
        assert.equal(gone, "latency m3 rack=r3 us=-1");
    });

    it("a black hole holds nobody up for more than 3 s: all peers are tried side by side", () => {
        // A listener that accepts nobody and whose queue is full drops what comes, as a firewall does.
        const perl = String.raw`use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1"); my @c = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $s->sockport, Blocking => 0) } 1 .. 4; open(P, ">", "port"); print P $s->sockport; close(P); sleep 30`;
        const peers = [1, 2, 3, 4].map((n) => `peer p${n} rack=r${n} address=127.0.0.1 port=PORT`);
        const { out } = inBox(
            `perl -e '${perl}' & for i in $(seq 50); do [ -s port ] && break; sleep 0.1; done
             sed "s/PORT/$(cat port)/" m >n; start=$SECONDS; ms check <n; echo took=$((SECONDS - start)); kill %1`,
            { m: manifestOf(...peers) },
        );
        assert.deepEqual(
            lines(out, "latency"),
            [1, 2, 3, 4].map((n) => `latency p${n} rack=r${n} us=-1`),
        );
        const took = Number(/took=(\d+)/.exec(out)?.[1]);
        assert.ok(took >= 2 && took <= 6, `${took} s`);
    });

    it("addresses, kernel settings, and the open files that a service can have", () => {
        const { out } = inBox("ms check <m", {
            m: manifestOf("openfiles 64", "openfiles 999999999999"),
        });
        const [addresses = ""] = lines(out, "addresses");
        assert.match(addresses, / 127\.0\.0\.1( |$)/);
        assert.match(
            lines(out, "settings").join(),
            /^settings swap-mib=\d+ thp=(-|always|madvise|never) overcommit=[012]$/,
        );
        assert.match(
            lines(out, "openfiles").join(";"),
            /^openfiles 64 ok;openfiles 999999999999 \d+$/,
        );
    });

    it("who holds apt's lock", () => {
        const perl = String.raw`use Fcntl; open(F, ">>", "/var/lib/dpkg/lock-frontend"); my $l = pack("s s x4 q q i", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die; open(D, ">", "locked"); close(D); sleep 30`;
        const { out } = inBox(
            `ms check <m; perl -e '${perl}' & for i in $(seq 50); do [ -e locked ] && break; sleep 0.1; done; ms check <m; echo "pid $!"; kill %1`,
            { m: manifestOf("package no-such-package") },
        );
        const [free, locked] = lines(out, "apt");
        assert.equal(free, "apt ok");
        assert.equal(locked, `apt locked perl[${/^pid (\d+)$/m.exec(out)?.[1] ?? ""}]`);
    });

    it("packages that are half installed", () => {
        const { out } = inBox(
            `sed -i '/^Package: bash$/,/^$/ s/^Status: .*/Status: install ok half-configured/' /var/lib/dpkg/status; ms check <m`,
            { m: manifestOf("package no-such-package") },
        );
        assert.deepEqual(lines(out, "apt"), ["apt broken bash"]);
    });

    it("nothing about apt on a converged host that lacks no package", () => {
        const { out } = inBox("ms converge token=A <m >/dev/null; ms check <m", {
            m: manifestOf("package bash"),
        });
        assert.deepEqual(lines(out, "apt"), []);
    });

    it("the file system that a path lies on", () => {
        const { out } = inBox("ms check <m", { m: manifestOf("disk /run") });
        assert.match(
            lines(out, "disk").join(),
            /^disk \/run mounted size-mib=\d+ free-mib=\d+ on=\/run$/,
        );
    });

    it("questions are no part of the manifest's digest, and malformed ones are refused", () => {
        const file = ["file /etc/ms-t owner=root group=root mode=0644", "| x"];
        const { out, err } = inBox(
            "ms check <a | grep ^wanted; ms check <b | grep ^wanted; ms check <c",
            {
                a: manifestOf(...file),
                b: manifestOf(
                    ...file,
                    "names /etc/hosts",
                    "openfiles 1",
                    "peer m2 rack=r2 address=::1 port=22",
                ),
                c: manifestOf("peer m2 rack=r2", "openfiles many", "names hosts"),
            },
        );
        const [a, b] = out.split("\n");
        assert.equal(a, b);
        for (const part of ["address= is missing", "'many' is not", "'hosts' is not"])
            assert.ok(err.includes(part), err);
    });
});
