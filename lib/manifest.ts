// SPDX-License-Identifier: Apache-2.0
/** The manifest of a host: what converge makes true. Pure text; host/README.md specifies the format. */
import { createHash } from "node:crypto";

type Attributes = Readonly<Record<string, string | number | undefined>>;

const attributes = (values: Attributes) =>
    Object.entries(values)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => ` ${key}=${value ?? ""}`)
        .join("");

/** Content as `|`-lines. A last newline is implied. */
function content(text: string): string {
    const lines = text.replace(/\n$/, "").split("\n");
    return lines.map((line) => (line === "" ? "|\n" : `| ${line}\n`)).join("");
}

export interface FileItem {
    readonly owner: string;
    readonly group: string;
    /** Four octal digits, such as "0644". */
    readonly mode: string;
}

/** `clock`: only where the host may set its clock and nothing else does; elsewhere a warning. */
export interface Condition {
    readonly when?: "clock";
}

/** Items of a manifest, each a piece of text. */
export const item = {
    package: (name: string, options: { version?: string | undefined } & Condition = {}) =>
        `package ${name}${attributes({ ...options })}\n`,
    module: (name: string) => `module ${name}\n`,
    group: (name: string) => `group ${name}\n`,
    user: (name: string, options: { group: string; home: string; shell?: string }) =>
        `user ${name}${attributes(options)}\n`,
    directory: (path: string, options: FileItem) =>
        `directory ${path}${attributes({ ...options })}\n`,
    file: (path: string, options: FileItem & Condition, text: string) =>
        `file ${path}${attributes({ ...options })}\n${content(text)}`,
    secret: (path: string, options: FileItem, text: string) =>
        `secret ${path}${attributes({ ...options })}\n${content(text)}`,
    link: (path: string, target: string) => `link ${path} ${target}\n`,
    /** A data disk: formatted when it is blank, and refused when it holds anything but a file system of this type and label. */
    filesystem: (
        path: string,
        options: { device: string; type: string; label: string; "least-mib": number },
    ) => `filesystem ${path}${attributes(options)}\n`,
    /** A mount of a device, such as `LABEL=x`; options as in fstab. */
    mount: (path: string, type: string, options: string, device: string) =>
        `mount ${path} ${type} ${options} device=${device}\n`,
    /** A tmpfs; options as in fstab. */
    tmpfs: (path: string, options: string) => `mount ${path} tmpfs ${options}\n`,
    sysctl: (key: string, value: string | number) => `sysctl ${key} ${value}\n`,
    hugepages: (what: "enabled" | "defrag", choice: string) => `hugepages ${what} ${choice}\n`,
    /** A limit of logins; `*` is everybody but root. Services have theirs in their units. */
    limit: (who: string, what: string, amount: number) => `limit ${who}:${what} ${amount}\n`,
    /** A drop-in for a unit of others, such as `ssh.service`. */
    dropIn: (unit: string, name: string, text: string) =>
        `dropin ${unit}.d/${name}.conf\n${content(text)}`,
    /** A timer of ours: the texts of its timer and of the service that it starts. */
    timer: (name: string, timer: string, service: string) =>
        `timer ${name}\n> ${name}.timer\n${content(timer)}> ${name}.service\n${content(service)}`,
    artifact: (
        directory: string,
        options: { sha256: string; size: number; url: string; archive?: string },
    ) => `artifact ${directory}${attributes(options)}\n`,
    /** How many versions of each artifact stay; and that members (named by the file `peers`) serve artifacts to each other, at `port`. */
    artifacts: (keepVersions: number, options: { port?: number; peers?: string }) =>
        `artifacts ${keepVersions}${attributes(options)}\n`,
    service: (name: string, restartOn: readonly string[], condition: Condition = {}) =>
        `service ${name}${attributes({ "restart-on": restartOn.join(",") || undefined, ...condition })}\n`,
    /** Kept by the host until the next converge: what this run knew. */
    note: (key: string, value: string) => `note ${key} ${value}\n`,
    port: (port: number, unit: string) => `port ${port} unit=${unit}\n`,
    disk: (path: string) => `disk ${path}\n`,
    job: (name: string, options: { masters: string; namenodes: string }) =>
        `job ${name}${attributes(options)}\n`,
    /** Do the names in the wanted file of this path lead to their addresses? */
    names: (path: string) => `names ${path}\n`,
    peer: (host: string, options: { rack: string; address: string; port: number }) =>
        `peer ${host}${attributes(options)}\n`,
    /** How many files may a service have open? */
    openFiles: (wanted: number) => `openfiles ${wanted}\n`,
    evidence: (key: string, test: "exists" | "empty" | `property:${string}`, path: string) =>
        `evidence ${key} ${test} ${path}\n`,
};

/** A service of ours: the text of its block and the digest that names its configuration. */
export interface UnitBlock {
    readonly name: string;
    readonly text: string;
    /** First 12 hex digits of the SHA-256 of the text. */
    readonly digest: string;
}

/** Makes the block of a unit from the files that its process loads, `<name>.service` among them. */
export function unitBlock(name: string, files: Readonly<Record<string, string>>): UnitBlock {
    const body = Object.entries(files).map(([file, text]) => `> ${file}\n${content(text)}`);
    const text = `unit ${name}\n${body.join("")}`;
    return { name, text, digest: createHash("sha256").update(text).digest("hex").slice(0, 12) };
}

/** What one service adds to a host's manifest. */
export interface Section {
    readonly items: readonly string[];
    readonly units: readonly UnitBlock[];
}

/** Order in which kinds of item are written: what others refer to comes first. */
const kinds = [
    "package",
    "module",
    "group",
    "user",
    "artifacts",
    "artifact",
    "filesystem",
    "mount",
    "directory",
    "file",
    "secret",
    "link",
    "sysctl",
    "hugepages",
    "limit",
    "dropin",
    "timer",
    "service",
    "note",
];

const rank = (text: string) => kinds.indexOf(text.slice(0, text.indexOf(" ")));

/** A package that is pinned somewhere is not wanted in just any version. */
function withPins(items: readonly string[]): string[] {
    const pinned = new Set(
        items.flatMap((text) => /^package (\S+) version=/.exec(text)?.slice(1) ?? []),
    );
    return items.filter((text) => !pinned.has(/^package (\S+)\n/.exec(text)?.[1] ?? ""));
}

/** The manifest of a host: every section's items once, in a fixed order, then the units. */
export function manifest(host: string, sections: readonly Section[]): string {
    const items = withPins([...new Set(sections.flatMap((section) => section.items))]);
    const unknown = items.find((text) => rank(text) < 0);
    if (unknown !== undefined) throw new Error(`not an item of a manifest: ${unknown}`);
    const sorted = items.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));
    const units = sections.flatMap((section) => section.units).map((unit) => unit.text);
    return `metalstream 1\nhost ${host}\n${sorted.join("")}${units.join("")}`;
}
