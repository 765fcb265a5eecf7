// SPDX-License-Identifier: Apache-2.0
// File-like items on this machine, in a box: idempotence, drift and its repair, removal, interruption, secrets, lock, time limit.
import assert from "node:assert/strict";
import { inBox, manifestOf, requireBox } from "./box.ts";

const odd = [
    "$HOME `id` $(id) \"q\" 's' \\n \\",
    "",
    "| pipe\ttab",
    "  lead",
    "# hash",
    "é ü \u{1f600}",
    "> x",
];
const items = [
    "group ms-a",
    "group ms-b",
    "user ms-u group=ms-a home=/srv/u groups=ms-b",
    "directory /srv/t/d owner=ms-u group=ms-a mode=0750",
    "file /etc/ms-t/odd owner=root group=ms-a mode=0640",
    ...odd.map((line) => (line === "" ? "|" : `| ${line}`)),
    "file /etc/ms-t/empty owner=root group=root mode=0644",
    "secret /etc/ms-t/key owner=ms-u group=ms-a mode=0600",
    "| hush-hush",
    "link /usr/local/bin/ms-t /opt/x/bin/x",
];
const m = manifestOf(...items);

describe("host program: converge and check", function () {
    this.timeout(90_000);
    before(function () {
        requireBox(this);
    });

    it("applies, is unchanged the second time, and the check is clean with the token", () => {
        const { out, err } = inBox(
            `ms converge token=T1 <m; ms converge token=T2 <m; ms check <m; cat /etc/ms-t/odd
             stat -c '%a %U:%G %n' /etc/ms-t/* /srv/t/d; readlink /usr/local/bin/ms-t; id -Gn ms-u
             ls -A /etc/ms-t | grep '^[.]'; ls -d /run/metalstream-look.* /run/metalstream-change.*`,
            { m },
        );
        assert.doesNotMatch(err, /metalstream: /);
        assert.match(out, /^converged [0-9a-f]{12}: 8 changed, 0 unchanged$/m);
        assert.match(out, /^converged [0-9a-f]{12}: 0 changed, 8 unchanged$/m);
        assert.match(out, /^token T2$/m);
        assert.doesNotMatch(out, /^drift/m);
        assert.ok(out.includes(`${odd.join("\n")}\n`));
        assert.ok(out.includes("640 root:ms-a /etc/ms-t/odd\n"));
        assert.ok(out.includes("600 ms-u:ms-a /etc/ms-t/key\n"));
        assert.ok(out.includes("750 ms-u:ms-a /srv/t/d\n/opt/x/bin/x\nms-a ms-b\n"));
        assert.ok(out.endsWith("ms-a ms-b\n"), "no temporary file or directory is left");
    });

    it("touches nothing in a check", () => {
        const { out } = inBox(
            `snapshot() { find /etc /usr/local /var/lib /srv /opt -printf '%p %T@ %C@\\n' | sort | sha256sum; }
             snapshot; ms check <m >/dev/null; snapshot`,
            { m },
        );
        const [before, after] = out.split("\n");
        assert.equal(before, after);
    });

    const drifts: [string, string, string[]][] = [
        ["content", "echo edit >>/etc/ms-t/odd", ["drift file /etc/ms-t/odd content", "| -edit"]],
        ["mode", "chmod 600 /etc/ms-t/odd", ["drift file /etc/ms-t/odd mode"]],
        ["owner", "chown ms-u /etc/ms-t/odd", ["drift file /etc/ms-t/odd owner"]],
        ["a lost file", "rm /etc/ms-t/empty", ["drift file /etc/ms-t/empty missing"]],
        ["a link for a file", "ln -sf /x /etc/ms-t/empty", ["drift file /etc/ms-t/empty type"]],
        ["a secret", "echo other >/etc/ms-t/key", ["drift secret /etc/ms-t/key content"]],
        ["a lost directory", "rmdir /srv/t/d", ["drift directory /srv/t/d missing"]],
        ["a directory's mode", "chmod 777 /srv/t/d", ["drift directory /srv/t/d mode"]],
        [
            "another link",
            "ln -sfn /y /usr/local/bin/ms-t",
            ["drift link /usr/local/bin/ms-t target"],
        ],
        ["a lost user", "userdel ms-u", ["drift user ms-u missing"]],
        ["a lost membership", "gpasswd -d ms-u ms-b", ["drift user ms-u groups"]],
        ["another home", "usermod -d /x ms-u", ["drift user ms-u home"]],
        ["another shell", "usermod -s /bin/sh ms-u", ["drift user ms-u shell"]],
    ];
    it("finds drift of every kind, repairs it, and is clean after that", () => {
        const script = drifts.map(
            ([, damage]) => `{ ${damage}; } >/dev/null 2>&1
            ms check <m | grep -E '^(drift|\\|)'; ms converge token=X <m | tail -n 1; ms check <m | grep -E '^(drift|token)'; echo =====`,
        );
        const { out } = inBox(`ms converge token=T <m >/dev/null\n${script.join("\n")}`, { m });
        for (const [i, part] of out.split("=====\n").slice(0, -1).entries()) {
            const [name, , expected] = drifts[i] ?? ["", "", []];
            const lines = part.trim().split("\n");
            for (const line of expected) assert.ok(lines.includes(line), `${name}: ${part}`);
            assert.match(lines.at(-2) ?? "", /^converged /, `${name}: ${part}`);
            assert.equal(lines.at(-1), "token X", name);
        }
    });

    it("shows at most 40 lines of a difference, and never those of a secret", () => {
        const long = Array.from({ length: 60 }, (_, i) => `| line ${i}`);
        const text = manifestOf(
            "file /etc/ms-long owner=root group=root mode=0644",
            ...long,
            "secret /etc/ms-s owner=root group=root mode=0600",
            "| hush-hush",
        );
        const { out } = inBox(
            `ms converge <m; : >/etc/ms-long; echo old-secret >/etc/ms-s; printf 'a\\033[31mb\\n' >/etc/ms-long; ms check <m; ms converge <m
             cat /var/lib/metalstream/stamp /var/lib/metalstream/owned; sha256sum </dev/null`,
            { m: text },
        );
        assert.equal(out.match(/^\| /gm)?.length, 41);
        assert.match(out, /^\| -a\?\[31mb$/m);
        assert.match(out, /^\| \(21 more lines\)$/m);
        assert.doesNotMatch(out, /hush|old-secret/);
        assert.match(out, /^drift secret \/etc\/ms-s content$/m);
    });

    it("gives a secret's item a digest that only this host can make", () => {
        const one = manifestOf("secret /etc/ms-s owner=root group=root mode=0600", "| hush-hush");
        const digest = () =>
            /item (\w+) secret/.exec(
                inBox("ms converge <m; cat /var/lib/metalstream/stamp", { m: one }).out,
            )?.[1];
        assert.notEqual(digest(), digest());
        const { out } = inBox(
            `ms converge <m >/dev/null; sed -n 's/^item \\(.*\\) secret.*/\\1/p' /var/lib/metalstream/stamp
             sed -n '3,4p' m | openssl dgst -sha256 -mac HMAC -macopt hexkey:$(cat /var/lib/metalstream/salt) | sed 's/.*= //'`,
            { m: one },
        );
        const [stamped = "", reference = "-"] = out.split("\n");
        assert.equal(stamped.length, 12);
        assert.equal(reference.length, 64);
    });

    it("removes what the manifest has no more, and puts back what was there before", () => {
        const { out } = inBox(
            `mkdir /etc/ms-t; echo mine >/etc/ms-t/odd; ms converge token=T1 <m >/dev/null
             ms check <less | grep surplus | sort; ms converge token=T2 <less; ms check <less | grep -E '^(drift|token)'
             cat /etc/ms-t/odd; ls /etc/ms-t /usr/local/bin/ms-t 2>&1; id -un ms-u; ls -d /srv/t/d; ms remove`,
            { m, less: manifestOf("group ms-a") },
        );
        for (const name of [
            "file /etc/ms-t/odd",
            "secret /etc/ms-t/key",
            "link /usr/local/bin/ms-t",
        ]) {
            assert.ok(out.includes(`drift ${name} surplus\n`), out);
            assert.ok(out.includes(`changed ${name}: removed\n`), out);
        }
        assert.match(out, /^token T2\nmine\n/m);
        assert.match(out, /ms-t: No such file|cannot access '\/usr\/local\/bin\/ms-t'/);
        assert.match(out, /ms-u\n\/srv\/t\/d\n/, "users and data stay");
    });

    it("keeps two sections apart", () => {
        const secrets = manifestOf(
            "section secrets",
            "secret /etc/ms-s owner=root group=root mode=0600",
            "| x",
        );
        const { out } = inBox(
            `ms converge token=A <m; ms converge token=B <s; ms converge token=C <m; ms check <s; ls /etc/ms-s; ms remove; ls /etc/ms-s 2>&1`,
            { m, s: secrets },
        );
        assert.match(out, /^token B$/m);
        assert.doesNotMatch(out, /^drift/m);
        assert.match(out, /^\/etc\/ms-s$/m);
        assert.match(out, /^removed 5 items$/m);
    });

    it("checks the secrets of another section with it, without a word of what they hold", () => {
        const secrets = manifestOf(
            "section secrets",
            "secret /etc/ms-s owner=root group=root mode=0600",
            "| hush-hush",
        );
        const { out } = inBox(
            `ms converge token=A <m >/dev/null; ms converge token=B <s >/dev/null; ms check <m | grep ^section
             echo content; echo hush >/etc/ms-s; ms check <m | grep ^section
             echo access; ms converge token=C <s >/dev/null; chmod 644 /etc/ms-s; chown daemon /etc/ms-s; ms check <m | grep ^section
             echo gone; rm /etc/ms-s; ms check <m | grep ^section
             echo back; ms converge token=D <s >/dev/null; ms check <m | grep ^section
             stat -c %a /var/lib/metalstream/secrets.secrets; sha256sum <<<hush-hush; cat /var/lib/metalstream/*secrets*`,
            { m, s: secrets },
        );
        const drift = "section-drift secrets secret /etc/ms-s";
        assert.ok(
            out.startsWith(
                [
                    "section secrets token=B",
                    "content\nsection secrets token=B",
                    `${drift} content`,
                    "access\nsection secrets token=C",
                    `${drift} owner mode`,
                    "gone\nsection secrets token=C",
                    `${drift} missing`,
                    "back\nsection secrets token=D",
                    "600\n",
                ].join("\n"),
            ),
            out,
        );
        const [, digest = ""] = /^([0-9a-f]{64}) {2}-$/m.exec(out) ?? [];
        assert.equal(out.split(digest).length, 2, "the plain digest is nowhere in what was noted");
        assert.doesNotMatch(out, /hush/);
    });

    it("names every item that fails, applies the others, and leaves no token", () => {
        const text = manifestOf(
            "file /srv/x/y owner=root group=root mode=0644",
            "directory /srv/z owner=root group=root mode=0755",
            "link /srv/l /t",
        );
        const { out, err } = inBox(
            "ms converge token=A <m >/dev/null; rm -rf /srv/*; mkdir -p /srv/x/y /srv/l; ms converge token=B <m; echo code=$?; ms check <m",
            { m: text },
        );
        assert.match(err, /box: file \/srv\/x\/y: a directory is in its place/);
        assert.match(err, /box: link \/srv\/l: a directory is in its place/);
        assert.match(err, /metalstream: box: converge: 2 items failed, .*; .*\n$/);
        assert.match(out, /^changed directory \/srv\/z: missing$/m);
        assert.match(out, /^code=1$/m);
        assert.match(out, /^token -$/m);
    });
});
