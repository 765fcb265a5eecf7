// SPDX-License-Identifier: Apache-2.0
/** Every policy of the pack, in the order in which they are documented. */
import type { Policies } from "@pulumi/policy";
import { artifactsPolicies } from "./artifacts-supply.ts";
import { commandConnectionPolicies } from "./command-connection.ts";
import { lifecyclePolicies } from "./command-lifecycle.ts";
import { commandSecretsPolicies } from "./command-secrets.ts";
import { hdfsPolicies } from "./hdfs-durability.ts";
import { hostBudgetPolicies } from "./host-budget.ts";
import { hostFilesPolicies } from "./host-files.ts";
import { hostLoginPolicies } from "./host-login.ts";
import { kafkaControllersPolicies } from "./kafka-controllers.ts";
import { kafkaDurabilityPolicies } from "./kafka-durability.ts";
import { platformPolicies } from "./platform-config.ts";
import { sparkPolicies } from "./spark-masters.ts";
import { zookeeperPolicies } from "./zookeeper-quorum.ts";

export const policies: Readonly<Policies> = [
    ...zookeeperPolicies,
    ...hdfsPolicies,
    ...sparkPolicies,
    ...kafkaControllersPolicies,
    ...kafkaDurabilityPolicies,
    ...platformPolicies,
    ...hostBudgetPolicies,
    ...hostLoginPolicies,
    ...hostFilesPolicies,
    ...artifactsPolicies,
    ...commandConnectionPolicies,
    ...commandSecretsPolicies,
    ...lifecyclePolicies,
];
