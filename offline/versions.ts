// SPDX-License-Identifier: Apache-2.0

/** The Pulumi CLI that the npm launcher of the same version looks for. */
export const PULUMI_VERSION = "3.259.0";
/** The `command` plugin whose behaviour ours has. */
export const COMMAND_VERSION = "1.2.1";
/** The `random` plugin whose behaviour ours has. */
export const RANDOM_VERSION = "4.21.2";
