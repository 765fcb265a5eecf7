// SPDX-License-Identifier: Apache-2.0
/** The schema of the machines: hosts, the ways to them, their hardware. */
import * as z from "zod";
import { absolutePath, mib, port } from "./values.ts";

/** What a host can be asked to run. A role is a systemd unit's name, or a pair of them (namenode: with its ZKFC). */
export const roles = [
    "zookeeper",
    "journalnode",
    "namenode",
    "datanode",
    "spark-master",
    "spark-worker",
    "spark-history",
    "kafka-controller",
    "kafka-broker",
] as const;
export type Role = (typeof roles)[number];

/** A device by a name that stays the same: links that udev makes of serial numbers, slots or partition ids, and mapped or RAID devices. */
const device = z
    .string()
    .regex(
        /^\/dev(\/[A-Za-z0-9_.:=+@-]+)+$/,
        "must be a path below /dev, such as /dev/disk/by-id/wwn-0x5000c500a1b2c3d4",
    )
    .refine((path) => !path.includes("/.."), "must be a plain path");
const devices = z
    .record(
        absolutePath,
        z.strictObject({
            device: device.describe("Device of the disk, by a stable name"),
            fs: z.enum(["xfs", "ext4"]).default("xfs").describe("File system to make on it"),
            label: z
                .string()
                .regex(/^[A-Za-z0-9_-]{1,12}$/, "must be 1 to 12 letters, digits, - or _")
                .optional()
                .describe("Label of the file system; default: of the host's id and the path"),
            acceptUnstableName: z
                .boolean()
                .default(false)
                .describe(
                    "Accept a name such as /dev/sdb, which may mean another disk at each boot",
                ),
        }),
    )
    .default({});
export type DiskDevice = z.infer<typeof devices>[string];

const name = z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "must be a host name: lower-case letters, digits and hyphens")
    .refine((text) => text !== "localhost", "must not be localhost");
export const host = z.strictObject({
    name: name.describe("Host name; part of the names of resources, so never change it"),
    address: z
        .union(
            [z.ipv4(), z.ipv6()],
            "must be an IP address (/etc/hosts of all hosts is made of it)",
        )
        .describe("IP address of SSH and of the services"),
    rack: z
        .string()
        .regex(/^[A-Za-z0-9._-]+$/, "must be letters, digits, dots, hyphens and underscores")
        .describe("Rack; drives HDFS racks, broker.rack and quorum placement"),
    roles: z
        .array(z.enum(roles))
        .default([])
        .describe(`What runs here: ${roles.join(", ")}`),
    state: z
        .enum(["present", "down", "lost"])
        .default("present")
        .describe(
            "present: in service; down: leave it alone for now; lost: forget it without contacting it",
        ),
    id: z
        .int()
        .min(1)
        .max(2999)
        .describe(
            "Stable number of this host: myid (ZooKeeper members: at most 255), Kafka node id. Never reuse or renumber",
        ),
    port: port.optional().describe("SSH port of this host; default ssh.port"),
    devices: devices.describe(
        "As hardware.devices, for this host alone; its mount points come before those of hardware.devices",
    ),
});
export type HostConfig = z.infer<typeof host>;

const seconds = z.int().min(1).max(86400);

export const ssh = z.strictObject({
    user: z.string().default("root").describe("Login user; any user with sudo"),
    port: port.default(22).describe("SSH port of the hosts"),
    knownHosts: z
        .string()
        .min(1)
        .describe("known_hosts file with one pinned key per host, relative to the project"),
    agentSocketPath: z
        .string()
        .optional()
        .describe("Socket of the SSH agent, relative to the project; default $SSH_AUTH_SOCK"),
    bastion: z
        .strictObject({
            address: z.string().min(1).describe("Address or name of the bastion"),
            port: port.default(22).describe("SSH port of the bastion"),
            user: z.string().min(1).describe("Login user on the bastion"),
        })
        .optional()
        .describe("A host to go through; its key is in knownHosts too"),
    connectTimeoutSeconds: seconds
        .default(15)
        .describe("How long one attempt to connect may take, to a host or the bastion"),
    questionTimeoutSeconds: seconds
        .default(60)
        .describe("How long a host may take to say how it is (preview, preflight, status)"),
    commandTimeoutSeconds: seconds
        .default(900)
        .describe(
            "How long a step on a host may take, such as its converge; kept on the host too. Rolls have 45 minutes",
        ),
});

export const hardware = z.strictObject({
    cores: z.int().positive().describe("Cores of each host"),
    memoryMiB: mib.describe("Memory of each host"),
    disks: z
        .array(absolutePath)
        .min(1)
        .describe(
            "Mount points of the data disks, in order: the first takes Kafka's log and the journals, the others what is bulky",
        ),
    diskGiB: z.int().positive().describe("Size of each data disk"),
    devices: devices.describe(
        "Mount point -> {device, fs, label, acceptUnstableName}: disks that are formatted (fs: xfs or ext4) when they are blank, and mounted by label. Mount points without one must be mounted already",
    ),
});
export type Hardware = z.infer<typeof hardware>;
