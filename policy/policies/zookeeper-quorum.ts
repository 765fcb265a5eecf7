// SPDX-License-Identifier: Apache-2.0
/** ZooKeeper: members and what keeps temporary disk safe. */
import { platformPolicy } from "../lib/policy.ts";
import { below, isFalse, isTrue, unsafeOverrides, type UnsafeKey } from "../lib/overrides.ts";
import { oddMembers, spreadMembers } from "../lib/quorum.ts";

const members = {
    role: "zookeeper",
    label: "ZooKeeper members",
    why: "Without a majority there is no failover of NameNodes and no leading Spark master; on temporary disk the ensemble's data is gone with its majority.",
} as const;

export const zookeeperMembersOdd = oddMembers({ name: "zookeeper-members-odd", ...members });
export const zookeeperMembersSpread = spreadMembers({
    name: "zookeeper-members-spread",
    ...members,
});

const unsafe: readonly UnsafeKey[] = [
    {
        key: "autopurge.purgeInterval",
        unsafe: below(1),
        effect: "snapshots are never purged and fill the temporary disk",
    },
    {
        key: "autopurge.snapRetainCount",
        unsafe: below(3),
        effect: "fewer than three snapshots are kept, ZooKeeper's own minimum",
    },
    {
        key: "snapshot.trust.empty",
        unsafe: isTrue,
        effect: "an emptied member passes for one with data",
    },
    {
        key: "forceSync",
        unsafe: (value) => value.trim() === "no" || isFalse(value),
        effect: "transactions are acknowledged before they are written",
    },
    {
        key: "skipACL",
        unsafe: (value) => value.trim() === "yes",
        effect: "all access control is off",
    },
    {
        key: "4lw.commands.whitelist",
        unsafe: (value) => value.includes("*"),
        effect: "anybody can ask a member to dump its sessions and watches",
    },
];

export const zookeeperOverridesSafe = platformPolicy({
    name: "zookeeper-overrides-safe",
    severity: "high",
    rule: "No override of zoo.cfg weakens durability or opens a member.",
    why: "Overrides are applied last and would win over the values that the platform relies on.",
    remedy: "Remove the override.",
    settings: {},
    check: (config) => unsafeOverrides("zookeeper.overrides", config.zookeeper.overrides, unsafe),
});

export const zookeeperPolicies = [
    zookeeperMembersOdd,
    zookeeperMembersSpread,
    zookeeperOverridesSafe,
];
