// SPDX-License-Identifier: Apache-2.0
/** What becomes of the keys that hosts present, and of the file that pins them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { describeKey, verdict, type Presented, type Verdict } from "../../cli/host-keys.ts";
import { parseKnownHosts, withPinned } from "../../lib/known-hosts.ts";

const print = (key: string) => `SHA256:${key.split(" ")[1] ?? ""}`;
const host = (pinned: string | undefined, found: string | undefined): Presented => ({
    name: "w1",
    knownName: "10.0.0.1",
    pinned: pinned === undefined ? undefined : `ssh-ed25519 ${pinned}`,
    key: found === undefined ? { missing: "ECONNREFUSED" } : { found: `ssh-ed25519 ${found}` },
});

describe("the verdict on a host's key", () => {
    const cases: readonly (readonly [
        string | undefined,
        string | undefined,
        string[],
        string | undefined,
        Verdict,
    ])[] = [
        // pinned, found, --replace, --expect
        [undefined, "A", [], undefined, "pin"],
        [undefined, "A", [], "SHA256:A", "pin"],
        [undefined, "A", [], "SHA256:B", "unexpected"],
        [undefined, "A", ["w1"], "SHA256:B", "unexpected"],
        ["A", "A", [], undefined, "same"],
        ["A", "A", ["w1"], undefined, "same"],
        ["A", "A", [], "SHA256:B", "unexpected"],
        ["B", "A", [], undefined, "changed"],
        ["B", "A", [], "SHA256:A", "changed"],
        ["B", "A", ["w2"], undefined, "changed"],
        ["B", "A", ["w1"], undefined, "pin"],
        ["B", "A", ["w1"], "SHA256:A", "pin"],
        ["B", "A", ["w1"], "SHA256:B", "unexpected"],
        ["A", undefined, ["w1"], "SHA256:A", "missing"],
    ];
    for (const [pinned, found, replace, expect, is] of cases) {
        const given = `${replace.map((name) => ` --replace ${name}`).join("")}${expect === undefined ? "" : ` --expect ${expect}`}`;
        it(`pinned ${pinned ?? "none"}, found ${found ?? "none"}${given}: ${is}`, () => {
            const consent = { replace: new Set(replace), expect };
            assert.equal(verdict(host(pinned, found), consent, print), is);
        });
    }

    it("is shown next to what was pinned", () => {
        assert.equal(
            describeKey(host(undefined, "A"), "pin", print),
            "w1         10.0.0.1               ssh-ed25519 SHA256:A  to be pinned",
        );
        assert.equal(
            describeKey(host("B", "A"), "changed", print),
            [
                "w1         10.0.0.1               ssh-ed25519 SHA256:A  CHANGED: reinstalled, or another machine answers. Once you know which, name it: --replace w1",
                "                                  ssh-ed25519 SHA256:B  pinned until now",
            ].join("\n"),
        );
    });
});

describe("the file of pinned keys", () => {
    it("keeps comments, hashed names, markers, and other names of a line", () => {
        const text = [
            "# ours",
            "a,b ssh-ed25519 OLD comment",
            "|1|x|y ssh-ed25519 H",
            "@revoked a ssh-ed25519 R",
            "c ssh-rsa C",
            "",
        ].join("\n");
        assert.equal(
            withPinned(text, new Map([["a", "ssh-ed25519 NEW"]])),
            [
                "# ours",
                "b ssh-ed25519 OLD comment",
                "|1|x|y ssh-ed25519 H",
                "@revoked a ssh-ed25519 R",
                "c ssh-rsa C",
                "a ssh-ed25519 NEW",
                "",
            ].join("\n"),
        );
    });

    it("is made where there is none", () => {
        assert.equal(
            withPinned("", new Map([["[a]:2222", "ssh-ed25519 A"]])),
            "[a]:2222 ssh-ed25519 A\n",
        );
    });

    it("has the new keys, and of other names what it had (property)", () => {
        const name = fc.constantFrom("a", "b", "[c]:2222", "10.0.0.1", "a,b");
        const line = fc.oneof(
            fc.tuple(name, fc.constantFrom("K1", "K2")).map(([n, k]) => `${n} ssh-ed25519 ${k}`),
            fc.constantFrom("", "# x", "  ", "junk"),
        );
        fc.assert(
            fc.property(fc.array(line), fc.constantFrom("a", "b", "d"), (lines, pinned) => {
                const before = lines.join("\n");
                const after = parseKnownHosts(
                    withPinned(before, new Map([[pinned, "ssh-ed25519 NEW"]])),
                );
                const expected = new Map(parseKnownHosts(before)).set(pinned, "ssh-ed25519 NEW");
                assert.deepEqual([...after].sort(), [...expected].sort());
            }),
        );
    });
});
