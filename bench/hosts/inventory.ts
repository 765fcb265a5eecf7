// SPDX-License-Identifier: Apache-2.0
/** The items as variables of Ansible and pyinfra: an inventory in Ansible's JSON form, which others/inventory.py reads as well. Pure. */
import type { BenchHost, Items } from "./items.ts";

/** The inventory's text. */
export function inventory(hosts: readonly BenchHost[], set: Items): string {
    const own = Object.fromEntries(hosts.map(({ name, address }) => [name, { address }]));
    return `${JSON.stringify({ agents: { hosts: own, vars: { ...set, peers: hosts } } }, null, 4)}\n`;
}
