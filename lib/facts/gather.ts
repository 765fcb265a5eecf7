// SPDX-License-Identifier: Apache-2.0
/** Asks every host once, side by side, what it is and how it differs from its manifest. */
import { carriedCommand, NOT_HERE, residentCommand } from "./carry.ts";
import { hostProgram } from "../host-program.ts";
import { rootCommand, rootInput } from "../sudo.ts";
import type { Target } from "../target.ts";
import { parseFacts, type HostFacts } from "./parse.ts";
import type { Say } from "./retry.ts";
import { runOnHost, SshError } from "./ssh.ts";

/** A host's answer, or why there is none. */
export type Answer =
    | { readonly kind: "facts"; readonly facts: HostFacts }
    | { readonly kind: "unreachable"; readonly reason: string }
    /** It is there, and must not be taken for one that is down: a wrong key, a refused login, a check that fails. */
    | { readonly kind: "failed"; readonly reason: string; readonly fix?: string };

export interface Question {
    readonly target: Target;
    /** Manifest and questions (`port`, `disk`, `evidence` lines). */
    readonly payload: string;
}

/** How many hosts are asked at a time: enough to hide latency, few enough not to starve the others of CPU. */
const width = 64;

/** Runs a read-only verb of the host program on a host. The program's text travels only where it does not lie yet. */
export async function ask(
    target: Target,
    verb: string,
    payload: string,
    keep: boolean,
    say?: Say,
): Promise<Answer> {
    const { timeouts, sudoPassword } = target;
    // The host's own limit comes first, since what it then says tells more.
    const limits = { connect: timeouts.connect * 1000, command: (timeouts.question + 5) * 1000 };
    const limited = `${verb} limit=${timeouts.question}`;
    const run = (command: string, stdin: string) =>
        runOnHost(
            target,
            rootCommand(command, sudoPassword),
            rootInput(stdin, sudoPassword),
            limits,
            say,
        );
    try {
        let result = await run(residentCommand(limited, keep), payload);
        if (result.code === NOT_HERE)
            result = await run(carriedCommand(limited, keep), hostProgram().text + payload);
        const { code, stdout, stderr, sent, received } = result;
        if (code === 0) {
            const facts = parseFacts(stdout);
            const values = new Map(facts.values).set(
                "asked-at",
                `${sent / 1000} ${received / 1000}`,
            );
            return { kind: "facts", facts: { ...facts, values } };
        }
        const said = stderr.trim() === "" ? stdout.trim() : stderr.trim();
        return { kind: "failed", reason: `${verb} ended with ${code}: ${said}` };
    } catch (error) {
        if (!(error instanceof SshError)) throw error;
        const { kind, message: reason } = error;
        if (kind !== "refused") return { kind: "unreachable", reason };
        return { kind: "failed", reason, fix: "see docs/operations.md, 'Ways to the hosts'" };
    }
}

/** How hosts are asked. */
export interface Asking {
    /** Is told what is waited for. @default nobody */
    readonly say?: Say;
    /** Whether names and the network are looked at on hosts that were converged before, too. @default false */
    readonly thorough?: boolean;
}

/** Asks all hosts. Answers are keyed by host name. */
export async function gatherFacts(
    questions: readonly Question[],
    keep: boolean,
    { say, thorough = false }: Asking = {},
): Promise<Map<string, Answer>> {
    const answers = new Map<string, Answer>();
    const verb = thorough ? "check preflight" : "check";
    const queue = [...questions];
    const worker = async () => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
            answers.set(
                next.target.config.name,
                await ask(next.target, verb, next.payload, keep, say),
            );
        }
    };
    await Promise.all(Array.from({ length: Math.min(width, questions.length) }, worker));
    return answers;
}
