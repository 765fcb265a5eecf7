// SPDX-License-Identifier: Apache-2.0
/** A process of its own that asks all hosts of a stack what a preview asks, and prints how long that took, as JSON. Runs in the project's folder. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { loadArtifacts } from "../components/artifacts.ts";
import { planHost } from "../components/sections.ts";
import { gatherFacts } from "../lib/facts/gather.ts";
import { loadStack } from "../lib/stack.ts";

const [, , name = ""] = process.argv;
const file = parse(readFileSync(`stacks/Pulumi.${name}.yaml`, "utf8")) as {
    config: Record<string, unknown>;
};
const raw = Object.fromEntries(
    Object.entries(file.config).map(([key, value]) => [key.replace(/^metalstream:/, ""), value]),
);
const { config, targets } = await loadStack(name, raw);
const artifacts = await loadArtifacts();
const rendering = performance.now();
const questions = targets.map((target) => {
    const { manifest, questions } = planHost(config, target.config, artifacts);
    return { target, payload: manifest + questions };
});
const begin = performance.now();
const answers = await gatherFacts(questions, false);
const end = performance.now();
const { user, system } = process.cpuUsage();
console.log(
    JSON.stringify({
        rendering: (begin - rendering) / 1000,
        seconds: (end - begin) / 1000,
        cpuSeconds: (user + system) / 1e6,
        answered: [...answers.values()].filter(({ kind }) => kind === "facts").length,
    }),
);
