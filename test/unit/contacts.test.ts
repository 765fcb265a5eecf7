// SPDX-License-Identifier: Apache-2.0
/** Which brokers clients are told of. */
import assert from "node:assert/strict";
import { hostEntries, stackConfig } from "../../sim/fleet.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import { firstContacts } from "../../lib/topology.ts";

const contactsOf = (count: number) => {
    const ssh = { port: 22, knownHosts: "known_hosts", agent: "agent.sock" };
    const config = parseConfig(stackConfig(hostEntries(count), ssh), "sim");
    const rack = new Map(config.hosts.map((host) => [`${host.name}:9092`, host.rack]));
    const contacts = firstContacts(config);
    return { contacts, racks: new Set(contacts.map((contact) => rack.get(contact))) };
};

describe("brokers that clients begin with", () => {
    it("are all of a small cluster, by id", () => {
        assert.deepEqual(contactsOf(6).contacts, ["w1:9092", "w2:9092", "w3:9092"]);
        assert.equal(contactsOf(12).contacts.length, 9);
    });

    it("are nine of a large one, of every rack", () => {
        for (const count of [13, 100, 1000]) {
            const { contacts, racks } = contactsOf(count);
            assert.equal(new Set(contacts).size, 9);
            assert.equal(racks.size, 3);
        }
    });
});
