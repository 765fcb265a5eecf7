// SPDX-License-Identifier: Apache-2.0
/** Decisions about the life of the ensemble, from the evidence of all members. Pure. */
import { item } from "../../lib/manifest.ts";
import type { HostFacts } from "../../lib/facts/parse.ts";
import { bornMark, dataDirectory } from "./config.ts";

/** What is asked of each member. */
export const zookeeperQuestions: readonly string[] = [
    item.evidence("zookeeper-born", "exists", bornMark),
    item.evidence("zookeeper-data", "exists", `${dataDirectory}/version-2`),
];

/** What a member is known to be without; see FirstStart. */
export function zookeeperUndone(facts: HostFacts | undefined): string | undefined {
    return facts?.evidence.get("zookeeper-born") === "no" ? "not_born" : undefined;
}

/**
 * An ensemble may be born only when every member, the unreachable ones included, is known never to have taken part in one: it has no mark and no
 * data; or it runs and was never elected with anybody (`unelected`), as after a birth that was cut off.
 */
export function mayBeBorn(members: readonly (HostFacts | undefined)[]): boolean {
    return members.every((facts) => {
        if (facts === undefined) return false;
        if (facts.roles.get("zookeeper") === "unelected") return true;
        return (
            facts.evidence.get("zookeeper-born") === "no" &&
            facts.evidence.get("zookeeper-data") === "no"
        );
    });
}
