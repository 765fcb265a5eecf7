// SPDX-License-Identifier: Apache-2.0
/** What the services of all hosts are to each other: who leads, whose turn it may be, and a record of every disruption. */

/** What the cluster sees of a host. */
export interface Member {
    readonly name: string;
    readonly rack: string;
    /** Whether a unit of ours has a process there; false on a host without power. */
    runs(unit: string): boolean;
    has(unit: string): boolean;
    mark(path: string, content: string): void;
    marked(path: string): boolean;
}

/** Units that vote: with one of them missing no other may go. */
export const votingUnits: readonly string[] = [
    "zookeeper",
    "hdfs-journalnode",
    "hdfs-namenode",
    "hdfs-zkfc",
    "spark-master",
    "kafka-controller",
];

const words: Readonly<Record<string, readonly [leads: string, follows: string]>> = {
    zookeeper: ["leader", "follower"],
    "hdfs-namenode": ["active", "standby"],
    "spark-master": ["alive", "standby"],
    "kafka-controller": ["leader", "follower"],
};

/** Units whose role `check` reports. */
export const unitsWithRoles: readonly string[] = Object.keys(words);
const elected = ["zookeeper", "kafka-controller"];
const zookeeperData = "/var/lib/zookeeper/version-2";

/** All members, and what happens among them. */
export class Cluster {
    readonly #members: Member[] = [];
    readonly #leaders = new Map<string, string>();
    readonly #restarting = new Map<string, Set<Member>>();
    /** Disruptions that no platform may ever see; empty at the end of a good test. */
    readonly violations: string[] = [];
    /** `zookeeper m1`, …: every process that a roll took away, in order. */
    readonly restarts: string[] = [];
    /** Most hosts that restarted one unit at the same time. */
    widest = 0;

    add(member: Member): void {
        this.#members.push(member);
    }

    #of(unit: string): Member[] {
        return this.#members.filter((member) => member.has(unit));
    }

    /** Who leads a service, or undefined. A leader stays until it goes. */
    leader(unit: string): Member | undefined {
        const members = this.#of(unit);
        const running = members.filter((member) => member.runs(unit));
        if (elected.includes(unit) && running.length * 2 <= members.length) return undefined;
        const leader =
            running.find(({ name }) => name === this.#leaders.get(unit)) ?? running.at(0);
        if (leader === undefined) return undefined;
        this.#leaders.set(unit, leader.name);
        // Who took part in an election has an epoch on disk.
        if (unit === "zookeeper") for (const member of running) member.mark(zookeeperData, "");
        return leader;
    }

    /** The word of `role UNIT word`. */
    role(unit: string, member: Member): string {
        if (!member.runs(unit)) return "down";
        const leader = this.leader(unit);
        const [leads = "", follows = ""] = words[unit] ?? [];
        if (leader !== undefined) return leader === member ? leads : follows;
        if (unit === "zookeeper") return member.marked(zookeeperData) ? "looking" : "unelected";
        return unit === "kafka-controller" ? "candidate" : follows;
    }

    /** Whether any other member of a service has a process. */
    servedByOthers(unit: string, member: Member): boolean {
        return this.#of(unit).some((other) => other !== member && other.runs(unit));
    }

    /** The gate before a restart: a voter may go while all others are there, a worker while all of the other racks are. */
    mayGo(unit: string, member: Member): boolean {
        return this.#of(unit).every(
            (other) =>
                other === member ||
                other.runs(unit) ||
                (!votingUnits.includes(unit) && other.rack === member.rack),
        );
    }

    /** The next of its peers leads instead. */
    handOver(unit: string, member: Member): void {
        const next = this.#of(unit).find((other) => other !== member && other.runs(unit));
        if (this.#leaders.get(unit) === member.name && next !== undefined) {
            this.#leaders.set(unit, next.name);
        }
    }

    /** Notes that a member's process is taken away, and judges whom else that meets. */
    begin(unit: string, member: Member): void {
        const now = this.#restarting.get(unit) ?? new Set();
        this.#restarting.set(unit, now.add(member));
        this.restarts.push(`${unit} ${member.name}`);
        const others = [...now].filter((other) => other !== member);
        const wrong = others.filter(
            (other) => votingUnits.includes(unit) || other.rack !== member.rack,
        );
        this.widest = Math.max(this.widest, now.size);
        for (const other of wrong) {
            this.violations.push(
                `${unit}: ${member.name} (${member.rack}) restarted while ${other.name} (${other.rack}) did`,
            );
        }
    }

    end(unit: string, member: Member): void {
        this.#restarting.get(unit)?.delete(member);
    }
}
