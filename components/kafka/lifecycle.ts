// SPDX-License-Identifier: Apache-2.0
/** Decisions about the life of Kafka, from the evidence of all its nodes. Pure. The host decides again: host/service-kafka.sh. */
import { item } from "../../lib/manifest.ts";
import type { HostFacts } from "../../lib/facts/parse.ts";
import type { KafkaRole } from "./config.ts";

/** Lies on the system disk of each controller that was ever formatted, so that it outlives the log (host/service-kafka.sh). */
const controllerMark = "/var/lib/metalstream/kafka-controller.formatted";

/** Cluster id of a log directory. */
const clusterQuestion = (role: KafkaRole, directory: string) =>
    item.evidence(`${role}-cluster`, "property:cluster.id", `${directory}/meta.properties`);

/** What is asked of each controller's host. */
export function controllerQuestions(directory: string): string[] {
    return [
        item.evidence("kafka-controller-formatted", "exists", `${directory}/meta.properties`),
        clusterQuestion("kafka-controller", directory),
        item.evidence("kafka-controller-marked", "exists", controllerMark),
        // Written when the node first starts: without it this controller has never voted.
        item.evidence(
            "kafka-controller-voted",
            "exists",
            `${directory}/__cluster_metadata-0/quorum-state`,
        ),
    ];
}

/** What is asked of each broker's host. */
export function brokerQuestions(directory: string): string[] {
    return [
        item.evidence("kafka-broker-formatted", "exists", `${directory}/meta.properties`),
        clusterQuestion("kafka-broker", directory),
    ];
}

type Facts = HostFacts | undefined;

const says = (facts: Facts, key: string) => facts?.evidence.get(`kafka-${key}`) ?? "unknown";
const role = (facts: Facts) => facts?.roles.get("kafka-controller");

/** What a node's host is known to be without; see FirstStart. */
export function logUndone(facts: Facts, of: KafkaRole): string | undefined {
    return facts?.evidence.get(`${of}-formatted`) === "no" ? "not_formatted" : undefined;
}

/**
 * The id of the cluster that these hosts already are: most controllers' logs, of all that there should be, carry it. So a stack whose state was
 * lost goes on with its cluster, and a single disk from elsewhere does not name one.
 */
export function clusterOf(controllers: readonly Facts[]): string | undefined {
    const ids = controllers.map((facts) => facts?.evidence.get("kafka-controller-cluster"));
    return ids.find(
        (id) =>
            id !== undefined &&
            /^[A-Za-z0-9_-]{22}$/.test(id) &&
            ids.filter((other) => other === id).length > controllers.length / 2,
    );
}

/** Known to be empty, and never formatted before. */
const isNew = (facts: Facts) =>
    says(facts, "controller-formatted") === "no" && says(facts, "controller-marked") === "no";

/** Formatted in a birth that was cut off: it never started, or knows of no election (`candidate` means epoch 0). */
const isUnelected = (facts: Facts) =>
    says(facts, "controller-formatted") === "yes" &&
    (says(facts, "controller-voted") === "no" || role(facts) === "candidate");

const isHealthy = (facts: Facts) =>
    says(facts, "controller-formatted") === "yes" &&
    (role(facts) === "leader" || role(facts) === "follower");

/**
 * Whether empty controllers may be formatted as first voters. Every controller counts, those that are down or out of reach included.
 * - Birth, whole or cut off: each controller is new or was never elected with anybody, and no broker was formatted. Brokers are formatted
 *   after all controllers, so a formatted broker is proof of a quorum, even when every controller was reinstalled.
 * - The last first voter: all others are healthy and so hold all that was committed (Kafka's documentation, "Replace KRaft disk").
 * A controller that was formatted before and is empty now has lost votes it gave: nothing is granted, a person decides.
 */
export function mayFormatControllers(
    controllers: readonly Facts[],
    brokers: readonly Facts[],
): boolean {
    const unborn =
        controllers.every((facts) => isNew(facts) || isUnelected(facts)) &&
        brokers.every((facts) => says(facts, "broker-formatted") === "no");
    const healthy = controllers.filter(isHealthy).length;
    const lastVoter =
        healthy === controllers.length - 1 &&
        healthy > controllers.length / 2 &&
        controllers.some(isNew);
    return unborn || lastVoter;
}
