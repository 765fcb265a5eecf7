// SPDX-License-Identifier: Apache-2.0
/** Asks the hosts for a run that changes them: alone, and not in the middle of what an earlier run left at work. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Diagnostic } from "../config/diagnostics.ts";
import { ask, gatherFacts, type Answer, type Question } from "./gather.ts";
import {
    foreignFinding,
    holderText,
    leaseHosts,
    leaseTerm,
    renewLease,
    takeLease,
    type AskLease,
    type Holder,
    type Lease,
} from "./lease.ts";
import { isDeadHere, thisRunner, type Runner } from "./runner.ts";
import { writeTargets, type Target } from "../target.ts";

/** What the hosts said, and what besides preflight stands in the way. */
export interface Seen {
    readonly answers: ReadonlyMap<string, Answer>;
    readonly findings: readonly Diagnostic[];
    readonly warnings: readonly string[];
}

/** How long left-over commands are waited for, and how often hosts are asked meanwhile, milliseconds. */
const patience = { total: 600_000, pause: 2000 };

/** The verb `lease` over SSH. */
export const askLease: AskLease = (target, words) => ask(target, `lease ${words}`, "", false);

const busyOf = (answer: Answer | undefined) =>
    answer?.kind === "facts" ? answer.facts.values.get("busy") : undefined;

/** `roll pid 123 since T`, in words. */
const busyText = (busy: string) =>
    busy.replace(/^(\S+) pid (\d+) since (\S+)$/, "$1 (process $2, since $3)");

/** Hosts on which a changing verb is at work, with its text. */
export function busyHosts(answers: ReadonlyMap<string, Answer>): [host: string, text: string][] {
    return [...answers].flatMap(([host, answer]) => {
        const busy = busyOf(answer);
        return busy === undefined ? [] : [[host, busyText(busy)]];
    });
}

/**
 * Asks busy hosts again until none is busy or the time is over; says once what it waits for.
 * @param again asks the named hosts once more, some time later.
 */
export async function untilIdle(
    answers: ReadonlyMap<string, Answer>,
    again: (hosts: readonly string[]) => Promise<ReadonlyMap<string, Answer>>,
    say: (text: string) => void,
    rounds: number,
): Promise<ReadonlyMap<string, Answer>> {
    let known = answers;
    const said = new Set<string>();
    for (let round = 0; round < rounds; round++) {
        const busy = busyHosts(known);
        if (busy.length === 0) return known;
        for (const [host, text] of busy) {
            const line = `${host}: waiting for ${text} of an earlier run`;
            if (!said.has(line)) say(line);
            said.add(line);
        }
        known = new Map([...known, ...(await again(busy.map(([host]) => host)))]);
    }
    return known;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks all hosts for a preview: who is at work there is only said. */
export async function lookForPreview(questions: readonly Question[]): Promise<Seen> {
    const answers = await gatherFacts(questions, false);
    const warnings = busyHosts(answers).map(
        ([host, text]) => `${host}: ${text} is at work; what this preview says of it may change`,
    );
    return { answers, findings: [], warnings };
}

/**
 * Takes the lease; where a process of this machine has it, which Pulumi's own lock would have kept apart if it were in good order, waits half a
 * minute for its end: the program of an engine that was killed needs a moment to see that.
 */
export async function patiently(
    take: () => Promise<Lease>,
    me: Runner,
    say: (text: string) => void,
    wait: () => Promise<unknown>,
): Promise<Lease> {
    let lease = await take();
    for (let round = 0; round < 30; round++) {
        const [first] = lease.foreign;
        const isHere = lease.foreign.every(([, { machine }]) => machine === me.machine);
        if (first === undefined || !isHere) break;
        if (round === 0) say(`waiting for the end of another run: ${holderText(first[1])}`);
        await wait();
        lease = await take();
    }
    return lease;
}

/** Takes the run lease, then asks all hosts, waiting for what earlier runs left at work. The lease is kept until this process ends. */
export async function lookForUp(
    questions: readonly Question[],
    say: (text: string) => void,
): Promise<Seen> {
    const me = thisRunner();
    const targets = questions.map(({ target }) => target);
    const take = () => takeLease(targets, me, (holder) => isDeadHere(holder, me), askLease);
    const { held, foreign } = await patiently(take, me, say, () => pause(1000));
    if (foreign.length > 0)
        return { answers: new Map(), findings: foreign.map(foreignFinding), warnings: [] };
    keepUntilExit(held, me);
    const again = async (hosts: readonly string[]) => {
        await pause(patience.pause);
        return gatherFacts(
            questions.filter(({ target }) => hosts.includes(target.config.name)),
            true,
            { say },
        );
    };
    const first = await gatherFacts(questions, true, { say });
    const answers = await untilIdle(first, again, say, patience.total / patience.pause);
    const late = leaseHosts(targets).filter(
        (target) => !held.includes(target) && answers.get(target.config.name)?.kind === "facts",
    );
    return {
        answers,
        findings: [...late.map(lateFinding), ...busyHosts(answers).map(busyFinding)],
        warnings: [],
    };
}

/** It answers now, so another run may be at work on it as well. */
const lateFinding = ({ config: { name } }: Target): Diagnostic => ({
    path: name,
    what: "the run lease could not be taken on it, and then it answered",
    fix: "look at the space in its /run, and run up again",
});

const busyFinding = ([path, text]: [string, string]): Diagnostic => ({
    path,
    what: `${text} of an earlier run is still at work`,
    fix: "wait for it, it ends by its own time limit, and run up again; who: sudo cat /run/lock/metalstream.lock",
});

/** Renews the lease while this process lives, ends the process when somebody else has it, and gives it back at the end. */
function keepUntilExit(held: readonly Target[], me: Runner): void {
    if (held.length === 0) return;
    let asking = false;
    const renew = async () => {
        if (asking) return;
        asking = true;
        const lost = await renewLease(held, me, askLease).finally(() => (asking = false));
        if (lost !== undefined) stop(lost.host, lost.holder);
    };
    // The timer must not keep the process alive.
    setInterval(() => void renew(), (leaseTerm * 1000) / 4).unref();
    process.once("exit", () => {
        giveLater(held, me.run);
    });
}

/** Two runs at once are worse than one that ends in the middle. */
function stop(host: string, holder: Holder): never {
    console.error(
        `metalstream: ${host}: lease: this run lost it to ${holderText(holder)}; when that has ended, run up again`,
    );
    process.exit(1);
}

/** At its end a process can wait for nothing, so another one gives the lease back. */
function giveLater(held: readonly Target[], run: string): void {
    const script = fileURLToPath(new URL("./lease-give.ts", import.meta.url));
    const giver = spawn(process.execPath, [script, run], {
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
    });
    // Ways to hosts may hold secrets, which others could read in arguments. So little is in the pipe at once.
    giver.stdin.end(writeTargets(held));
    giver.unref();
}
