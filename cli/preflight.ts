// SPDX-License-Identifier: Apache-2.0
import { artifactSizes } from "../components/sections.ts";
import { ConfigError } from "../lib/config/diagnostics.ts";
import { judge } from "../lib/facts/survey.ts";
import { lookAt, stackOptions } from "./stack.ts";

/** `metalstream preflight`: the checks of `pulumi up`, alone. */
export async function preflightCommand(args: string[]): Promise<number> {
    const { stack: name, json } = stackOptions(args);
    const { stack, artifacts, answers } = await lookAt(name, { thorough: true });
    const hosts = stack.targets.map((target) => target.config);
    const result = judge(stack.config, hosts, answers, artifactSizes(artifacts));
    if (json) {
        console.log(JSON.stringify(result, null, 4));
    } else {
        for (const warning of result.warnings) console.log(`warning: ${warning}`);
        if (result.errors.length > 0)
            console.log(new ConfigError("preflight", result.errors).message);
        else console.log(`preflight: ${stack.targets.length} hosts, nothing stands in the way`);
    }
    return result.errors.length > 0 ? 1 : 0;
}
