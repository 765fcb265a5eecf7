// SPDX-License-Identifier: Apache-2.0
// Which versions of an artifact stay on a host: the decision by a table and by properties, and what check and converge make of it.
import assert from "node:assert/strict";
import fc from "fast-check";
import { inBox, manifestOf, requireBox } from "./box.ts";
import { callEach } from "./functions.ts";

const id = (n: number) => n.toString(16).padStart(12, "0");
const hadoop = (n: number) => `hadoop-3.${n}.0-${id(n)}`;

/** Unpacked versions by number, the highest unpacked last. */
const unpacked = (names: readonly string[]) => names.map((name, i) => `${i}.5 ${name}`).join("\n");
const prelude = `decide() { surplus_versions "$1" "$2" "$3" <<<"$4" | sort | tr '\\n' ' ' | sed 's/ $//'; }`;

describe("host program: which versions stay", function () {
    this.timeout(30_000);
    const five = [1, 2, 3, 4, 5].map(hadoop);
    const cases: [string, number, string[], string[], string[], string[]][] = [
        ["the newest three", 3, [hadoop(5)], [], five, [hadoop(1), hadoop(2)]],
        ["the newest one", 1, [hadoop(5)], [], five, five.slice(0, 4)],
        ["what is in use, however old", 3, [hadoop(5)], [hadoop(1)], five, [hadoop(2)]],
        ["the wanted one, however old", 2, [hadoop(1)], [], five, [2, 3, 4].map(hadoop)],
        ["one place for a wanted one yet to come", 2, [hadoop(9)], [], five, five.slice(0, 4)],
        ["all, when there are fewer", 9, [hadoop(5)], [], five, []],
        [
            "of each artifact for itself",
            1,
            [],
            [],
            [hadoop(1), `spark-4.0.0-${id(1)}`, `jobs-1.0.0-${id(1)}`, `jobs-1.0.0-${id(2)}`],
            [`jobs-1.0.0-${id(1)}`],
        ],
        ["what has no name of ours", 1, [], [], ["backup", "jdk-17", hadoop(1)], []],
    ];
    it("keeps what the table says", () => {
        const rows = cases.map(([, keep, wanted, used, there]) => [
            ...["decide", `${keep}`, wanted.join(" "), used.join(" ")],
            unpacked(there),
        ]);
        const answers = callEach(rows, prelude);
        for (const [i, [what, , , , , expected]] of cases.entries()) {
            assert.equal(answers[i], [...expected].sort().join(" "), what);
        }
    });

    it("never gives up what is wanted or used, keeps at least KEEP of each, and is done after one go", () => {
        const names = fc.uniqueArray(
            fc.tuple(fc.constantFrom("hadoop", "spark", "log-tools"), fc.nat(30)),
            { maxLength: 25, selector: ([name, n]) => `${name} ${n}` },
        );
        const sample = fc.sample(
            fc.tuple(names, fc.integer({ min: 1, max: 5 }), fc.nat(), fc.nat()),
            {
                numRuns: 40,
                seed: 4,
            },
        );
        const states = sample.map(([list, keep, a, b]) => {
            const there = list.map(([name, n]) => `${name}-1.${n}-${id(n)}`);
            const pick = (at: number) => there.filter((_, i) => (i + at) % 7 === 0);
            return { there, keep, wanted: pick(a), used: pick(b) };
        });
        const row = ({ there, keep, wanted, used }: (typeof states)[number]) => [
            ...["decide", `${keep}`, wanted.join(" "), used.join(" ")],
            unpacked(there),
        ];
        const gone = callEach(states.map(row), prelude).map((line) =>
            line.split(" ").filter(Boolean),
        );
        const left = states.map((state, i) => ({
            ...state,
            there: state.there.filter((name) => gone[i]?.includes(name) !== true),
        }));
        for (const [i, { there, keep, wanted, used }] of left.entries()) {
            for (const name of [...wanted, ...used]) assert.ok(there.includes(name));
            for (const kind of ["hadoop", "spark", "log-tools"]) {
                const of = (list: readonly string[]) =>
                    list.filter((name) => name.startsWith(`${kind}-`));
                const had = of(states[i]?.there ?? []).length;
                assert.ok(of(there).length >= Math.min(had, keep));
                assert.ok(of(there).length <= keep + of([...wanted, ...used]).length);
            }
        }
        assert.ok(gone.flat().length > 20);
        assert.deepEqual(
            callEach(left.map(row), prelude),
            left.map(() => ""),
        );
    });
});

describe("host program: old versions and downloads on a host", function () {
    this.timeout(60_000);
    before(function () {
        requireBox(this);
    });
    /** Shell: versions 1 to 6 in /opt, each a minute younger than the one before, and downloads of a day and an hour ago. */
    const setting = `
        for n in 1 2 3 4 5 6; do
            d=/opt/metalstream/$(printf 'hadoop-3.%d.0-%012x' $n $n); mkdir -p $d; echo x >$d/.complete; touch -d "-$((9 - n)) minutes" $d
        done
        mkdir -p /var/cache/metalstream/cds; cd /var/cache/metalstream
        touch cds/${hadoop(1)}.jsa cds/${hadoop(6)}.jsa; touch -d '-2 days' a.part b.tar; touch c.part d.tar; cd - >/dev/null
        listing() { ls /opt/metalstream /var/cache/metalstream /var/cache/metalstream/cds | grep -v :; }`;

    it("check names what converge then removes, without calling it drift; after that there is nothing", () => {
        const { out, err } = inBox(
            `${setting}
             ms converge token=T <full >/dev/null; ms check <m | grep -E '^(drift|garbage)' | sed 's/garbage //' | sort >said
             ms converge token=T <m | grep '^removed' | sed 's/^removed //; s/:.*//' | sort >done
             cat said; cmp said done && echo same; listing; ms check <m | grep -E '^(drift|garbage)'`,
            { full: manifestOf("artifacts 100"), m: manifestOf("artifacts 3") },
        );
        assert.equal(err, "");
        // The first converge, with room for all versions, took the old downloads already.
        const versions = [1, 2, 3].map((n) => `artifact ${hadoop(n)}`);
        const stay = [4, 5, 6].map(hadoop);
        const rest = ["c.part", "cds", "d.tar", "", `${hadoop(6)}.jsa`];
        assert.equal(out, [...versions, "same", ...stay, "", ...rest, ""].join("\n"));
    });

    it("keeps what the current, running or wanted configuration of a unit or a process names", () => {
        const unit = (n: number) => [
            `mkdir -p $c/${n}; echo "-cp /opt/metalstream/${hadoop(n)}/jars/a.jar" >$c/${n}/java.args`,
        ];
        const { out } = inBox(
            `${setting}
             c=/etc/metalstream/ms-x; ${[1, 2].flatMap(unit).join("; ")}; ln -s 1 $c/current; mkdir -p /run/metalstream; echo 2 >/run/metalstream/ms-x.running
             (exec -a /opt/metalstream/${hadoop(3)}/x sleep 60) >/dev/null & process=$!
             ms converge <m | grep '^removed artifact'; ls /opt/metalstream; kill $process`,
            { m: manifestOf("artifacts 1") },
        );
        assert.deepEqual(
            out.match(/^removed artifact \S+(?=:)/gm),
            [4, 5].map((n) => `removed artifact ${hadoop(n)}`).reverse(),
        );
        assert.ok(out.endsWith([1, 2, 3, 6].map((n) => `${hadoop(n)}\n`).join("")));
    });

    it("removes nothing while an item fails, and nothing without an `artifacts` line", () => {
        const { out } = inBox(
            `${setting}
             mkdir -p /srv/x; ms converge <bad 2>/dev/null; echo code=$?; ms converge <none; ls /opt/metalstream | wc -l`,
            {
                bad: manifestOf("artifacts 1", "link /srv/x /y"),
                none: manifestOf("link /srv/z /y"),
            },
        );
        assert.match(out, /^code=1$/m);
        assert.doesNotMatch(out, /removed/);
        assert.match(out, /^6$/m);
    });
});
