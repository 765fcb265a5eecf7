// SPDX-License-Identifier: Apache-2.0
/** Members that leave: one at a time, by what hosts noted before. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { HostConfig, Role } from "../../lib/config/schema.ts";
import type { Answer } from "../../lib/facts/gather.ts";
import { leaving, leavingTogether, membersNote, watchedRoles } from "../../lib/facts/membership.ts";
import { quorumRoles } from "../../lib/topology.ts";
import { combinations, says } from "./answers.ts";
import { changedStack } from "./declared.ts";
import { loadStack, plan } from "./stacks.ts";

const facts = (...lines: string[]): Answer => ({ kind: "facts", facts: says(...lines) });
const silent: Answer = { kind: "unreachable", reason: "no route" };
const noted = (role: Role, members: string) => facts(`note ${membersNote(role)} ${members}`);

/** A configuration in which the hosts a to e have one role, but for those that have left. */
function config(
    role: Role,
    away: Readonly<Record<string, "gone" | "down" | "lost">>,
    protect = true,
) {
    const base = changedStack("lab", {}, { protect });
    const [pattern] = base.hosts as [HostConfig];
    const hosts = ["a", "b", "c", "d", "e"]
        .filter((name) => away[name] !== "gone")
        .map((name, i): HostConfig => {
            const state = away[name] ?? "present";
            return {
                ...pattern,
                id: i + 1,
                name,
                roles: [role],
                state: state === "gone" ? "present" : state,
            };
        });
    return { ...base, hosts };
}

describe("members that leave", () => {
    it("are watched in every role that votes or holds data", () => {
        assert.deepEqual(
            [...watchedRoles].sort(),
            [...quorumRoles, "datanode", "kafka-broker"].sort(),
        );
    });

    it("one may, more may not; without protection workers may (128 combinations)", () => {
        const ways = [undefined, "gone", "down", "lost"] as const;
        for (const [role, protect, a, b] of combinations(
            ["zookeeper", "spark-master", "datanode", "kafka-broker"],
            [true, false],
            ways,
            ways,
        ) as [Role, boolean, (typeof ways)[number], (typeof ways)[number]][]) {
            const away = { ...(a && { a }), ...(b && { b }) };
            const found = leavingTogether(
                config(role, away, protect),
                new Map([["e", noted(role, "a,b,c,d,e")]]),
            );
            const votes = quorumRoles.includes(role);
            const counts = (way: typeof a) => way === "gone" || (way === "lost" && votes);
            const refused = counts(a) && counts(b) && (votes || protect);
            assert.equal(found.length, refused ? 1 : 0, [role, protect, a, b].join());
            if (refused)
                assert.deepEqual(found[0], {
                    path: "hosts",
                    what: `2 members of ${role} would leave in one run (a, b)`,
                    fix: "take out one, up, and then the next; for now put b back",
                });
        }
    });

    it("are those that any host still counts: a run that was cut off is finished first", () => {
        const answers = new Map([
            ["c", noted("zookeeper", "b,c,d,e")],
            ["d", noted("zookeeper", "a,b,c,d,e")],
            ["e", silent],
        ]);
        assert.deepEqual(leaving("zookeeper", config("zookeeper", { a: "gone" }), answers), ["a"]);
        assert.equal(
            leavingTogether(config("zookeeper", { a: "gone", b: "gone" }), answers).length,
            1,
        );
    });

    it("are none before the first run, and none where a role was not there", () => {
        for (const answers of [
            new Map(),
            new Map([["a", facts()]]),
            new Map([["a", noted("zookeeper", "-")]]),
        ])
            assert.deepEqual(
                leavingTogether(config("zookeeper", { b: "gone", c: "gone" }), answers),
                [],
            );
    });

    it("members that come do not count, whatever else happens", () => {
        const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "x", "y"), {
            minLength: 1,
        });
        fc.assert(
            fc.property(names, (before) => {
                const found = leaving(
                    "zookeeper",
                    config("zookeeper", {}),
                    new Map([["a", noted("zookeeper", before.join(","))]]),
                );
                assert.deepEqual(found, before.filter((name) => "xy".includes(name)).sort());
            }),
        );
    });

    it("every host of a stack is told all members, and how removal is done", () => {
        for (const [stack, mode] of [
            ["lab", "free"],
            ["prod", "gated"],
        ] as const) {
            const loaded = loadStack(stack);
            for (const host of loaded.hosts) {
                const { manifest } = plan(loaded, host);
                assert.ok(manifest.includes(`\nnote removal ${mode}\n`));
                for (const role of watchedRoles) {
                    const members = loaded.hosts
                        .filter((h) => h.roles.includes(role))
                        .map((h) => h.name);
                    assert.ok(
                        manifest.includes(`\nnote members.${role} ${members.join(",")}\n`),
                        role,
                    );
                }
            }
        }
    });
});
