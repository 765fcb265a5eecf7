// SPDX-License-Identifier: Apache-2.0
/** The program: configuration -> facts -> preflight -> the platform. */
import * as pulumi from "@pulumi/pulumi";
import { Fleet } from "./components/fleet.ts";
import { loadArtifacts } from "./components/artifacts.ts";
import { Platform } from "./components/platform.ts";
import { planHost } from "./components/sections.ts";
import { ConfigError } from "./lib/config/diagnostics.ts";
import { gatherFacts } from "./lib/facts/gather.ts";
import { preflight } from "./lib/facts/preflight.ts";
import { driftReport } from "./lib/facts/report.ts";
import { loadStack, rawConfig } from "./lib/stack.ts";

// Node's util.inspect takes some 20 s over the paths that the SDK's source maps put into an error's stack.
Reflect.set(Error, "prepareStackTrace", undefined);

const stack = await loadStack(pulumi.getStack(), rawConfig(pulumi.runtime.allConfig())).catch(
    asRunError,
);
const { config } = stack;
const artifacts = await loadArtifacts().catch(asRunError);
const plans = stack.targets.map((target) => planHost(config, target.config, artifacts));

if (config.facts === "off" && !pulumi.runtime.isDryRun()) {
    throw new pulumi.RunError("facts: off is for previews only; up must see the hosts");
}
const asked =
    config.facts === "off"
        ? []
        : stack.targets.filter((target) => target.config.state === "present");
const questions = asked.map((target) => {
    const plan = plans.find(({ host }) => host.name === target.config.name);
    return { target, payload: `${plan?.manifest ?? ""}${plan?.questions ?? ""}` };
});
const answers = await gatherFacts(questions, !pulumi.runtime.isDryRun());

const { errors, warnings } = preflight(
    config,
    asked.map((target) => target.config),
    answers,
);
if (errors.length > 0) asRunError(new ConfigError("preflight", errors));
for (const warning of warnings) await pulumi.log.warn(warning);

for (const [host, answer] of answers) {
    const drift = answer.kind === "facts" ? driftReport(host, answer.facts) : undefined;
    if (drift !== undefined && pulumi.runtime.isDryRun()) await pulumi.log.info(drift);
}

const fleet = new Fleet(config, stack.targets, answers, new Date());
const platform = new Platform("platform", { fleet, plans, artifacts });

export const addresses = platform.addresses;

/** Findings are for a person: without a stack trace. */
function asRunError(error: unknown): never {
    throw error instanceof Error ? new pulumi.RunError(error.message) : error;
}
