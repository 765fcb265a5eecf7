// SPDX-License-Identifier: Apache-2.0
import type { Answer } from "../lib/facts/gather.ts";
import type { Config } from "../lib/config/schema.ts";
import type { HostPlan } from "../components/sections.ts";
import { platformAddresses } from "../components/addresses.ts";
import { replicasText, type Replicas } from "../lib/facts/replicas.ts";
import { lookAt, stackOptions } from "./stack.ts";

/** One service on one host, as a person wants to see it. */
export interface ServiceStatus {
    readonly unit: string;
    readonly state: "active" | "inactive";
    /** leader, follower, active, standby, …; undefined where the service has no roles. */
    readonly role: string | undefined;
    /** Whether the process runs the configuration that is wanted now. */
    readonly current: boolean;
}

export interface HostStatus {
    readonly host: string;
    readonly rack: string;
    readonly state: "up" | "unreachable" | "failed" | "down";
    readonly reason?: string;
    readonly services: readonly ServiceStatus[];
    /** Items that differ from the stack file. */
    readonly drift: readonly string[];
}

/** What a host's answer means. Pure. */
export function hostStatus(plan: HostPlan, answer: Answer | undefined): HostStatus {
    const base = { host: plan.host.name, rack: plan.host.rack, services: [], drift: [] };
    if (answer === undefined) return { ...base, state: "down" };
    if (answer.kind !== "facts") return { ...base, state: answer.kind, reason: answer.reason };
    const { facts } = answer;
    const services = plan.units.map(({ name, digest }): ServiceStatus => {
        const unit = facts.units.get(name);
        return {
            unit: name,
            state: unit?.active === true ? "active" : "inactive",
            role: facts.roles.get(name),
            current: unit?.running === digest,
        };
    });
    return { ...base, state: "up", services, drift: facts.drift };
}

function serviceText({ unit, state, role, current }: ServiceStatus): string {
    if (state !== "active") return `${unit} (DOWN)`;
    const words = [role, current ? undefined : "older configuration"].filter(
        (word) => word !== undefined,
    );
    return words.length > 0 ? `${unit} (${words.join(", ")})` : unit;
}

function table(hosts: readonly HostStatus[]): string[] {
    return hosts.flatMap(({ host, rack, state, reason, services, drift }) => [
        `${host.padEnd(8)} ${rack.padEnd(6)} ${state === "up" ? services.map(serviceText).join("  ") : `${state}: ${reason ?? "as the stack file says"}`}`,
        ...(drift.length > 0 ? [`${" ".repeat(16)}differs: ${drift.join("; ")}`] : []),
    ]);
}

/** Streaming jobs of the stack and whether they run, as the host that submits them says. Pure. */
export function jobStatus(
    config: Config,
    answers: Iterable<Answer>,
): Record<string, "running" | "stopped"> {
    if (!config.streaming.logs.enabled) return {};
    const runs = [...answers].some(
        (answer) => answer.kind === "facts" && answer.facts.jobs.has("logs"),
    );
    return { logs: runs ? "running" : "stopped" };
}

/** Replicas of a service's data, as its active member says. Pure. */
export function dataStatus(answers: Iterable<Answer>): Record<string, Replicas> {
    const all = [...answers].flatMap((answer) =>
        answer.kind === "facts" ? [...answer.facts.replicas] : [],
    );
    return Object.fromEntries(all);
}

/** `metalstream status`: exit code 1 when a service or job is down, a host out of reach or data lost. */
export async function statusCommand(args: string[]): Promise<number> {
    const { stack: name, json } = stackOptions(args);
    const { stack, plans, answers } = await lookAt(name);
    const hosts = plans.map((plan) => hostStatus(plan, answers.get(plan.host.name)));
    const addresses = platformAddresses(stack.config);
    const jobs = jobStatus(stack.config, answers.values());
    const data = dataStatus(answers.values());
    const healthy =
        Object.values(jobs).every((state) => state === "running") &&
        Object.values(data).every(({ missing }) => missing === 0) &&
        hosts.every(
            ({ state, services }) =>
                state === "down" ||
                (state === "up" && services.every((service) => service.state === "active")),
        );
    if (json) {
        console.log(
            JSON.stringify({ stack: name, healthy, hosts, jobs, data, addresses }, null, 4),
        );
    } else {
        console.log(["HOST     RACK   SERVICES", ...table(hosts), ""].join("\n"));
        for (const [job, state] of Object.entries(jobs))
            console.log(`job ${job.padEnd(12)} ${state}`);
        for (const [service, replicas] of Object.entries(data))
            console.log(`data ${service.padEnd(11)} ${replicasText(replicas)}`);
        for (const [what, where] of Object.entries(addresses))
            console.log(`${what.padEnd(16)} ${where}`);
    }
    return healthy ? 0 : 1;
}
