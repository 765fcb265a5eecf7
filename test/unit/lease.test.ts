// SPDX-License-Identifier: Apache-2.0
/** The run lease: never two runs at once, whatever happens in which order. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import type { HostConfig } from "../../lib/config/schema.ts";
import { busyHosts, patiently, untilIdle } from "../../lib/facts/exclusive.ts";
import type { Answer } from "../../lib/facts/gather.ts";
import {
    foreignFinding,
    giveLease,
    holderText,
    leaseAnswer,
    leaseHosts,
    renewLease,
    takeLease,
    type AskLease,
} from "../../lib/facts/lease.ts";
import { isDeadHere, startOf, thisRunner, type Runner } from "../../lib/facts/runner.ts";
import type { Target } from "../../lib/target.ts";
import { combinations, says } from "./answers.ts";
import { loadStack } from "./stacks.ts";

const [pattern] = loadStack("lab").hosts as [HostConfig];
const target = (name: string, id: number, more: Partial<HostConfig> = {}): Target => ({
    config: { ...pattern, name, id, ...more },
    endpoint: { host: "192.0.2.1", port: 22, user: "ops", hostKey: "" },
    timeouts: { connect: 5, question: 5, command: 5 },
});
const names = (targets: readonly Target[]) => targets.map(({ config }) => config.name);
const three = [target("a", 1), target("b", 2), target("c", 3)];
const runner = (run: string): Runner => ({ ...thisRunner(), run, who: `${run}@desk`, pid: run });

/** Hosts as host/lease.sh keeps them; `wait` is called before each answer. */
class Hosts {
    readonly holders = new Map<string, string>();
    readonly silent = new Set<string>();
    readonly ask: AskLease;

    constructor(wait: (what: string) => Promise<unknown> = () => Promise.resolve()) {
        this.ask = async (on, words) => {
            await wait(`${on.config.name} ${words.slice(0, 12)}`);
            const answer = this.#answer(on.config.name, words);
            await wait(`${on.config.name} answers`);
            return answer;
        };
    }

    #answer(host: string, words: string): Answer {
        if (this.silent.has(host)) return { kind: "unreachable", reason: "no route" };
        const value = (key: string) => new RegExp(`${key}=(\\S+)`).exec(words)?.[1] ?? "";
        const run = value("run");
        const holder = this.holders.get(host);
        if (words.startsWith("give") && holder === run) this.holders.delete(host);
        if (
            words.startsWith("take") &&
            (holder === undefined || [run, value("over")].includes(holder))
        ) {
            this.holders.set(host, run);
            return { kind: "facts", facts: says(`lease own run=${run}`) };
        }
        const now = this.holders.get(host);
        const held = `held run=${now ?? ""} who=${now ?? ""}@desk pid=7 started=9 machine=m taken=1790000000 until=1790000120`;
        return { kind: "facts", facts: says(`lease ${now === undefined ? "none" : held}`) };
    }
}

const nobodyDied = () => false;

describe("the run lease", () => {
    it("lies on the hosts that vote; on the first three where fewer do; never on hosts that are away", () => {
        const worker = { roles: ["datanode" as const] };
        const mixed = [
            target("w", 9, worker),
            ...three,
            target("x", 4, { state: "down" }),
            target("y", 5, { state: "lost" }),
        ];
        assert.deepEqual(names(leaseHosts(mixed)), ["a", "b", "c"]);
        const few = [
            target("w3", 9, worker),
            target("w2", 8, worker),
            target("w1", 7, worker),
            target("v", 10, worker),
        ];
        assert.deepEqual(names(leaseHosts(few)), ["w1", "w2", "w3"]);
    });

    it("is taken on all hosts, renewed, and given back", async () => {
        const hosts = new Hosts();
        const me = runner("one");
        const { held, foreign } = await takeLease(three, me, nobodyDied, hosts.ask);
        assert.deepEqual([names(held), foreign], [["a", "b", "c"], []]);
        assert.equal(await renewLease(held, me, hosts.ask), undefined);
        await giveLease(held, "one", hosts.ask);
        assert.equal(hosts.holders.size, 0);
    });

    it("is taken on none where another run has it on one, which is named, with what to do", async () => {
        for (const taken of ["a", "b", "c"]) {
            const hosts = new Hosts();
            hosts.holders.set(taken, "other");
            const { held, foreign } = await takeLease(three, runner("one"), nobodyDied, hosts.ask);
            assert.deepEqual(held, []);
            assert.deepEqual([...hosts.holders], [[taken, "other"]]);
            assert.deepEqual(foreign.map(foreignFinding), [
                {
                    path: taken,
                    what: "another run is at work: other@desk, process 7, since 2026-09-21T14:13:20Z, until 2026-09-21T14:15:20Z unless renewed",
                    fix: "wait for that run; a lease that nobody renews ends within 120 s; if you know that it is dead: npx metalstream lease break",
                },
            ]);
        }
    });

    it("is taken over at once from a process of this machine that is dead", async () => {
        const hosts = new Hosts();
        for (const { config } of three) hosts.holders.set(config.name, "dead");
        const { held } = await takeLease(
            three,
            runner("one"),
            ({ run }) => run === "dead",
            hosts.ask,
        );
        assert.equal(held.length, 3);
        assert.deepEqual([...hosts.holders.values()], ["one", "one", "one"]);
    });

    it("does without hosts that do not answer: preflight judges those", async () => {
        const hosts = new Hosts();
        hosts.silent.add("b");
        const { held, foreign } = await takeLease(three, runner("one"), nobodyDied, hosts.ask);
        assert.deepEqual([names(held), foreign], [["a", "c"], []]);
    });

    it("says who has it when it was lost", async () => {
        const hosts = new Hosts();
        const me = runner("one");
        const { held } = await takeLease(three, me, nobodyDied, hosts.ask);
        hosts.holders.set("c", "other");
        const lost = await renewLease(held, me, hosts.ask);
        assert.equal(lost?.host, "c");
        assert.match(holderText(lost.holder), /^other@desk, process 7, since /);
    });

    it("is never had by two of three runs that overlap, and by one at least, whatever comes first", async () => {
        await fc.assert(
            fc.asyncProperty(fc.scheduler(), async (scheduler) => {
                const hosts = new Hosts((what) => scheduler.schedule(Promise.resolve(), what));
                const runs = ["one", "two", "three"].map((run) =>
                    takeLease(three, runner(run), nobodyDied, hosts.ask),
                );
                await scheduler.waitFor(Promise.all(runs));
                const results = await Promise.all(runs);
                const winners = results.filter(({ held }) => held.length > 0);
                assert.equal(winners.length, 1);
                assert.equal(winners[0]?.held.length, 3);
                assert.equal(new Set(hosts.holders.values()).size, 1);
                assert.equal(hosts.holders.size, 3);
            }),
        );
    });

    it("is waited for where a process of this machine has it, which ends; and nowhere else", async () => {
        for (const [machine, rounds, expected] of [
            ["m", 3, 4],
            ["m", 99, 31],
            ["elsewhere", 3, 1],
        ] as const) {
            const hosts = new Hosts();
            hosts.holders.set("a", "other");
            const me = { ...runner("one"), machine };
            let taken = 0;
            const take = () => {
                taken += 1;
                if (taken > rounds) hosts.holders.delete("a");
                return takeLease(three, me, nobodyDied, hosts.ask);
            };
            const said: string[] = [];
            const { held } = await patiently(
                take,
                me,
                (text) => said.push(text),
                () => Promise.resolve(),
            );
            assert.equal(taken, expected);
            assert.equal(held.length, expected === 4 ? 3 : 0);
            assert.equal(said.length, machine === "m" ? 1 : 0);
        }
    });

    it("reads whatever a host says", () => {
        fc.assert(
            fc.property(fc.string(), (text) => {
                const said = leaseAnswer({ kind: "facts", facts: says(`lease ${text}`) });
                if (typeof said === "object") assert.equal(typeof holderText(said), "string");
            }),
        );
        assert.equal(leaseAnswer({ kind: "failed", reason: "x" }), undefined);
    });
});

describe("a runner", () => {
    it("is dead only where its process was on this start of this machine, and is gone (12 combinations)", () => {
        const me = { ...runner("me"), machine: "here" };
        for (const [machine, mine, start] of combinations(
            ["here", "there"],
            ["here", "unknown"],
            ["5", "6", undefined],
        )) {
            const dead = isDeadHere(
                { ...runner("x"), machine, started: "5" },
                { ...me, machine: mine },
                () => start,
            );
            assert.equal(dead, machine === "here" && mine === "here" && start !== "5");
        }
        assert.equal(
            isDeadHere(
                { ...me, machine: "unknown" },
                { ...me, machine: "unknown" },
                () => undefined,
            ),
            false,
        );
    });

    it("lives while this process does, and its words fit into a command", () => {
        const me = thisRunner();
        assert.equal(isDeadHere(me, me), false);
        assert.equal(startOf(me.pid), me.started);
        assert.equal(startOf("999999999"), undefined);
        for (const value of Object.values(me) as string[])
            assert.match(value, /^[A-Za-z0-9@._-]+$/);
    });

    it("is dead once its process has ended", () => {
        const { stdout } = spawnSync("sh", ["-c", "echo $$; cut -d ' ' -f 22 /proc/$$/stat"], {
            encoding: "utf8",
        });
        const [pid = "", started = ""] = stdout.split("\n");
        const me = thisRunner();
        assert.equal(isDeadHere({ ...me, pid, started }, me), true);
    });
});

describe("left-over commands", () => {
    const busy: Answer = {
        kind: "facts",
        facts: says("busy roll pid 12 since 2026-01-02T03:04:05Z"),
    };
    const idle: Answer = { kind: "facts", facts: says("os debian") };

    it("are waited for, said once, and only busy hosts are asked again", async () => {
        const said: string[] = [];
        const asked: string[] = [];
        const again = (hosts: readonly string[]) => {
            asked.push(hosts.join());
            return Promise.resolve(
                new Map(hosts.map((host) => [host, asked.length < 3 ? busy : idle])),
            );
        };
        const first = new Map([
            ["a", idle],
            ["b", busy],
        ]);
        const known = await untilIdle(first, again, (text) => said.push(text), 60);
        assert.deepEqual(busyHosts(known), []);
        assert.deepEqual(asked, ["b", "b", "b"]);
        assert.deepEqual(said, [
            "b: waiting for roll (process 12, since 2026-01-02T03:04:05Z) of an earlier run",
        ]);
    });

    it("are given up after so many rounds, and are then named", async () => {
        const again = () => Promise.resolve(new Map([["b", busy]]));
        const known = await untilIdle(new Map([["b", busy]]), again, () => undefined, 3);
        assert.deepEqual(busyHosts(known), [
            ["b", "roll (process 12, since 2026-01-02T03:04:05Z)"],
        ]);
    });
});
