// SPDX-License-Identifier: Apache-2.0
/**
 * The run lease: while one run changes a platform, no other begins (docs/decisions/0012-run-lease.md). Taken before hosts are asked, so that
 * what they say is not changed by somebody else in between.
 */
import type { Diagnostic } from "../config/diagnostics.ts";
import type { Target } from "../target.ts";
import { quorumRoles } from "../topology.ts";
import type { Answer } from "./gather.ts";
import type { Runner } from "./runner.ts";

/** Seconds that a lease lasts without being renewed, by the clock of its host. */
export const leaseTerm = 120;

/** A run that has the lease of a host. */
export interface Holder extends Runner {
    /** Seconds since 1970, by the clock of the host. */
    readonly taken: number;
    readonly until: number;
}

/** Runs the verb `lease` of the host program with these words. */
export type AskLease = (target: Target, words: string) => Promise<Answer>;

/** What a lease could be taken on, and what stands in the way; then nothing is held. */
export interface Lease {
    readonly held: readonly Target[];
    /** Who has it, by host; then nothing is held. */
    readonly foreign: readonly (readonly [host: string, holder: Holder])[];
}

/**
 * Hosts that carry the lease: those that vote, since no run begins while one of them does not answer; where there are fewer than three, the
 * first three. Any two runs of a platform have one of them in common.
 */
export function leaseHosts(targets: readonly Target[]): Target[] {
    const present = targets
        .filter(({ config }) => config.state === "present")
        .sort((a, b) => a.config.id - b.config.id);
    const voting = present.filter(({ config }) =>
        config.roles.some((role) => quorumRoles.includes(role)),
    );
    return voting.length >= 3 ? voting : present.slice(0, 3);
}

/** What a host answered: `own`, `none`, the holder, or nothing that can be read. */
export function leaseAnswer(answer: Answer): "own" | "none" | Holder | undefined {
    const text = answer.kind === "facts" ? answer.facts.values.get("lease") : undefined;
    if (text === undefined) return undefined;
    if (text === "none") return "none";
    const values = new Map(
        text.split(" ").map((word): [string, string] => {
            const at = word.indexOf("=");
            return [word.slice(0, Math.max(at, 0)), word.slice(at + 1)];
        }),
    );
    const value = (key: string) => values.get(key) ?? "?";
    if (text.startsWith("own ")) return "own";
    return {
        run: value("run"),
        who: value("who"),
        pid: value("pid"),
        started: value("started"),
        machine: value("machine"),
        taken: Number(value("taken")),
        until: Number(value("until")),
    };
}

const takeWords = ({ run, who, pid, started, machine }: Runner, over?: string) =>
    `take run=${run} who=${who} pid=${pid} started=${started} machine=${machine} term=${leaseTerm}` +
    (over === undefined ? "" : ` over=${over}`);

const time = (seconds: number) =>
    Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString().slice(0, 19) + "Z" : "?";

/** A holder in words. */
export const holderText = ({ who, pid, taken, until }: Holder) =>
    `${who}, process ${pid}, since ${time(taken)}, until ${time(until)} unless renewed`;

/** A lease of somebody else as a finding. */
export const foreignFinding = ([path, holder]: readonly [string, Holder]): Diagnostic => ({
    path,
    what: `another run is at work: ${holderText(holder)}`,
    fix: `wait for that run; a lease that nobody renews ends within ${leaseTerm} s; if you know that it is dead: npx metalstream lease break`,
});

/** Takes the lease of a host. Whoever does not answer, or lets nobody run the program, is judged with all other findings of preflight. */
async function takeOne(
    target: Target,
    me: Runner,
    isDead: (holder: Holder) => boolean,
    ask: AskLease,
): Promise<Holder | "held" | undefined> {
    let said = leaseAnswer(await ask(target, takeWords(me)));
    // Its process was on this machine and is gone: nobody is going to renew that.
    if (typeof said === "object" && isDead(said))
        said = leaseAnswer(await ask(target, takeWords(me, said.run)));
    if (said === "own") return "held";
    return typeof said === "object" ? said : undefined;
}

/**
 * Takes the lease on all hosts that carry it, or on none. The first host goes first alone, so that of two runs that begin at once one gets
 * it, and not both some.
 */
export async function takeLease(
    targets: readonly Target[],
    me: Runner,
    isDead: (holder: Holder) => boolean,
    ask: AskLease,
): Promise<Lease> {
    const [first, ...others] = leaseHosts(targets);
    if (first === undefined) return { held: [], foreign: [] };
    const take = async (target: Target) => ({
        target,
        got: await takeOne(target, me, isDead, ask),
    });
    const begun = await take(first);
    const results = [
        begun,
        ...(typeof begun.got === "object" ? [] : await Promise.all(others.map(take))),
    ];
    const held = results.flatMap(({ target, got }) => (got === "held" ? [target] : []));
    const foreign = results.flatMap(({ target, got }) =>
        typeof got === "object" ? [[target.config.name, got] as const] : [],
    );
    if (foreign.length === 0) return { held, foreign };
    await giveLease(held, me.run, ask);
    return { held: [], foreign };
}

/** Gives the lease of a run back. Hosts that do not answer keep it until it ends by itself. */
export async function giveLease(
    targets: readonly Target[],
    run: string,
    ask: AskLease,
): Promise<Answer[]> {
    return Promise.all(targets.map((target) => ask(target, `give run=${run}`)));
}

/** Takes the lease for another term. @returns who has it now on a host where it is somebody else's. */
export async function renewLease(
    targets: readonly Target[],
    me: Runner,
    ask: AskLease,
): Promise<{ host: string; holder: Holder } | undefined> {
    const answers = await Promise.all(
        targets.map(async (target) => ({
            host: target.config.name,
            holder: leaseAnswer(await ask(target, takeWords(me))),
        })),
    );
    for (const { host, holder } of answers) if (typeof holder === "object") return { host, holder };
    return undefined;
}
