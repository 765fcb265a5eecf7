// SPDX-License-Identifier: Apache-2.0
/** Decisions about the life of Kafka, from the evidence of all controllers. Pure. The host decides again: host/service-kafka.sh. */
import { item } from "../../lib/manifest.ts";
import type { HostFacts } from "../../lib/facts/parse.ts";

/** What is asked of each controller's host. */
export function controllerQuestions(directory: string): string[] {
    return [item.evidence("kafka-controller-formatted", "exists", `${directory}/meta.properties`)];
}

/**
 * An empty controller may be formatted as one of the first voters when no controller ever saw a leader (the first start, whole or cut
 * off), or when all formatted ones are healthy, and so hold all that was committed (Kafka's documentation, "Replace KRaft disk").
 */
export function mayFormatControllers(controllers: readonly (HostFacts | undefined)[]): boolean {
    if (controllers.some((facts) => facts === undefined)) return false;
    const formatted = controllers.filter(
        (facts) => facts?.evidence.get("kafka-controller-formatted") !== "no",
    );
    const role = (facts: HostFacts | undefined) => facts?.roles.get("kafka-controller");
    const nobodyElected = formatted.every((facts) => role(facts) === "candidate");
    const allHealthy = formatted.every(
        (facts) => role(facts) === "leader" || role(facts) === "follower",
    );
    return nobodyElected || (allHealthy && formatted.length >= controllers.length - 1);
}
