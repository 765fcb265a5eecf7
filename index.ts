// SPDX-License-Identifier: Apache-2.0
/** The program: configuration -> facts -> preflight -> the platform. */
import * as pulumi from "@pulumi/pulumi";
import { Fleet } from "./components/fleet.ts";
import { loadArtifacts } from "./components/artifacts.ts";
import { Platform } from "./components/platform.ts";
import { artifactSizes, planHosts, questionsFor } from "./components/sections.ts";
import { driftReport } from "./lib/facts/report.ts";
import { restartReport } from "./lib/facts/restarts.ts";
import { survey } from "./lib/facts/survey.ts";
import { runningStack } from "./lib/stack.ts";

// Node's util.inspect takes some 20 s over the paths that the SDK's source maps put into an error's stack.
Reflect.set(Error, "prepareStackTrace", undefined);

const stack = await runningStack(pulumi.getStack(), pulumi.runtime.allConfig()).catch(asRunError);
const { config } = stack;
const artifacts = await loadArtifacts().catch(asRunError);
const plans = orRunError(() => planHosts(config, stack.targets, artifacts));

if (config.facts === "off" && !pulumi.runtime.isDryRun()) {
    throw new pulumi.RunError("facts: off is for previews only; up must see the hosts");
}
const questions = config.facts === "off" ? [] : questionsFor(stack.targets, plans);
const say = (text: string) => void pulumi.log.info(text);
const preview = pulumi.runtime.isDryRun();
const { answers, warnings } = await survey(config, questions, artifactSizes(artifacts), {
    preview,
    say,
}).catch(asRunError);
for (const warning of warnings) await pulumi.log.warn(warning);

for (const [host, answer] of answers) {
    const drift = answer.kind === "facts" ? driftReport(host, answer.facts) : undefined;
    if (drift !== undefined && preview) await pulumi.log.info(drift);
}

const units = plans.map(({ host, units }) => ({ host: host.name, units }));
const fleet = new Fleet(config, [...stack.targets, ...stack.lost], answers, units, new Date());
const platform = new Platform("platform", { fleet, plans, artifacts });
const restarts = restartReport(fleet.rolls, answers);
if (restarts !== undefined && preview) say(restarts);

export const addresses = platform.addresses;

function orRunError<T>(make: () => T): T {
    try {
        return make();
    } catch (error) {
        return asRunError(error);
    }
}

/** Findings are for a person: without a stack trace. */
function asRunError(error: unknown): never {
    throw error instanceof Error ? new pulumi.RunError(error.message) : error;
}
