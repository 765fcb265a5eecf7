// SPDX-License-Identifier: Apache-2.0
/** Whether this machine can hold a lab, and what to do where it cannot. */

import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Report } from "./progress.ts";
import { attempt, run } from "./shell.ts";

/** Something that is missing, and how to get it. */
export interface Missing {
    readonly what: string;
    readonly how: string;
    /** The Debian package that brings it, where that is all there is to do. */
    readonly packageName?: string;
}

/** Program, Debian package that has it. */
const PROGRAMS: readonly (readonly [string, string])[] = [
    ["debootstrap", "debootstrap"],
    ["systemd-nspawn", "systemd-container"],
    ["ip", "iproute2"],
    ["nft", "nftables"],
    ["ssh", "openssh-client"],
    ["ssh-agent", "openssh-client"],
    ["mkfs.ext4", "e2fsprogs"],
    ["losetup", "mount"],
    ["unshare", "util-linux"],
];

function hasProgram(name: string): boolean {
    const path = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
    return path.some((folder) => {
        try {
            accessSync(join(folder, name), constants.X_OK);
            return true;
        } catch {
            return false;
        }
    });
}

function fileHas(path: string, pattern: RegExp): boolean {
    return existsSync(path) && pattern.test(readFileSync(path, "utf8"));
}

/** What apt can install. */
function missingPackages(): Missing[] {
    const missing: Missing[] = PROGRAMS.filter(([program]) => !hasProgram(program)).map(
        ([program, packageName]) => ({
            what: `the program ${program}`,
            how: `apt-get install ${packageName}`,
            packageName,
        }),
    );
    if (!existsSync("/usr/share/keyrings/debian-archive-keyring.gpg")) {
        const packageName = "debian-archive-keyring";
        missing.push({
            what: "the keys of Debian's archive",
            how: `apt-get install ${packageName}`,
            packageName,
        });
    }
    return missing;
}

/**
 * All that this machine lacks for a lab, most important first; empty when a lab can run. Looks only, changes nothing.
 *
 * The kernel's abilities are tried in a mount namespace that ends with the trial, since a container may lack them
 * though their files are there.
 */
export async function missingPrerequisites(): Promise<Missing[]> {
    if (process.platform !== "linux") {
        return [{ what: "Linux", how: "run the lab in a Debian or Ubuntu virtual machine" }];
    }
    const missing: Missing[] = [];
    if (process.getuid?.() !== 0) {
        missing.push({ what: "root", how: "run the command as root, for example with sudo" });
    }
    missing.push(...missingPackages());
    if (missing.length > 0) {
        return missing;
    }
    const inKernel = (): boolean => fileHas("/proc/filesystems", /\boverlay$/m);
    if (!inKernel() && hasProgram("modprobe")) {
        await attempt("modprobe", ["-q", "overlay"]);
    }
    if (!inKernel()) {
        missing.push({ what: "the overlay file system", how: "use a kernel with overlayfs" });
    }
    const tryMount = "mount -t tmpfs metalstream-trial /mnt";
    const mounts = await attempt("unshare", [
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        tryMount,
    ]);
    if (mounts.code !== 0) {
        missing.push({
            what: "the right to mount",
            how: "run the lab on a machine or in a virtual machine, not in an unprivileged container",
        });
    }
    const loops = await attempt("losetup", ["--find"]);
    if (loops.code !== 0) {
        missing.push({ what: "loop devices", how: "load the kernel module: modprobe loop" });
    }
    const rules = await attempt("nft", ["list", "tables"]);
    if (rules.code !== 0) {
        missing.push({ what: "nftables in the kernel", how: "modprobe nf_tables nft_chain_nat" });
    }
    return missing;
}

/** The findings as text for a person. */
export function describeMissing(missing: readonly Missing[]): string {
    return missing.map(({ what, how }) => `  - ${what} is missing: ${how}`).join("\n");
}

async function installPackages(packages: readonly string[], detail: Report): Promise<void> {
    detail(`apt-get install ${packages.join(" ")}`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-q"], { env });
    await run("apt-get", ["install", "-q", "-y", "--no-install-recommends", ...packages], { env });
}

/**
 * Installs programs that are missing, where we may; where we may not, or it fails, what needs them has to say so itself.
 * @param programs each with the Debian package that brings it.
 */
export async function tryToInstall(
    programs: readonly (readonly [program: string, packageName: string])[],
    detail: Report,
): Promise<void> {
    const packages = programs.filter(([program]) => !hasProgram(program)).map(([, name]) => name);
    if (packages.length === 0 || process.getuid?.() !== 0 || !hasProgram("apt-get")) return;
    await installPackages(packages, detail).catch((error: unknown) => {
        detail(error instanceof Error ? error.message : String(error));
    });
}

/**
 * Makes the machine ready: installs missing packages where we may (root on Debian or Ubuntu).
 *
 * @throws Error that lists all that is still missing, with how to get it
 */
export async function ensurePrerequisites(detail: Report): Promise<void> {
    let missing = await missingPrerequisites();
    const packages = [...new Set(missing.flatMap(({ packageName }) => packageName ?? []))];
    const onlyPackages = missing.every(({ packageName }) => packageName !== undefined);
    if (packages.length > 0 && onlyPackages && hasProgram("apt-get")) {
        await installPackages(packages, detail);
        missing = await missingPrerequisites();
    }
    if (missing.length > 0) {
        throw new Error(`lab: this machine cannot hold a lab yet:\n${describeMissing(missing)}`);
    }
}
