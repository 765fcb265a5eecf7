// SPDX-License-Identifier: Apache-2.0
/** Asks every host once, side by side, what it is and how it differs from its manifest. */
import { hostProgram } from "../host-program.ts";
import type { Target } from "../target.ts";
import { parseFacts, type HostFacts } from "./parse.ts";
import { runOnHost, SshError } from "./ssh.ts";

/** A host's answer, or why there is none. */
export type Answer =
    | { readonly kind: "facts"; readonly facts: HostFacts }
    | { readonly kind: "unreachable"; readonly reason: string }
    | { readonly kind: "failed"; readonly reason: string };

export interface Question {
    readonly target: Target;
    /** Manifest and questions (`port`, `disk`, `evidence` lines). */
    readonly payload: string;
}

/** How many hosts are asked at a time: enough to hide latency, few enough not to starve the others of CPU. */
const width = 64;
const limits = { connect: 15_000, command: 60_000 };

/**
 * The shell command that runs a verb of the host program, whose text comes first on standard input.
 * @param keep whether the program is put on the host (up), or leaves no trace (preview).
 */
function shellCommand(verb: string, keep: boolean): string {
    const { text, name, path } = hostProgram();
    const bytes = Buffer.byteLength(text);
    const directory = path.slice(0, path.lastIndexOf("/"));
    const stored =
        `mkdir -p ${directory} && head -c ${bytes} >${path}.$$ && chmod 755 ${path}.$$ && ` +
        `mv ${path}.$$ ${path} && exec ${path} ${verb}`;
    const passing = `exec /bin/bash <(head -c ${bytes}) ${verb} program=${name}`;
    return `sudo -n /bin/bash -c '${keep ? stored : passing}'`;
}

/** Runs a read-only verb of the host program on a host. */
export async function ask(
    target: Target,
    verb: string,
    payload: string,
    keep: boolean,
): Promise<Answer> {
    try {
        const stdin = hostProgram().text + payload;
        const { code, stdout, stderr, sent, received } = await runOnHost(
            target,
            shellCommand(verb, keep),
            stdin,
            limits,
        );
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
        if (error instanceof SshError) return { kind: "unreachable", reason: error.message };
        throw error;
    }
}

/** Asks all hosts. Answers are keyed by host name. */
export async function gatherFacts(
    questions: readonly Question[],
    keep: boolean,
): Promise<Map<string, Answer>> {
    const answers = new Map<string, Answer>();
    const queue = [...questions];
    const worker = async () => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
            answers.set(
                next.target.config.name,
                await ask(next.target, "check", next.payload, keep),
            );
        }
    };
    await Promise.all(Array.from({ length: Math.min(width, questions.length) }, worker));
    return answers;
}
