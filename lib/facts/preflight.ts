// SPDX-License-Identifier: Apache-2.0
/** Judges all answers of all hosts at once, before anything is touched; a file a topic in preflight/. Pure. */
import type { Diagnostic } from "../config/diagnostics.ts";
import type { Config, HostConfig } from "../config/schema.ts";
import { diskFindings, formatWarnings } from "./disks.ts";
import type { Answer } from "./gather.ts";
import { clockFindings } from "./preflight/clocks.ts";
import { spaceFindings, type ArtifactSizes } from "./preflight/space.ts";
import { error, type Known } from "./preflight/finding.ts";
import {
    addressFindings,
    latencyFindings,
    nameFindings,
    twinFindings,
} from "./preflight/network.ts";
import { reachFindings } from "./preflight/reach.ts";
import { replicaWarnings } from "./replicas.ts";
import {
    hardwareFindings,
    kernelFindings,
    packageFindings,
    portFindings,
    systemFindings,
} from "./preflight/system.ts";

export { systemPlaces } from "./preflight/space.ts";

/** What stands in the way, and what is only worth knowing. */
export interface Preflight {
    readonly errors: readonly Diagnostic[];
    readonly warnings: readonly string[];
    /** Hosts that did not answer and may be left alone in this run. */
    readonly leftAlone: readonly string[];
}

/**
 * Judges the answers.
 * @param sizes of the artifacts, for the space that those which a host lacks will take.
 */
export function preflight(
    config: Config,
    hosts: readonly HostConfig[],
    answers: ReadonlyMap<string, Answer>,
    sizes: ArtifactSizes = new Map(),
): Preflight {
    const asked = hosts.filter((host) => host.state === "present");
    const silent = asked.filter((host) => answers.get(host.name)?.kind === "unreachable");
    const known: Known = asked.flatMap((host) => {
        const answer = answers.get(host.name);
        return answer?.kind === "facts" ? [[host, answer.facts] as const] : [];
    });
    const answering = new Set(known.map(([host]) => host.name));
    const findings = [
        ...reachFindings(asked, answers),
        ...known.flatMap(([host, facts]) => [
            ...systemFindings(host, facts),
            ...hardwareFindings(host, facts, config),
            ...diskFindings(facts, config).map(({ what, fix }) => error(host, what, fix)),
            ...portFindings(host, facts),
            ...spaceFindings(host, facts, sizes),
            ...packageFindings(host, facts),
            ...addressFindings(host, facts, config),
            ...nameFindings(host, facts),
            ...latencyFindings(host, facts, config, answering),
            ...kernelFindings(host, facts),
        ]),
        ...clockFindings(known),
        ...twinFindings(known),
    ];
    const warnings = [
        ...silent.map((host) => `${host.name} does not answer and is left alone`),
        ...findings
            .filter(({ level }) => level === "warning")
            .map(({ path, what, fix }) => `${path} ${what}; ${fix}`),
        ...known.flatMap(([host, facts]) =>
            [
                ...formatWarnings(facts),
                ...facts.warnings,
                ...[...facts.replicas.values()].flatMap(replicaWarnings),
            ].map((text) => `${host.name}: ${text}`),
        ),
    ];
    const errors = findings
        .filter(({ level }) => level === "error")
        .map(({ path, what, fix }) => ({ path, what, fix }));
    return { errors, warnings, leftAlone: silent.map((host) => host.name) };
}
