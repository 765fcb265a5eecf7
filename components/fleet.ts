// SPDX-License-Identifier: Apache-2.0
/** What the components know of the hosts at the time of a run: targets, answers, and how to declare a verb on one. */
import * as pulumi from "@pulumi/pulumi";
import type { Config, HostConfig, Role } from "../lib/config/schema.ts";
import type { Answer } from "../lib/facts/gather.ts";
import type { HostFacts } from "../lib/facts/parse.ts";
import { plannedRestarts, type PlannedRoll } from "../lib/facts/restarts.ts";
import { convergeToken, manifestDigest, rollToken, stepToken } from "../lib/facts/token.ts";
import type { UnitBlock } from "../lib/manifest.ts";
import { hostCommand, type HostVerb } from "../lib/ops/command.ts";
import { verified } from "../lib/ops/converged.ts";
import type { Target } from "../lib/target.ts";
import { withRole } from "../lib/topology.ts";

/** A line `gate KEY VALUE…` of a roll's specification. */
export type Gates = Readonly<Record<string, string>>;

/** A specification as the host program reads it. */
export const gateLines = (gates: Gates) =>
    Object.entries(gates)
        .map(([key, value]) => `gate ${key} ${value}\n`)
        .join("");

/** A first-start step; the host judges the evidence before it acts. */
export interface FirstStart {
    /** Name of the step, as the host program calls it. */
    readonly step: string;
    /** Whether it may begin something new, by the evidence of all hosts; this holds for this run only. @default false */
    readonly granted?: boolean;
    readonly gates: pulumi.Input<Gates>;
    /** What the host is known to be without; undefined when it is there, or nothing is known. */
    readonly undone: string | undefined;
}

const neverMade = "take this host out of the stack file until it can be set up";

/** What to depend on for a host's manifest to be applied, by host. */
export type Converged = ReadonlyMap<string, pulumi.Input<pulumi.Resource>>;

/** Hosts, their facts and the clock of this run. */
export class Fleet {
    readonly config: Config;
    readonly now: Date;
    readonly #targets: ReadonlyMap<string, Target>;
    readonly #answers: ReadonlyMap<string, Answer>;
    readonly #restarts: boolean;
    readonly #rolls: PlannedRoll[] = [];

    /** @param units what every host is to run: whether any of it restarts decides what must follow in turn. */
    constructor(
        config: Config,
        targets: readonly Target[],
        answers: ReadonlyMap<string, Answer>,
        units: readonly PlannedRoll[],
        now: Date,
    ) {
        this.config = config;
        this.now = now;
        this.#restarts = plannedRestarts(units, answers).length > 0;
        this.#targets = new Map(targets.map((target) => [target.config.name, target]));
        this.#answers = answers;
    }

    /** Facts of a host; undefined when it is down, was not asked or did not answer: then nothing is known of its data. */
    facts(host: HostConfig): HostFacts | undefined {
        if (host.state !== "present") return undefined;
        const answer = this.#answers.get(host.name);
        return answer?.kind === "facts" ? answer.facts : undefined;
    }

    /** The rolls that were declared so far, in their order. */
    get rolls(): readonly PlannedRoll[] {
        return this.#rolls;
    }

    /**
     * What a roll waits for only so that there is one disruption at a time. Where nothing restarts that is nothing: a first start is only gates,
     * and these rolls are marked, so that the host refuses to restart what came up with something else in the meantime.
     */
    inTurn(before: readonly pulumi.Resource[]): readonly pulumi.Resource[] {
        return this.#restarts ? before : [];
    }

    /** Whether a host can be worked on: it was not asked, or it answered. */
    isReached(host: HostConfig): boolean {
        return host.state === "present" && this.#answers.get(host.name)?.kind !== "unreachable";
    }

    /** Hosts with a role that take part in this run. */
    active(role: Role): HostConfig[] {
        return withRole(this.config, role).filter((host) => host.state === "present");
    }

    /** Hosts with a role in the order of their stable ids, those that are lost included: what the state has of them must be declared. */
    everyone(role: Role): HostConfig[] {
        return this.config.hosts
            .filter((host) => host.roles.includes(role))
            .sort((a, b) => a.id - b.id);
    }

    /** Hosts that are given up. */
    get lost(): HostConfig[] {
        return this.config.hosts.filter(({ state }) => state === "lost");
    }

    /**
     * Declares a verb of the host program on a host. A host that is down, lost or out of reach is left alone; of a lost one the state lets go
     * without contacting it, as soon as it is declared no more (docs/decisions/0008-absent-hosts.md).
     */
    command(name: string, host: HostConfig, spec: HostVerb, options: pulumi.CustomResourceOptions) {
        const target = this.#targets.get(host.name);
        if (target === undefined) throw new Error(`${host.name} is not a target of this run`);
        const answer = this.#answers.get(host.name);
        const absent = host.state !== "present";
        const leaveAlone = this.#leaveAlone(host);
        // Without facts (a preview with facts: off) tokens say nothing: changes of the configuration are still shown.
        const once = spec.once === true || answer === undefined;
        const refusal = absent
            ? {
                  refusal: `${host.name}: declared ${host.state}, and ${name} was never made; ${neverMade}`,
              }
            : {};
        const forgettable =
            host.state === "lost" ? { ...options, retainOnDelete: true, protect: false } : options;
        return hostCommand(name, target, { ...spec, leaveAlone, once, ...refusal }, forgettable);
    }

    #leaveAlone(host: HostConfig): boolean {
        return host.state !== "present" || this.#answers.get(host.name)?.kind === "unreachable";
    }

    /** Declares a host's converge; what depends on it waits until the host has said that it applied this manifest. */
    converge(
        host: HostConfig,
        manifest: string,
        options: pulumi.CustomResourceOptions,
    ): pulumi.Input<pulumi.Resource> {
        const token = convergeToken(this.facts(host), manifestDigest(manifest), this.now);
        const command = this.command(
            `converge-${host.name}`,
            host,
            { verb: "converge", payload: manifest, token, onDelete: "remove", minutes: 30 },
            options,
        );
        return this.#leaveAlone(host) ? command : verified(command, host.name, manifest);
    }

    /** Declares a bootstrap step: guarded on the host by the evidence, run once on a host. */
    bootstrap(
        name: string,
        host: HostConfig,
        step: string,
        gates: pulumi.Input<Gates>,
        options: pulumi.CustomResourceOptions,
    ): pulumi.Resource {
        return this.firstStart(name, host, { step, gates, undone: undefined }, options);
    }

    /**
     * Declares a first-start step: it runs once on a host, as the host remembers, and again when the host is `undone`: known to be without what the
     * step makes.
     */
    firstStart(
        name: string,
        host: HostConfig,
        { step, granted = false, gates, undone }: FirstStart,
        options: pulumi.CustomResourceOptions,
    ): pulumi.Resource {
        const spec = {
            verb: `bootstrap ${step}`,
            anyVersion: true,
            payload: pulumi.output(gates).apply(gateLines),
            token: stepToken(this.facts(host), step, undone, granted, this.now),
        };
        return this.command(name, host, spec, options);
    }

    /** A first-start step that makes data (a format, a birth): protected from removal where the configuration says so. */
    birth(
        name: string,
        host: HostConfig,
        step: FirstStart,
        options: pulumi.CustomResourceOptions,
    ): pulumi.Resource {
        return this.firstStart(name, host, step, { ...options, protect: this.config.protect });
    }

    /** Declares the roll of units of one service on one host: gate, switch and restart where another digest runs, gate. */
    roll(
        name: string,
        host: HostConfig,
        units: readonly UnitBlock[],
        gates: Gates,
        options: pulumi.CustomResourceOptions,
    ): pulumi.Resource {
        this.#rolls.push({ host: host.name, units });
        const lines = gateLines(gates);
        const blocks = units.map(
            ({ name: unit, digest }) => `roll ${unit}\ndigest ${digest}\ntimeout 300\n${lines}`,
        );
        const spec = {
            verb: `roll ${units.map((unit) => unit.name).join(",")}`,
            payload: blocks.join(""),
            token: rollToken(this.facts(host), units, this.now, !this.#restarts),
            minutes: 45,
        };
        return this.command(name, host, spec, options);
    }
}
