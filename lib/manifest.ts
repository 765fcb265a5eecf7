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

/** Items of a manifest, each a piece of text. */
export const item = {
    package: (name: string) => `package ${name}\n`,
    group: (name: string) => `group ${name}\n`,
    user: (name: string, options: { group: string; home: string; shell?: string }) =>
        `user ${name}${attributes(options)}\n`,
    directory: (path: string, options: FileItem) =>
        `directory ${path}${attributes({ ...options })}\n`,
    file: (path: string, options: FileItem, text: string) =>
        `file ${path}${attributes({ ...options })}\n${content(text)}`,
    secret: (path: string, options: FileItem, text: string) =>
        `secret ${path}${attributes({ ...options })}\n${content(text)}`,
    link: (path: string, target: string) => `link ${path} ${target}\n`,
    /** A tmpfs; options as in fstab. */
    tmpfs: (path: string, options: string) => `mount ${path} tmpfs ${options}\n`,
    sysctl: (key: string, value: string | number) => `sysctl ${key} ${value}\n`,
    artifact: (
        directory: string,
        options: { sha256: string; size: number; url: string; archive?: string },
    ) => `artifact ${directory}${attributes(options)}\n`,
    service: (name: string, restartOn: readonly string[]) =>
        `service ${name}${attributes({ "restart-on": restartOn.join(",") || undefined })}\n`,
    port: (port: number, unit: string) => `port ${port} unit=${unit}\n`,
    disk: (path: string) => `disk ${path}\n`,
    job: (name: string, options: { masters: string; namenodes: string }) =>
        `job ${name}${attributes(options)}\n`,
    evidence: (key: string, test: "exists" | "empty", path: string) =>
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
    "group",
    "user",
    "artifact",
    "mount",
    "directory",
    "file",
    "secret",
    "link",
    "sysctl",
    "service",
];

const rank = (text: string) => kinds.indexOf(text.slice(0, text.indexOf(" ")));

/** The manifest of a host: every section's items once, in a fixed order, then the units. */
export function manifest(host: string, sections: readonly Section[]): string {
    const items = [...new Set(sections.flatMap((section) => section.items))];
    const unknown = items.find((text) => rank(text) < 0);
    if (unknown !== undefined) throw new Error(`not an item of a manifest: ${unknown}`);
    const sorted = items.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));
    const units = sections.flatMap((section) => section.units).map((unit) => unit.text);
    return `metalstream 1\nhost ${host}\n${sorted.join("")}${units.join("")}`;
}
