// SPDX-License-Identifier: Apache-2.0
/** Addresses, names, who is who, and the network between racks. Pure. */
import type { Config, HostConfig } from "../../config/schema.ts";
import type { HostFacts } from "../parse.ts";
import { converged, error, warning, type Finding, type Known } from "./finding.ts";

/** One way to write an IPv6 address. */
const plain = (address: string) =>
    address.includes(":") ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

const addressesOf = (facts: HostFacts) =>
    (facts.values.get("addresses") ?? "").split(" ").filter((address) => address !== "");

/** The host that answers has the address that it was asked at, and none of another host. */
export function addressFindings(host: HostConfig, facts: HostFacts, config: Config): Finding[] {
    const own = addressesOf(facts);
    if (own.length === 0) return [];
    const has = new Set(own.filter((address) => !/^fe80:/i.test(address)).map(plain));
    if (!has.has(plain(host.address))) {
        const what = `answers at ${host.address} and does not have that address: it has ${[...has].join(", ")}`;
        const fix = "correct hosts[].address: services listen there and tell it to others";
        return [error(host, what, fix)];
    }
    const others = config.hosts.filter(
        (other) =>
            other.name !== host.name && other.state !== "lost" && has.has(plain(other.address)),
    );
    return others.map((other) =>
        error(
            host,
            `has the address of ${other.name} too: ${other.address}`,
            `take it off this host (ip address del), or correct hosts[].address`,
        ),
    );
}

/** Hosts that are one machine, or copies of one. */
export function twinFindings(known: Known): Finding[] {
    return known.flatMap(([host, facts], i) => {
        const id = facts.values.get("machine-id");
        const [twin, twinFacts] =
            known.slice(0, i).find(([, other]) => other.values.get("machine-id") === id) ?? [];
        if (id === undefined || twin === undefined || twinFacts === undefined) return [];
        const addresses = addressesOf(facts).join(" ");
        if (addresses !== "" && addresses === addressesOf(twinFacts).join(" ")) {
            const what = `is the machine that ${twin.name} is: same machine-id, same addresses`;
            return [error(host, what, "correct hosts[].address of one of them")];
        }
        return [
            error(
                host,
                `has the machine-id of ${twin.name}: both were cloned from one image`,
                "rm /etc/machine-id; systemd-machine-id-setup; reboot",
            ),
        ];
    });
}

/**
 * Names that lead elsewhere on a host. What its hosts file says is only a warning before the first converge, which writes that file; later, and
 * where it comes from DNS, nothing here will mend it.
 */
export function nameFindings(host: HostConfig, facts: HostFacts): Finding[] {
    const judged = (from: string, what: string, fix: string) =>
        from !== "dns" && !converged(facts)
            ? warning(host, what, `converge writes ${from} anew; nothing to do`)
            : error(host, what, fix);
    const names = facts.names.map(({ name, found, wanted, from }) => {
        const trap = found.startsWith("127.")
            ? ": a service that listens at its name would be reached by nobody"
            : "";
        const what = `${name} is ${found} there (${from}), expected is ${wanted}${trap}`;
        const fix = "correct it in DNS, and see that /etc/nsswitch.conf has files before dns";
        return judged(from, what, fix);
    });
    const [address, found, source] = (facts.values.get("reverse") ?? "").split(" ");
    if (address === undefined || found === undefined) return names;
    const from = source?.replace(/^from=/, "") ?? "dns";
    const what = `its address ${address} has the name ${found} there (${from}), expected is ${host.name}`;
    return [...names, judged(from, what, "correct the PTR record in DNS")];
}

/** Within a data centre a connection takes well under a millisecond. */
const slowMs = 5;
/** Part of the shortest session that a connection may take: a heartbeat is sent every third, and a write goes to and fro several times. */
const sessionPart = 20;

/** The way from a host to the other racks. */
export function latencyFindings(
    host: HostConfig,
    facts: HostFacts,
    config: Config,
    answering: ReadonlySet<string>,
): Finding[] {
    const session = Math.min(
        config.hdfs.failoverSessionTimeoutMs,
        config.zookeeper.maxSessionTimeoutMs,
    );
    const most = session / sessionPart;
    return [...facts.latencies].flatMap(([peer, { rack, ms }]) => {
        if (ms === undefined) {
            if (!answering.has(peer)) return [];
            const what = `has no connection to the SSH port of ${peer} in rack ${rack}, so the time between the racks is not known`;
            return [warning(host, what, "see that the racks reach each other's services")];
        }
        if (ms <= slowMs) return [];
        const what = `needs ${ms.toFixed(1)} ms to ${peer} in rack ${rack}`;
        return ms > most
            ? [
                  error(
                      host,
                      `${what}, at most ${most} ms keep sessions of ${session} ms`,
                      "look at the network between the racks, or raise zookeeper.maxSessionTimeoutMs and hdfs.failoverSessionTimeoutMs",
                  ),
              ]
            : [
                  warning(
                      host,
                      `${what}, expected is under ${slowMs} ms`,
                      "every write waits for it",
                  ),
              ];
    });
}
