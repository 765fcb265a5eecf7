// SPDX-License-Identifier: Apache-2.0
/** A fleet of model hosts that answer SSH: what a stack file of it says, and how to break it. */
import { Cluster } from "./cluster.ts";
import { ModelHost } from "./host.ts";
import { HostServer } from "./server.ts";
import { summary, type HostState } from "./state.ts";
import type { Hardware, Latency } from "./types.ts";

/** A host of a stack file. */
export interface HostEntry {
    readonly id: number;
    readonly name: string;
    readonly address: string;
    readonly rack: string;
    readonly roles: readonly string[];
    readonly state?: "down" | "lost";
}

const master = ["zookeeper", "journalnode", "spark-master", "kafka-controller"];
const worker = ["datanode", "spark-worker", "kafka-broker"];
const racks = 3;

/** Three masters, one in each rack, and workers. @param count hosts in all, at least 6. */
export function hostEntries(count: number): HostEntry[] {
    return Array.from({ length: count }, (_, i) => {
        const n = i + 1;
        const isMaster = n <= racks;
        const own = n <= 2 ? ["namenode"] : ["spark-history"];
        return {
            id: n,
            name: isMaster ? `m${n}` : `w${n - racks}`,
            address: `127.${77 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`,
            rack: `r${(i % racks) + 1}`,
            roles: isMaster ? [...master, ...own] : worker,
        };
    });
}

/** Machines of the reference architecture. */
export const hardware: Hardware = {
    cores: 24,
    memoryMiB: 131_072,
    disks: ["/data/1", "/data/2", "/data/3", "/data/4"],
    diskGiB: 931,
};

/** Configuration of a stack on these hosts, by key without the project's name. */
export function stackConfig(
    hosts: readonly HostEntry[],
    ssh: { readonly port: number; readonly knownHosts: string; readonly agent: string },
): Record<string, unknown> {
    return {
        hosts,
        ssh: {
            user: "ops",
            port: ssh.port,
            knownHosts: ssh.knownHosts,
            agentSocketPath: ssh.agent,
        },
        hardware,
        artifacts: { mirror: "http://127.0.0.1:9/artifacts" },
        protect: false,
        hdfs: { nameservice: "sim" },
        kafka: {
            // Given, so that two stacks on the same hosts are one cluster.
            clusterId: "c2ltdWxhdGVkLWZsZWV0MA",
            topics: [{ name: "logs", partitions: 3 }],
        },
    };
}

/** Hosts by name, with SSH on one port of an address each. */
export class SimFleet {
    readonly cluster = new Cluster();
    readonly entries: readonly HostEntry[];
    readonly servers = new Map<string, HostServer>();
    port = 0;

    constructor(count: number, latency: Latency) {
        this.entries = hostEntries(count);
        for (const entry of this.entries) {
            const host = new ModelHost(entry, hardware, this.cluster, latency);
            this.servers.set(entry.name, new HostServer(host, entry.address));
        }
    }

    /** Opens the servers on a port that is free on all addresses. */
    async listen(): Promise<void> {
        const [first, ...others] = [...this.servers.values()];
        if (first === undefined) return;
        this.port = await first.listen(0);
        for (const server of others) await server.listen(this.port);
    }

    close(): void {
        for (const server of this.servers.values()) server.close();
    }

    /** @throws Error when there is no such host. */
    server(name: string): HostServer {
        const server = this.servers.get(name);
        if (server === undefined) throw new Error(`the simulated fleet has no host ${name}`);
        return server;
    }

    host(name: string): ModelHost {
        return this.server(name).host;
    }

    get hosts(): ModelHost[] {
        return [...this.servers.values()].map(({ host }) => host);
    }

    /** A known_hosts file that pins every address. */
    knownHosts(): string {
        return [...this.servers.values()]
            .map(({ address, publicKey }) => `[${address}]:${this.port} ${publicKey}\n`)
            .join("");
    }

    setLatency(latency: Latency): void {
        for (const host of this.hosts) host.latency = latency;
    }

    /** Copies of all disks, by host. */
    snapshot(): Map<string, HostState> {
        return new Map(this.hosts.map((host) => [host.name, host.snapshot()]));
    }

    restore(snapshot: ReadonlyMap<string, HostState>): void {
        for (const [name, state] of snapshot) this.host(name).restore(state);
        this.clearRecords();
    }

    clearRecords(): void {
        for (const host of this.hosts) host.history.length = 0;
        this.cluster.violations.length = 0;
        this.cluster.restarts.length = 0;
        this.cluster.widest = 0;
    }

    /** What every service would see of all hosts; equal for two fleets in the same state. */
    summary(): Record<string, unknown> {
        return Object.fromEntries(this.hosts.map((host) => [host.name, summary(host.state)]));
    }

    /** `m1 converge`, …: every change that was begun, by host. */
    history(): string[] {
        return this.hosts.flatMap((host) => host.history.map((verb) => `${host.name} ${verb}`));
    }
}
