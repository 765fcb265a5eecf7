// SPDX-License-Identifier: Apache-2.0
/** What `check` and `facts` print of a model host, in the order of the host program. */
import { portsOfUnit } from "../lib/topology.ts";
import { unitsWithRoles } from "./cluster.ts";
import type { ModelHost } from "./host.ts";
import { itemKey, unitDigest, type Item, type Manifest } from "./manifest.ts";
import type { Call } from "./types.ts";

/** How many lines of a difference are shown. */
const shownLines = 40;

function machine(host: ModelHost, program: string): string[] {
    const { cores, memoryMiB } = host.hardware;
    return [
        "os debian 12 x86_64",
        "kernel 6.1.0-sim",
        `hostname ${host.name}`,
        `machine-id ${host.state.machineId}`,
        `clock ${(Date.now() / 1000).toFixed(3)}`,
        `cores ${cores}`,
        `memory-mib ${memoryMiB}`,
        "java openjdk-17-jre-headless=17",
        `program ${program} ${host.state.programs.has(program) ? "present" : "absent"}`,
        "sudo yes",
    ];
}

/** What the last converge noted, not what the manifest at hand says. */
const notes = (host: ModelHost) =>
    [...host.state.items.values()]
        .filter(({ kind }) => kind === "note")
        .map(({ name, rest }) => `note ${name} ${rest}`);

const steps = (host: ModelHost) =>
    [...host.state.rolled]
        .filter(([name]) => name.startsWith("step-"))
        .map(([name, token]) => `step ${name.slice("step-".length)} ${token}`);

function evidence(host: ModelHost, { name, rest }: Item): string {
    const [question = "", path = ""] = rest.split(" ");
    const paths = [...host.state.marks.keys()];
    const there =
        paths.includes(path) || [...host.state.items.values()].some((i) => i.name === path);
    const below = paths.some((mark) => mark.startsWith(`${path}/`));
    if (question === "exists") return `evidence ${name} ${there || below ? "yes" : "no"}`;
    const answer = below ? "no" : there ? "yes" : "missing";
    return `evidence ${name} ${answer}`;
}

function answer(host: ModelHost, question: Item): string {
    const { kind, name, attributes } = question;
    if (kind === "evidence") return evidence(host, question);
    if (kind === "job") {
        const job = host.state.jobs.get(name);
        return `job ${name} ${job === undefined ? "absent" : `running ${job.token}`}`;
    }
    if (kind === "disk") {
        const mounted = host.hardware.disks.includes(name);
        const mib = host.hardware.diskGiB * 1024;
        return `disk ${name} ${mounted ? "mounted" : "directory"} size-mib=${mib} free-mib=${mib}`;
    }
    const unit = attributes["unit"] ?? "";
    const held = host.runs(unit) && (portsOfUnit[unit] ?? []).includes(Number(name));
    return `port ${name} ${held ? `held by ${unit}` : "free"}`;
}

function unitLine(host: ModelHost, item: Item): string {
    const unit = host.state.units.get(item.name);
    const state = unit?.running === undefined ? "inactive" : "active";
    const rolled = host.state.rolled.get(item.name) ?? "-";
    return (
        `unit ${item.name} ${state} running=${unit?.running ?? "-"} current=${unit?.current ?? "-"}` +
        ` wanted=${unitDigest(item)} since=1 result=success rolled=${rolled}`
    );
}

/** Lines that converge would take away and add, as `diff -U 0` of a file's old and new text. */
function difference(host: ModelHost, item: Item): string[] {
    const old = host.state.items.get(itemKey(item))?.content.split("\n").slice(0, -1) ?? [];
    const now = item.content.split("\n").slice(0, -1);
    const lines = [
        ...old.filter((line) => !now.includes(line)).map((line) => `| -${line}`),
        ...now.filter((line) => !old.includes(line)).map((line) => `| +${line}`),
    ];
    const more = lines.length - shownLines;
    return [
        `diff ${itemKey(item)}`,
        ...lines.slice(0, shownLines),
        ...(more > 0 ? [`| (${more} more lines)`] : []),
    ];
}

function driftLines(host: ModelHost, { section, items }: Manifest): string[] {
    const lines = items.flatMap((item) =>
        host
            .drift(item)
            .flatMap((word) => [
                `drift ${itemKey(item)} ${word}`,
                ...(item.kind === "file" && word === "content" ? difference(host, item) : []),
            ]),
    );
    return [...lines, ...host.surplus(section, items).map((item) => `drift ${item} surplus`)];
}

/** Manifests besides the one that is checked, and what of them is gone. */
function sectionLines(host: ModelHost, checked: string): string[] {
    return [...host.state.stamps]
        .filter(([section]) => section !== checked && section !== "")
        .flatMap(([section, { token }]) => {
            const name = section.slice(1);
            const gone = [...(host.state.owned.get(section) ?? [])].filter(
                (key) => !host.state.items.has(key),
            );
            return [
                `section ${name} token=${token}`,
                ...gone.map((key) => `section-drift ${name} ${key} missing`),
            ];
        });
}

/** All lines of `check` (with a manifest on standard input) or `facts`. */
export function facts(host: ModelHost, { payload, options, verb }: Call): string[] {
    const roles = unitsWithRoles
        .filter((unit) => host.has(unit))
        .map((unit) => `role ${unit} ${host.cluster.role(unit, host)}`);
    if (verb === "probe") return roles;
    const manifest = verb === "check" ? host.parse(payload) : undefined;
    const stamp = host.state.stamps.get(manifest?.section ?? "");
    return [
        ...machine(host, options["program"] ?? ""),
        ...notes(host),
        `token ${stamp?.token ?? "-"}`,
        `manifest ${stamp?.manifest ?? "-"}`,
        ...(manifest === undefined ? [] : [`wanted ${manifest.digest}`]),
        ...(manifest?.questions.map((question) => answer(host, question)) ?? []),
        ...(manifest?.items
            .filter(({ kind }) => kind === "unit")
            .map((item) => unitLine(host, item)) ?? []),
        ...steps(host),
        ...sectionLines(host, manifest?.section ?? ""),
        ...roles,
        ...(manifest === undefined ? [] : driftLines(host, manifest)),
    ];
}
