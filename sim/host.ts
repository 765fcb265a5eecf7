// SPDX-License-Identifier: Apache-2.0
/**
 * A model of one host under the host program: the same verbs, exit codes and lines as host/README.md specifies, over plain data.
 * What is modelled is what the deploying side can see; how bash gets there is not.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { bootstrapSteps } from "./bootstrap.ts";
import type { Cluster, Member } from "./cluster.ts";
import { damaged, damageUnit, itemDrift, unitDrift } from "./drift.ts";
import { die, Exit } from "./exit.ts";
import { ModelLease } from "./lease.ts";
import {
    conditionsOf,
    itemKey,
    Malformed,
    parseManifest,
    unitDigest,
    type Item,
} from "./manifest.ts";
import { facts } from "./facts.ts";
import { parseRoll, parseSpecification, rollUnit } from "./roll.ts";
import { emptyState, type HostState, type UnitState } from "./state.ts";
import type { Call, Hardware, Latency } from "./types.ts";

/** One host. */
export class ModelHost implements Member {
    readonly name: string;
    readonly rack: string;
    readonly hardware: Hardware;
    readonly cluster: Cluster;
    latency: Latency;
    state: HostState;
    power = true;
    /** Items that cannot be applied: `file /etc/hosts`. */
    readonly failing = new Set<string>();
    /** Verbs that changed something or could have, in order. */
    readonly history: string[] = [];
    readonly lease = new ModelLease();
    #lock: Promise<unknown> = Promise.resolve();

    constructor(
        place: { name: string; rack: string },
        hardware: Hardware,
        cluster: Cluster,
        latency: Latency,
    ) {
        this.name = place.name;
        this.rack = place.rack;
        this.hardware = hardware;
        this.cluster = cluster;
        this.latency = latency;
        this.state = emptyState(`id-${place.name}`);
        cluster.add(this);
    }

    has(unit: string): boolean {
        return this.state.units.has(unit);
    }
    runs(unit: string): boolean {
        return this.power && this.state.units.get(unit)?.running !== undefined;
    }
    mark(path: string, content: string): void {
        this.state.marks.set(path, content);
    }
    marked(path: string): boolean {
        return this.state.marks.has(path);
    }

    /** Somebody changed what `drift` will then call `item`: `file /etc/hosts content`, `unit zookeeper inactive`. */
    damage(item: string): void {
        const at = item.lastIndexOf(" ");
        const [key, word] = [item.slice(0, at), item.slice(at + 1)];
        const unit = this.state.units.get(key.replace(/^unit /, ""));
        if (key.startsWith("unit ") && unit !== undefined) {
            damageUnit(unit, word);
            return;
        }
        const have = this.state.items.get(key);
        if (have === undefined) throw new Error(`${this.name} has no ${key}`);
        const now = damaged(have, word);
        if (now === undefined) this.state.items.delete(key);
        else this.state.items.set(key, now);
    }

    /** A new installation: nothing of ours is there, and the disks are blank. */
    reinstall(): void {
        this.state = emptyState(`${this.state.machineId}'`);
    }

    /** A copy of everything on this host's disks. */
    snapshot(): HostState {
        return structuredClone(this.state);
    }

    restore(snapshot: HostState): void {
        this.state = structuredClone(snapshot);
    }

    /** Starts what systemd would: the unit's conditions hold. */
    start(name: string): void {
        const unit = this.state.units.get(name);
        if (unit === undefined || unit.masked) return;
        const there = (pattern: string) => {
            const prefix = pattern.replace(/[[*].*$/, "");
            return [...this.state.marks.keys()].some((path) =>
                prefix === pattern ? path === pattern : path.startsWith(prefix),
            );
        };
        if (unit.conditions.every((group) => group.some(there))) unit.running = unit.current;
    }

    /** Runs a verb to its end; lines of standard output as they come. @throws Exit with the code and the last line of standard error. */
    async run(call: Call, print: (line: string) => void): Promise<void> {
        if (["check", "facts", "probe"].includes(call.verb)) {
            await sleep(this.latency.look);
            for (const line of facts(this, call)) print(line);
            return;
        }
        if (call.verb === "lease") {
            await sleep(this.latency.look);
            print(this.lease.answer(call));
            return;
        }
        const before = this.#lock;
        const turn = before.then(() => this.#change(call, print));
        this.#lock = turn.catch(() => undefined);
        await turn;
    }

    async #change(call: Call, print: (line: string) => void): Promise<void> {
        this.history.push([call.verb, ...call.args].join(" "));
        if (call.verb === "converge") await this.#converge(call, print);
        else if (call.verb === "roll") {
            for (const block of parseRoll(this.name, call.payload)) {
                await rollUnit(this, block, call.options["token"], print);
            }
        } else if (call.verb === "bootstrap") {
            const step = bootstrapSteps[call.args[0] ?? ""];
            if (step === undefined) throw die(this.name, "bootstrap", "unknown step", "correct it");
            await sleep(this.latency.change);
            const gates = parseSpecification(call.payload);
            step({ host: this, gates, call, print });
            const { token } = call.options;
            // A job's token is kept with the job.
            if (token !== undefined && !gates.has("job"))
                this.state.rolled.set(`step-${call.args[0] ?? ""}`, token);
        } else if (call.verb === "remove") {
            await sleep(this.latency.change);
            this.#removeEverything(print);
        } else throw new Exit(2, `metalstream: ${this.name}: usage: ${call.verb}`);
    }

    async #converge(call: Call, print: (line: string) => void): Promise<void> {
        const manifest = this.parse(call.payload);
        const { section, items } = manifest;
        this.state.stamps.delete(section);
        await sleep(this.latency.change);
        const differing = items.filter((item) => this.drift(item).length > 0).length;
        let changed = 0;
        for (const item of this.surplus(section, items)) {
            this.#remove(item);
            print(`changed ${item}: removed`);
            changed += 1;
        }
        const failures: string[] = [];
        for (const item of items) {
            const words = this.drift(item);
            if (words.length === 0) continue;
            if (this.failing.has(itemKey(item))) failures.push(itemKey(item));
            else {
                this.#apply(item, words);
                this.#own(section, item);
                print(`changed ${itemKey(item)}: ${words.join(" ")}`);
                changed += 1;
            }
        }
        if (failures.length > 0) {
            const what = `${failures.length} items failed, the first: ${failures[0] ?? ""}: No space left on device`;
            throw die(this.name, "converge", what, "look at that disk, then run again");
        }
        const owned = items.filter(({ kind }) => isOwned(kind)).map(itemKey);
        this.state.owned.set(section, new Set(owned));
        const token = call.options["token"] ?? "-";
        this.state.stamps.set(section, { token, manifest: manifest.digest });
        const unchanged = items.length - differing;
        print(
            `converged ${manifest.digest.slice(0, 12)}: ${changed} changed, ${unchanged} unchanged`,
        );
    }

    /** @throws Exit with code 2 for a manifest that is refused as a whole. */
    parse(payload: string): ReturnType<typeof parseManifest> {
        try {
            return parseManifest(payload);
        } catch (error) {
            if (!(error instanceof Malformed)) throw error;
            throw new Exit(2, `metalstream: ${this.name}: manifest: ${error.message}`);
        }
    }

    drift(item: Item): string[] {
        if (item.kind === "unit") return unitDrift(this.state.units.get(item.name), item);
        return itemDrift(this.state.items.get(itemKey(item)), item);
    }

    /** What an earlier manifest of this section had and no manifest has now. Units come first. */
    surplus(section: string, items: readonly Item[]): string[] {
        const kept = new Set(items.map(itemKey));
        for (const [other, owned] of this.state.owned) {
            if (other !== section) for (const item of owned) kept.add(item);
        }
        const owned = [...(this.state.owned.get(section) ?? [])];
        return owned
            .filter((item) => !kept.has(item))
            .sort()
            .reverse();
    }

    #own(section: string, item: Item): void {
        if (!isOwned(item.kind)) return;
        const owned = this.state.owned.get(section) ?? new Set();
        this.state.owned.set(section, owned.add(itemKey(item)));
    }

    #apply(item: Item, words: readonly string[]): void {
        if (item.kind !== "unit") {
            this.state.items.set(itemKey(item), item);
            return;
        }
        const wanted = unitDigest(item);
        const unit: UnitState = this.state.units.get(item.name) ?? {
            directories: new Set(),
            current: undefined,
            running: undefined,
            enabled: false,
            masked: false,
            edited: false,
            conditions: [],
        };
        this.state.units.set(item.name, unit);
        unit.directories.add(wanted);
        // What a running service has loaded is never changed here; the roll moves `current`.
        if (unit.running === undefined) unit.current = wanted;
        else if (words.includes("current")) unit.current = unit.running;
        Object.assign(unit, { enabled: true, masked: false, edited: false });
        unit.conditions = conditionsOf(item);
        if (unit.running === undefined) this.start(item.name);
    }

    #remove(key: string): void {
        const [kind = "", name = ""] = key.split(" ");
        if (kind !== "unit") {
            this.state.items.delete(key);
            if (kind === "mount") this.#forgetBelow(name);
            return;
        }
        this.state.units.delete(name);
        this.state.rolled.delete(name);
        if (name === "zookeeper") this.state.marks.delete("/var/lib/metalstream/zookeeper.born");
    }

    #forgetBelow(path: string): void {
        for (const mark of this.state.marks.keys()) {
            if (mark.startsWith(`${path}/`)) this.state.marks.delete(mark);
        }
    }

    #removeEverything(print: (line: string) => void): void {
        let removed = 0;
        for (const [section, owned] of this.state.owned) {
            this.state.stamps.delete(section);
            for (const item of [...owned].sort().reverse()) {
                this.#remove(item);
                print(`changed ${item}: removed`);
                removed += 1;
            }
        }
        this.state.owned.clear();
        print(`removed ${removed} items`);
    }

    /** Power is cut: processes and what is mounted in memory are gone. */
    powerOff(): void {
        this.power = false;
        this.lease.end();
        for (const unit of this.state.units.values()) unit.running = undefined;
        for (const item of this.state.items.values()) {
            if (item.kind === "mount" && item.rest.startsWith("tmpfs"))
                this.#forgetBelow(item.name);
        }
    }

    powerOn(): void {
        this.power = true;
        for (const [name, unit] of this.state.units) if (unit.enabled) this.start(name);
    }
}

const isOwned = (kind: string) => ["file", "secret", "link", "unit", "mount"].includes(kind);
