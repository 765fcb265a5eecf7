// SPDX-License-Identifier: Apache-2.0
/** What the commands share: the stack that was named, and what its hosts say. */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { loadArtifacts } from "../components/artifacts.ts";
import { planHosts, questionsFor, type Artifacts, type HostPlan } from "../components/sections.ts";
import { isSecretKey } from "../lib/config/secrets.ts";
import { gatherFacts, type Answer, type Asking } from "../lib/facts/gather.ts";
import { loadStack, ownValues, type Stack } from "../lib/stack.ts";
import { stackSecrets } from "./secrets.ts";

/** Options of the commands that look at a stack. */
export function stackOptions(args: string[]): { stack: string; json: boolean } {
    const { values } = parseArgs({
        args,
        options: {
            stack: { type: "string", short: "s" },
            json: { type: "boolean", default: false },
        },
    });
    if (values.stack === undefined) throw new Error("name the stack: --stack lab");
    return { stack: values.stack, json: values.json };
}

/** What a stack's file says, by key without the project's name. Encrypted values stay encrypted. */
export async function readStackFile(name: string): Promise<Record<string, unknown>> {
    const file = `stacks/Pulumi.${name}.yaml`;
    const text = await readFile(file, "utf8").catch((error: unknown) => {
        throw new Error(`there is no stack ${name}: ${String(error)}`);
    });
    const { config = {} } = parse(text) as { config?: Record<string, unknown> };
    return ownValues(config);
}

/** Reads a stack's file, as the engine does, and the secrets in it. */
export async function readStack(name: string): Promise<Stack> {
    const values = await readStackFile(name);
    return loadStack(name, withoutSecrets(values), stackSecrets(name, values));
}

/** What is no secret of the values of a stack's file. */
export const withoutSecrets = (values: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(values).filter(([key]) => !isSecretKey(key)));

export interface Seen {
    readonly stack: Stack;
    readonly artifacts: Artifacts;
    readonly plans: readonly HostPlan[];
    readonly answers: ReadonlyMap<string, Answer>;
}

/** Asks all hosts of a stack that are not declared down. Touches nothing. */
export async function lookAt(name: string, asking: Asking = {}): Promise<Seen> {
    const stack = await readStack(name);
    const artifacts = await loadArtifacts();
    const plans = planHosts(stack.config, stack.targets, artifacts);
    const questions = questionsFor(stack.targets, plans);
    const say = (line: string) => {
        console.error(line);
    };
    const answers = await gatherFacts(questions, false, { say, ...asking });
    return { stack, artifacts, plans, answers };
}
