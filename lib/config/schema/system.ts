// SPDX-License-Identifier: Apache-2.0
/** The schema of what a platform team wants on hosts besides the services: kernel, time, and items of its own. */
import * as z from "zod";
import { absolutePath } from "./values.ts";

const plainPath = absolutePath
    .regex(/^(\/[A-Za-z0-9._@%+=~-]+)+$/, "must be a path of letters, digits and ._@%+=~-")
    .refine((path) => !/\/\.\.?(\/|$)/.test(path), "must not have . or .. in it");
const account = z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, "must be the name of a user or group")
    .default("root");
const mode = z.string().regex(/^0[0-7]{3}$/, 'must be four octal digits, such as "0644"');
const unit = z
    .string()
    .regex(
        /^[A-Za-z0-9][A-Za-z0-9_.@-]*$/,
        "must be the name of a systemd unit, without .service behind it",
    );
const on = z
    .array(z.string())
    .default([])
    .describe("Hosts and roles that get it; without any, all hosts");
const text = z
    .string()
    .refine((value) => !value.includes("\0"), "must be text, without NUL bytes")
    .describe("The whole content, as it is; nothing is filled in. Never a secret: it is shown");
const line = z.string().regex(/^[^\n\r\0]+$/, "must be one line");

const packageItem = z.strictObject({
    name: z
        .string()
        .regex(/^[a-z0-9][a-z0-9+.-]+$/, "must be the name of a Debian package")
        .describe("Debian package. A package of the platform can be named to pin its version"),
    version: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9.+:~-]*$/, "must be a version as apt writes it")
        .optional()
        .describe("The version that is installed and kept; default: what the host's sources offer"),
    on,
});

const fileItem = z.strictObject({
    path: plainPath.describe("Where it goes"),
    content: text,
    owner: account.describe("Its user; must exist on the host or be one of the platform's"),
    group: account.describe("Its group"),
    mode: mode.default("0644").describe("Permissions, four octal digits"),
    on,
});

const directoryItem = z.strictObject({
    path: plainPath.describe("Where it is; it stays when it is taken out of the stack file"),
    owner: account.describe("Its user"),
    group: account.describe("Its group"),
    mode: mode.default("0755").describe("Permissions, four octal digits"),
    on,
});

const serviceItem = z.strictObject({
    name: unit.describe("A unit that a package brought: enabled and running"),
    restartOn: z
        .array(z.string())
        .default([])
        .describe(
            "Paths of system.files, or unit/name of system.dropIns: a change of one restarts it",
        ),
    on,
});

const dropInItem = z.strictObject({
    unit: z
        .string()
        .regex(
            /^[A-Za-z0-9][A-Za-z0-9_.@-]*\.(service|socket|timer|mount|path|slice|target)$/,
            "must be the whole name of a systemd unit, such as ssh.service",
        )
        .describe("Unit of others, such as ssh.service"),
    name: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, "must be letters, digits, hyphens and underscores")
        .describe("Name of the drop-in: <unit>.d/<name>.conf"),
    content: text,
    on,
});

const timerItem = z.strictObject({
    name: unit.describe("Name of the timer and of its service"),
    schedule: line.describe("When it runs, as systemd's OnCalendar, such as *-*-* 03:00:00"),
    command: line
        .refine((value) => value.startsWith("/"), "must begin with the absolute path of a program")
        .describe("What it runs, as systemd's ExecStart"),
    user: account.describe("Who runs it"),
    on,
});

export const system = z
    .strictObject({
        sysctl: z
            .record(
                z.string().regex(/^[A-Za-z0-9_./-]+$/, "must be the name of a kernel setting"),
                z.union([z.int(), line], "must be a number or one line"),
            )
            .default({})
            .describe(
                "Kernel settings, over the platform's own (vm.swappiness 1, vm.max_map_count 262144)",
            ),
        transparentHugePages: z
            .enum(["always", "madvise", "never"])
            .default("madvise")
            .describe(
                "Who gets huge pages; always makes the kernel compact memory in the middle of a request",
            ),
        loginFiles: z
            .int()
            .min(1024)
            .default(65536)
            .describe(
                "Open files of a login's processes; services have their own limit in their units",
            ),
        modules: z
            .array(
                z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, "must be a kernel module's name"),
            )
            .default([])
            .describe("Kernel modules that are loaded, now and at boot"),
        timeServers: z
            .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:-]*$/, "must be an address or a name"))
            .default([])
            .describe(
                "NTP servers; with any, chrony is installed and follows only them. Three tell a wrong one from the others",
            ),
        names: z
            .record(
                z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, "must be a host name"),
                z.union([z.ipv4(), z.ipv6()], "must be an IP address"),
            )
            .default({})
            .describe(
                "Further names in /etc/hosts, such as the artifact mirror's, with their addresses",
            ),
        packages: z.array(packageItem).default([]).describe("Packages"),
        directories: z.array(directoryItem).default([]).describe("Directories"),
        files: z.array(fileItem).default([]).describe("Files"),
        services: z.array(serviceItem).default([]).describe("Services of packages"),
        dropIns: z.array(dropInItem).default([]).describe("Drop-ins for units of others"),
        timers: z.array(timerItem).default([]).describe("Timers, each with a service of its own"),
    })
    .prefault({})
    .describe("Kernel, time, and what a platform team wants on hosts besides the services");
export type SystemConfig = z.infer<typeof system>;
