// SPDX-License-Identifier: Apache-2.0
/** What the commands share: the stack that was named, and what its hosts say. */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { loadArtifacts } from "../components/artifacts.ts";
import { planHost, type HostPlan } from "../components/sections.ts";
import { gatherFacts, type Answer } from "../lib/facts/gather.ts";
import { loadStack, type Stack } from "../lib/stack.ts";

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

/** Reads a stack's file, as the engine does. Encrypted values are not needed here and stay encrypted. */
export async function readStack(name: string): Promise<Stack> {
    const file = `stacks/Pulumi.${name}.yaml`;
    const text = await readFile(file, "utf8").catch((error: unknown) => {
        throw new Error(`there is no stack ${name}: ${String(error)}`);
    });
    const { config = {} } = parse(text) as { config?: Record<string, unknown> };
    const prefix = "metalstream:";
    const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
    return loadStack(
        name,
        Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])),
    );
}

export interface Seen {
    readonly stack: Stack;
    readonly plans: readonly HostPlan[];
    readonly answers: ReadonlyMap<string, Answer>;
}

/** Asks all hosts of a stack that are not declared down. Touches nothing. */
export async function lookAt(name: string): Promise<Seen> {
    const stack = await readStack(name);
    const artifacts = await loadArtifacts();
    const plans = stack.targets.map((target) => planHost(stack.config, target.config, artifacts));
    const questions = stack.targets.flatMap((target, i) => {
        const plan = plans[i];
        return target.config.state === "present" && plan !== undefined
            ? [{ target, payload: plan.manifest + plan.questions }]
            : [];
    });
    return { stack, plans, answers: await gatherFacts(questions, false) };
}
