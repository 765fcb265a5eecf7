// SPDX-License-Identifier: Apache-2.0
/** Asks all hosts, and judges what they say with everything that can stand in the way of a run, at once. */
import { ConfigError } from "../config/diagnostics.ts";
import type { Config, HostConfig } from "../config/schema.ts";
import { absentHosts } from "./absent.ts";
import { lookForPreview, lookForUp } from "./exclusive.ts";
import type { Answer, Question } from "./gather.ts";
import { leavingTogether } from "./membership.ts";
import { preflight, type Preflight } from "./preflight.ts";
import type { ArtifactSizes } from "./preflight/space.ts";

/** What a run may build on. */
export interface Survey {
    readonly answers: ReadonlyMap<string, Answer>;
    readonly warnings: readonly string[];
}

/** Every finding and warning about hosts and about what would change between them. Pure. */
export function judge(
    config: Config,
    hosts: readonly HostConfig[],
    answers: ReadonlyMap<string, Answer>,
    sizes: ArtifactSizes,
): Preflight {
    const { errors, warnings, leftAlone } = preflight(config, hosts, answers, sizes);
    return {
        errors: [...errors, ...leavingTogether(config, answers)],
        warnings: [...warnings, ...absentHosts(config)],
        leftAlone,
    };
}

/**
 * Asks the hosts for a preview, or for an `up`: then alone, with the run lease.
 * @throws ConfigError with every finding.
 */
export async function survey(
    config: Config,
    questions: readonly Question[],
    sizes: ArtifactSizes,
    { preview, say }: { preview: boolean; say: (text: string) => void },
): Promise<Survey> {
    const seen = preview ? await lookForPreview(questions) : await lookForUp(questions, say);
    const hosts = questions.map(({ target }) => target.config);
    const { errors, warnings } = judge(config, hosts, seen.answers, sizes);
    const findings = [...seen.findings, ...errors];
    if (findings.length > 0) throw new ConfigError("preflight", findings);
    return { answers: seen.answers, warnings: [...seen.warnings, ...warnings] };
}
