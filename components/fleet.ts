// SPDX-License-Identifier: Apache-2.0
/** What the components know of the hosts at the time of a run: targets, answers, and how to declare a verb on one. */
import * as pulumi from "@pulumi/pulumi";
import type { Config, HostConfig, Role } from "../lib/config/schema.ts";
import type { Answer } from "../lib/facts/gather.ts";
import type { HostFacts } from "../lib/facts/parse.ts";
import { rollToken } from "../lib/facts/token.ts";
import type { UnitBlock } from "../lib/manifest.ts";
import { hostCommand, type HostVerb } from "../lib/ops/command.ts";
import type { Target } from "../lib/target.ts";
import { withRole } from "../lib/topology.ts";

/** A line `gate KEY VALUE…` of a roll's specification. */
export type Gates = Readonly<Record<string, string>>;

/** A specification as the host program reads it. */
export const gateLines = (gates: Gates) =>
    Object.entries(gates)
        .map(([key, value]) => `gate ${key} ${value}\n`)
        .join("");

/** Hosts, their facts and the clock of this run. */
export class Fleet {
    readonly config: Config;
    readonly now: Date;
    readonly #targets: ReadonlyMap<string, Target>;
    readonly #answers: ReadonlyMap<string, Answer>;

    constructor(
        config: Config,
        targets: readonly Target[],
        answers: ReadonlyMap<string, Answer>,
        now: Date,
    ) {
        this.config = config;
        this.now = now;
        this.#targets = new Map(targets.map((target) => [target.config.name, target]));
        this.#answers = answers;
    }

    /** Facts of a host; undefined when it is down, was not asked or did not answer: then nothing is known of its data. */
    facts(host: HostConfig): HostFacts | undefined {
        if (host.state !== "present") return undefined;
        const answer = this.#answers.get(host.name);
        return answer?.kind === "facts" ? answer.facts : undefined;
    }

    /** Hosts with a role that take part in this run. */
    active(role: Role): HostConfig[] {
        return withRole(this.config, role).filter((host) => host.state === "present");
    }

    /** Declares a verb of the host program on a host. A host that is down or out of reach is left alone. */
    command(
        name: string,
        host: HostConfig,
        spec: HostVerb,
        options: pulumi.CustomResourceOptions,
    ): pulumi.Resource {
        const target = this.#targets.get(host.name);
        if (target === undefined) throw new Error(`${host.name} is not a target of this run`);
        const answer = this.#answers.get(host.name);
        const leaveAlone = host.state === "down" || answer?.kind === "unreachable";
        // Without facts (a preview with facts: off) tokens say nothing: changes of the configuration are still shown.
        const once = spec.once === true || answer === undefined;
        return hostCommand(name, target, { ...spec, leaveAlone, once }, options);
    }

    /** The argument that lets a guarded step begin something new; it holds for this run only. */
    grant(given: boolean): string {
        return given ? ` grant=${this.now.toISOString()}` : "";
    }

    /** Declares a bootstrap step: guarded on the host by the evidence, run once. `arguments_` may carry a grant. */
    bootstrap(
        name: string,
        host: HostConfig,
        arguments_: string,
        gates: pulumi.Input<Gates>,
        options: pulumi.CustomResourceOptions,
    ): pulumi.Resource {
        const payload = pulumi.output(gates).apply(gateLines);
        return this.command(
            name,
            host,
            { verb: `bootstrap ${arguments_}`, payload, once: true },
            options,
        );
    }

    /** Declares a bootstrap step that makes data (a format, a birth): protected from removal where the configuration says so. */
    birth(
        name: string,
        host: HostConfig,
        arguments_: string,
        gates: pulumi.Input<Gates>,
        options: pulumi.CustomResourceOptions,
    ): pulumi.Resource {
        const { protect } = this.config;
        return this.bootstrap(name, host, arguments_, gates, { ...options, protect });
    }

    /** Declares the roll of units of one service on one host: gate, switch and restart where another digest runs, gate. */
    roll(
        name: string,
        host: HostConfig,
        units: readonly UnitBlock[],
        gates: Gates,
        options: pulumi.CustomResourceOptions,
    ): pulumi.Resource {
        const lines = gateLines(gates);
        const blocks = units.map(
            ({ name: unit, digest }) => `roll ${unit}\ndigest ${digest}\ntimeout 300\n${lines}`,
        );
        const spec = {
            verb: `roll ${units.map((unit) => unit.name).join(",")}`,
            payload: blocks.join(""),
            token: rollToken(this.facts(host), units, this.now),
            minutes: 45,
        };
        return this.command(name, host, spec, options);
    }
}
