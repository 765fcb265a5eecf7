// SPDX-License-Identifier: Apache-2.0
/** Spark: masters that take over from each other. */
import { redundantMembers, separateMembers } from "../lib/quorum.ts";

const masters = {
    role: "spark-master",
    label: "Spark masters",
    why: "Without a master no driver is restarted and no executor is replaced.",
} as const;

export const sparkMastersRedundant = redundantMembers({
    name: "spark-masters-redundant",
    ...masters,
});
export const sparkMastersSpread = separateMembers({ name: "spark-masters-spread", ...masters });

export const sparkPolicies = [sparkMastersRedundant, sparkMastersSpread];
