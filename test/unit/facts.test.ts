// SPDX-License-Identifier: Apache-2.0
/** What hosts say -> facts, and facts -> tokens. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFacts, type HostFacts } from "../../lib/facts/parse.ts";
import { convergeToken, manifestDigest, rollToken } from "../../lib/facts/token.ts";
import { combinations, says } from "./answers.ts";

const now = new Date("2026-01-02T03:04:05.678Z");

describe("parseFacts", () => {
    it("reads every kind of line that host/README.md specifies", () => {
        const facts = says(
            "os debian 12 x86_64",
            "clock 1790000000.123",
            "token 2026-01-01T00:00:00.000Z,new",
            "manifest -",
            "drift file /etc/x content",
            "diff file /etc/x",
            "| -old",
            "| +new",
            "warning sysctl vm.swappiness not settable on this host",
            "unit zookeeper active running=aaa current=bbb wanted=- since=5 result=success rolled=t",
            "unit spark-master inactive",
            "port 2181 held by zookeeper",
            "port 2182 free",
            "port 2183 foreign web server[123]",
            "disk /data/1 mounted size-mib=100 free-mib=7",
            "evidence zookeeper-born no",
            "role zookeeper leader",
        );
        assert.equal(facts.values.get("os"), "debian 12 x86_64");
        assert.equal(facts.token, "2026-01-01T00:00:00.000Z,new");
        assert.equal(facts.manifest, undefined);
        assert.deepEqual(facts.drift, ["file /etc/x content"]);
        assert.deepEqual(facts.diffs.get("file /etc/x"), ["-old", "+new"]);
        assert.equal(facts.warnings.length, 1);
        assert.deepEqual(facts.units.get("zookeeper"), {
            active: true,
            running: "aaa",
            current: "bbb",
            wanted: undefined,
            rolled: "t",
        });
        assert.equal(facts.units.get("spark-master")?.active, false);
        assert.deepEqual(
            [...facts.ports],
            [
                [2181, "zookeeper"],
                [2182, "free"],
                [2183, "foreign web server[123]"],
            ],
        );
        assert.deepEqual(facts.disks.get("/data/1"), {
            kind: "mounted",
            "size-mib": "100",
            "free-mib": "7",
        });
        assert.equal(facts.evidence.get("zookeeper-born"), "no");
        assert.equal(facts.roles.get("zookeeper"), "leader");
    });

    it("never throws, and invents no drift, whatever a host prints", () => {
        const kinds = ["drift", "diff", "|", "warning", "unit", "port", "disk", "evidence", "role"];
        const traps = ["__proto__", "constructor", "hasOwnProperty", "toString", "token", ""];
        const word = fc.oneof(fc.constantFrom(...kinds, ...traps), fc.string());
        const text = fc
            .array(fc.array(word).map((words) => words.join(" ")))
            .map((lines) => lines.join("\n"));
        fc.assert(
            fc.property(fc.oneof(text, fc.string({ unit: "binary" })), (output) => {
                const facts = parseFacts(output);
                const drifts = output.split("\n").filter((l) => /^drift( |$)/.test(l));
                assert.equal(facts.drift.length, drifts.length);
            }),
        );
    });
});

const wanted = manifestDigest("wanted");

/** Facts of a stamp; undefined where the host has none. */
const stamp = (
    token: string | undefined,
    manifest: string | undefined,
    drift: readonly string[],
): HostFacts =>
    says(
        `token ${token ?? "-"}`,
        `manifest ${manifest ?? "-"}`,
        ...drift.map((item) => `drift ${item}`),
    );

describe("convergeToken", () => {
    it("echoes the host's token only when it is in step (18 combinations)", () => {
        const drifts = [[], ["file /etc/x content"], ["package a missing", "unit b inactive"]];
        for (const [token, manifest, drift] of combinations(
            ["kept", undefined],
            [wanted, manifestDigest("older"), undefined],
            drifts,
        )) {
            const got = convergeToken(stamp(token, manifest, drift), wanted, now);
            const inStep = token !== undefined && manifest === wanted && drift.length === 0;
            if (inStep) assert.equal(got, "kept");
            else assert.match(got, /^2026-01-02T03:04:05\.678Z,\S+$/);
        }
        assert.match(convergeToken(undefined, wanted, now), /,new$/);
    });

    it("names what is out of step, without blanks, quotes or contents", () => {
        const facts = stamp("kept", wanted, ["file /etc/a'b $(x) content", "unit c inactive"]);
        const got = convergeToken(facts, wanted, now);
        assert.equal(got, "2026-01-02T03:04:05.678Z,file_/etc/a_b_x_content,unit_c_inactive");
    });

    it("is one shell word of bounded length, and the old one exactly when in step", () => {
        const text = fc.string().map((s) => s.replace(/[\n]/g, ""));
        const digest = fc.constantFrom(wanted, "other");
        fc.assert(
            fc.property(fc.array(text), digest, fc.boolean(), (drift, manifest, has) => {
                const facts = stamp(has ? "kept" : undefined, manifest, drift);
                const got = convergeToken(facts, wanted, now);
                assert.equal(got === "kept", has && manifest === wanted && drift.length === 0);
                assert.match(got, /^[\w./:@=,+-]{1,240}$/);
            }),
        );
    });
});

describe("rollToken", () => {
    interface State {
        readonly active: boolean;
        readonly running: string | undefined;
        readonly rolled: string | undefined;
    }
    const states: State[] = combinations(
        [true, false],
        ["good", "older", undefined],
        ["t1", "t2", undefined],
    ).map(([active, running, rolled]) => ({ active, running, rolled }));
    const line = (name: string, { active, running, rolled }: State) =>
        `unit ${name} ${active ? "active" : "inactive"} running=${running ?? "-"} rolled=${rolled ?? "-"}`;
    const units = [
        { name: "a", digest: "good" },
        { name: "b", digest: "good" },
    ];
    const inStep = (row: readonly State[]) =>
        row.every(
            ({ active, running, rolled }) => active && running === "good" && rolled !== undefined,
        ) && new Set(row.map(({ rolled }) => rolled)).size === 1;

    it("echoes only when all units run what is wanted since one roll (18 + 324 combinations)", () => {
        for (const row of [...combinations(states), ...combinations(states, states)]) {
            const own = units.slice(0, row.length);
            const facts = says(...row.map((state, i) => line(own[i]?.name ?? "", state)));
            const got = rollToken(facts, own, now);
            if (inStep(row)) assert.equal(got, row[0].rolled);
            else assert.match(got, /^2026-01-02T03:04:05\.678Z,(a|b|a,b|new)$/);
        }
    });

    it("marks a new token of a run that restarts nothing, and echoes one that is marked", () => {
        assert.match(rollToken(undefined, units, now, true), /^2026[^,]*,starts-only,a,b$/);
        const marked = "2026-01-01T00:00:00.000Z,starts-only,a";
        const facts = says(`unit a active running=good rolled=${marked}`);
        assert.equal(rollToken(facts, units.slice(0, 1), now), marked);
    });

    it("never echoes what it did not see", () => {
        assert.match(rollToken(undefined, units, now), /,a,b$/);
        assert.match(rollToken(says(), [], now), /,new$/);
    });

    it("echoes only when in step, whatever the digests", () => {
        const word = fc.stringMatching(/^[a-z0-9]{1,4}$/);
        const state = fc.record({ active: fc.boolean(), running: word, rolled: word });
        fc.assert(
            fc.property(fc.array(state, { minLength: 1, maxLength: 4 }), word, (row, digest) => {
                const own = row.map((_, i) => ({ name: `u${i}`, digest }));
                const facts = says(...row.map((s, i) => line(`u${i}`, s)));
                const echoed = !rollToken(facts, own, now).startsWith("2026-");
                const all = row.every((s) => s.active && s.running === digest);
                assert.equal(echoed, all && new Set(row.map((s) => s.rolled)).size === 1);
            }),
        );
    });
});
