// SPDX-License-Identifier: Apache-2.0
/** In which order workers restart, and how many at the same time. Pure. */
import type { Config, HostConfig } from "./config/schema.ts";
import { withRole } from "./topology.ts";

/** Hosts that may restart at the same time: all of one rack. */
export type Wave = readonly HostConfig[];

/** Of how many workers one may restart: with fewer than 40 it is one at a time. */
const workersPerSlot = 20;

/** Topics with more replicas than there are racks with brokers: two replicas of a partition then share a rack. */
export function unspreadTopics(config: Config): string[] {
    const brokers = withRole(config, "kafka-broker");
    const racks = new Set(brokers.map(({ rack }) => rack)).size;
    if (brokers.length === 0) return [];
    const { replicationFactor, topics } = config.kafka;
    const factors = topics.map((topic): [string, number] => [
        `topic ${topic.name}`,
        topic.replicationFactor ?? replicationFactor,
    ]);
    return [["kafka.replicationFactor", replicationFactor] as [string, number], ...factors]
        .filter(([, factor]) => factor > racks)
        .map(([name, factor]) => `${name}: ${factor} replicas on ${racks} racks`);
}

/** How many workers of a rack may restart at the same time. */
export function waveWidth(config: Config, workers: number): number {
    const { workers: wanted } = config.rolls;
    if (wanted !== undefined) return wanted;
    if (unspreadTopics(config).length > 0) return 1;
    return Math.max(1, Math.floor(workers / workersPerSlot));
}

/**
 * Workers in waves: each of one rack; rack by rack, in the order given. A single host and up to `width` hosts take turns, so that what breaks a
 * worker breaks one first, and so that few edges are enough for each wave to wait for all of the one before it.
 */
export function workerWaves(hosts: readonly HostConfig[], width: number): Wave[] {
    const racks = [...new Set(hosts.map(({ rack }) => rack))];
    const waves: HostConfig[][] = [];
    for (const rack of racks) {
        const left = hosts.filter((host) => host.rack === rack);
        while (left.length > 0) waves.push(left.splice(0, waves.length % 2 === 0 ? 1 : width));
    }
    return waves;
}

/** What each host waits for, by name: the whole wave before its own. At most two edges a host, since of two neighbouring waves one is a single host. */
export function waveEdges(waves: readonly Wave[]): Map<string, readonly string[]> {
    return new Map(
        waves.flatMap((wave, i) => {
            const before = (waves[i - 1] ?? []).map(({ name }) => name);
            return wave.map(({ name }): [string, readonly string[]] => [name, before]);
        }),
    );
}
