// SPDX-License-Identifier: Apache-2.0
/** Rules about how many hosts a change may take away at a time. Pure. */
import { unspreadTopics } from "../../waves.ts";
import { finding, type Rule } from "./finding.ts";

/** With two replicas of a partition in one rack, two brokers of that rack that restart at once may leave too few in sync. */
export const rackWaves: Rule = (config) => {
    const { workers } = config.rolls;
    if (workers === undefined || workers === 1) return [];
    return unspreadTopics(config).map((topic) => {
        const what = `${workers} workers of a rack at the same time, but ${topic}`;
        return finding("rolls.workers", what, "say 1, or have brokers in more racks");
    });
};
