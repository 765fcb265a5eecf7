// SPDX-License-Identifier: Apache-2.0
/** Answers of the lab's hosts, and what the preflight makes of them. */
import assert from "node:assert/strict";
import type { Config, HostConfig } from "../../lib/config/schema.ts";
import type { Answer } from "../../lib/facts/gather.ts";
import { preflight } from "../../lib/facts/preflight.ts";
import { says } from "./answers.ts";
import { loadStack } from "./stacks.ts";

export const config = loadStack("lab");
export const hosts = config.hosts;

/** A host with nothing to complain of; later lines win. */
export const good = (host: HostConfig, ...lines: string[]): Answer => ({
    kind: "facts",
    facts: says(
        "os debian 12 x86_64",
        `hostname ${host.name}`,
        `machine-id id-of-${host.name}`,
        "cores 4",
        "memory-mib 4096",
        "clock 1000",
        "asked-at 999.5 1000.5",
        "disk /var directory size-mib=9000 free-mib=5000",
        "disk /opt directory size-mib=9000 free-mib=5000",
        ...config.hardware.disks.map((path) => `disk ${path} mounted size-mib=4096 free-mib=9`),
        ...lines,
    ),
});

export const answersWith = (changed: Readonly<Record<string, Answer>>) =>
    new Map(hosts.map((host) => [host.name, changed[host.name] ?? good(host)]));
export const host = (name: string) => hosts.find((h) => h.name === name) ?? assert.fail(name);
export const judge = (changed: Readonly<Record<string, Answer>>, own: Config = config) =>
    preflight(own, own.hosts, answersWith(changed));
/** `m1: what` of each error when hosts say these lines on top. */
export const findings = (lines: Readonly<Record<string, string[]>>) =>
    judge(
        Object.fromEntries(
            Object.entries(lines).map(([name, own]) => [name, good(host(name), ...own)]),
        ),
    ).errors.map(({ path, what }) => `${path}: ${what}`);
export const silent: Answer = { kind: "unreachable", reason: "timed out" };
