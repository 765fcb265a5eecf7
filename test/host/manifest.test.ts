// SPDX-License-Identifier: Apache-2.0
// Malformed manifests: refused with the line, all findings at once, before anything is touched.
import assert from "node:assert/strict";
import { inBox, manifestOf, requireBox } from "./box.ts";

const file = "owner=root group=root mode=0644";

// name, lines after the header (which takes lines 1 and 2), what must be found
const cases: [string, string[], RegExp][] = [
    ["an unknown item", ["paket x"], /line 3: item 'paket' is not known/],
    [
        "an unknown attribute",
        [`file /a ${file} colour=red`],
        /line 3: file \/a: attribute 'colour=red' is not known/,
    ],
    [
        "a missing attribute",
        ["file /a owner=root group=root"],
        /line 3: file \/a: mode= is missing/,
    ],
    ["a second attribute", [`file /a ${file} mode=0600`], /line 3: file \/a: second mode/],
    ["a relative path", [`file etc/a ${file}`], /line 3: file etc\/a: .* is not a valid path/],
    ["a path with ..", [`file /etc/../a ${file}`], /line 3: .* is not a plain path/],
    ["a path with a quote", [`file /a'b ${file}`], /line 3: .* is not a valid path/],
    [
        "a command in a subscript",
        ["a[$(touch${IFS}/srv/broken)] x"],
        /line 3: item .* is not known/,
    ],
    ["a bad mode", ["file /a owner=root group=root mode=0999"], /'0999' is not a valid mode/],
    ["the same path twice", [`file /a ${file}`, `file /a ${file}`], /line 4: second file \/a/],
    [
        "two owners of a path",
        [`file /a ${file}`, "link /a /b"],
        /line 4: link \/a: also a file, in line 3/,
    ],
    [
        "a file under a file",
        [`file /a/b ${file}`, `file /a ${file}`],
        /line 3: file \/a\/b: lies under the file \/a of line 4/,
    ],
    [
        "a file under a link",
        ["link /l /x", `file /l/a ${file}`],
        /line 4: .* lies under the link \/l of line 3/,
    ],
    [
        "a user that does not exist",
        ["file /a owner=nosuch group=root mode=0644"],
        /line 3: file \/a: user nosuch is neither/,
    ],
    [
        "a group that does not exist",
        ["user u group=nosuch home=/x"],
        /line 3: user u: group nosuch is neither/,
    ],
    ["content without a file", ["group g", "| x"], /line 4: content without a file/],
    ["a content line without its blank", [`file /a ${file}`, "|x"], /line 4: neither an item/],
    ["an empty line", ["", "group g"], /line 3: neither an item/],
    [
        "a unit without its service",
        ["unit u", "> a.conf"],
        /line 3: unit u: '> u.service' is missing/,
    ],
    [
        "a unit file outside of a unit",
        ["> a.conf"],
        /line 3: '> a.conf' outside of a unit or timer/,
    ],
    ["a unit file with a path", ["unit u", "> ../a"], /line 4: unit u: '..\/a' is not the name/],
    ["a second file of a unit", ["unit u", "> u.service", "> u.service"], /line 5: .* second file/],
    ["a place of our own", [`file /etc/metalstream/x ${file}`], /line 3: .* not the manifest's/],
    [
        "a mount without a device",
        ["mount /m ext4 defaults"],
        /line 3: mount \/m: device= is missing/,
    ],
    [
        "a file where a unit of the manifest has its own",
        [`file /etc/systemd/system/u.service ${file}`, "unit u", "> u.service"],
        /line 4: unit \/etc\/systemd\/system\/u.service: also a file, in line 3/,
    ],
    [
        "a file where a drop-in is",
        ["dropin s.service.d/x.conf", `file /etc/systemd/system/s.service.d/x.conf ${file}`],
        /line 4: file .*x.conf: also a dropin, in line 3/,
    ],
    [
        "a file that this program makes itself",
        [`file /etc/sysctl.d/60-metalstream.conf ${file}`],
        /line 3: .* not the manifest's/,
    ],
    [
        "a drop-in for a unit of the manifest",
        ["dropin u.service.d/x.conf", "unit u", "> u.service"],
        /line 3: dropin u.service.d\/x.conf: for a unit of this manifest/,
    ],
    ["a drop-in with a path", ["dropin ../x.service.d/y.conf"], /line 3: .* is not a valid dropin/],
    [
        "a timer without its service",
        ["timer t", "> t.timer"],
        /line 3: timer t: '> t.service' is missing/,
    ],
    [
        "a timer with another file",
        ["timer t", "> t.timer", "> t.service", "> x"],
        /line 3: timer t: '> x' does not belong here/,
    ],
    ["a package's version with a blank", ["package x version=1 2"], /attribute '2' is not known/],
    [
        "an unknown condition",
        ["package x when=never"],
        /line 3: package x: 'never' is not a valid when/,
    ],
    [
        "a choice of huge pages that is none",
        ["hugepages enabled a;b"],
        /'a;b' is not a valid choice/,
    ],
    ["a limit of what has none", ["limit *:colour 1"], /'\*:colour' is not a valid limit/],
    ["a module with a path", ["module ../x"], /'..\/x' is not a valid module/],
    [
        "a filesystem without its mount",
        ["filesystem /d device=/dev/disk/by-id/x type=xfs label=x least-mib=1"],
        /line 3: filesystem \/d: 'mount \/d' is missing/,
    ],
    [
        "a filesystem on what is no device",
        [
            "filesystem /d device=/dev/../srv/x type=xfs label=x least-mib=1",
            "mount /d xfs noatime device=LABEL=x",
        ],
        /line 3: filesystem \/d: device= is not below \/dev/,
    ],
    [
        "a file system that nobody makes here",
        ["filesystem /d device=/dev/x type=ntfs label=x least-mib=1"],
        /line 3: filesystem \/d: 'ntfs' is not a valid type/,
    ],
    [
        "restart-on of an unknown file",
        ["service s restart-on=/x"],
        /line 3: service s: restart-on=\/x is no file/,
    ],
    [
        "an artifact without a checksum",
        ["artifact a size=1 url=http://h/x"],
        /line 3: artifact a: sha256= is missing/,
    ],
];

describe("host program: malformed manifests", function () {
    this.timeout(60_000);
    before(function () {
        requireBox(this);
    });

    // All cases go to one box: a namespace a case would take longer than the cases.
    let answers: string[] = [];
    let touched = "";
    before(() => {
        const files = Object.fromEntries(
            cases.map(([, lines], i) => [`case${i}`, manifestOf(...lines)]),
        );
        const { out } = inBox(
            `for i in $(seq 0 ${cases.length - 1}); do ms converge <case$i 2>&1; echo "code=$?"; echo =====; done
             ls -A /var/lib/metalstream /etc/metalstream /srv/broken 2>/dev/null`,
            files,
        );
        const parts = out.split("=====\n");
        touched = parts.pop() ?? "";
        answers = parts;
    });

    for (const [index, [name, , expected]] of cases.entries()) {
        it(`refuses ${name}`, () => {
            assert.match(answers[index] ?? "", expected);
            assert.match(answers[index] ?? "", /nothing was touched/);
            assert.match(answers[index] ?? "", /code=2\n$/);
        });
    }

    it("touches nothing", () => {
        assert.equal(touched, "");
    });

    it("reports all findings at once, in the order of the lines", () => {
        const text = manifestOf("paket x", `file a ${file}`, "| x", "| y", "nonsense");
        const { err, code } = inBox("ms check <m", { m: text });
        assert.equal(code, 2);
        const lines = [...err.matchAll(/line (\d+):/g)].map((match) => Number(match[1]));
        assert.deepEqual(lines, [3, 4, 7]);
        assert.match(err, /3 findings, nothing was touched/);
    });

    it("refuses another version, a missing header and a NUL byte", () => {
        const { out } = inBox(
            "for f in a b c d; do ms check <$f 2>&1; done; ms nonsense 2>&1; ms check limit=x 2>&1",
            {
                a: "metalstream 2\nhost box\n",
                b: "host box\n",
                c: "",
                d: manifestOf(`file /a ${file}`, "| a\0b"),
            },
        );
        assert.equal(out.match(/the first line must be 'metalstream 1'/g)?.length, 3);
        assert.match(out, /NUL byte/);
        assert.match(out, /usage: first argument must be one of/);
        assert.match(out, /usage: limit= and wait= are seconds/);
    });
});
