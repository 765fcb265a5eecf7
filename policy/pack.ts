// SPDX-License-Identifier: Apache-2.0
/**
 * The policy pack. It only assembles: the constructor starts a server, so tests import policies/, never this file. The level of each
 * policy per environment is in config/<environment>.json (`--policy-pack-config`); without one all of them only advise.
 */
import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies/index.ts";

new PolicyPack("metalstream", { enforcementLevel: "advisory", policies: [...policies] });
