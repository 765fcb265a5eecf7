// SPDX-License-Identifier: Apache-2.0
/** Kafka: the quorum of controllers. */
import { oddMembers, spreadMembers } from "../lib/quorum.ts";

const controllers = {
    role: "kafka-controller",
    label: "Kafka controllers",
    why: "Without a majority of controllers no partition gets a new leader.",
} as const;

export const kafkaControllersOdd = oddMembers({ name: "kafka-controllers-odd", ...controllers });
export const kafkaControllersSpread = spreadMembers({
    name: "kafka-controllers-spread",
    ...controllers,
});

export const kafkaControllersPolicies = [kafkaControllersOdd, kafkaControllersSpread];
