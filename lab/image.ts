// SPDX-License-Identifier: Apache-2.0
/** The root file system that all hosts share, read-only: Debian as a fresh server has it, made once and kept in the cache. */

import { createHash } from "node:crypto";
import {
    copyFileSync,
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { acquireSettings, debianSources, parseSources, renderSources } from "./apt.ts";
import { imageFiles, MASKED_UNITS } from "./files.ts";
import { LOGIN_USER } from "./layout.ts";
import { identify } from "./processes.ts";
import type { Report } from "./progress.ts";
import { attempt, run } from "./shell.ts";

/** The Debian release of the hosts. */
export const RELEASE = "bookworm";

/** What a host has before the product comes: an init, a login, a network, apt. Everything else is the product's task. */
const PACKAGES = [
    "systemd",
    "systemd-sysv",
    "libpam-systemd",
    "dbus",
    "openssh-server",
    "sudo",
    "curl",
    "ca-certificates",
    "iproute2",
    "iputils-ping",
    "procps",
    "apt-utils",
];

/** Counts up when the way an image is built changes in a manner that its recipe does not show. */
const REVISION = 2;

/** How the hosts and the image build reach the outside; machine-specific, so never part of the image's name. */
export interface Outside {
    readonly sources: string;
    readonly acquire: string;
    readonly resolvConf: string;
}

function readOr(path: string, otherwise: string): string {
    return existsSync(path) ? readFileSync(path, "utf8") : otherwise;
}

/** Reads from this machine how packages and names are reached. */
export async function readOutside(): Promise<Outside> {
    const folder = "/etc/apt/sources.list.d";
    const parts = existsSync(folder) ? readdirSync(folder).sort() : [];
    const files = ["/etc/apt/sources.list", ...parts.map((name) => join(folder, name))];
    const all = files
        .filter((path) => /\.(list|sources)$/.test(path) && existsSync(path))
        .flatMap((path) => parseSources(readFileSync(path, "utf8")));
    const dump = await run("apt-config", ["dump"]);
    // A stub resolver on the loopback address of this machine is out of reach for the hosts; take what is behind it.
    const stub = /^nameserver\s+127\./m.test(readOr("/etc/resolv.conf", ""));
    return {
        sources: renderSources(debianSources(all, RELEASE)),
        acquire: acquireSettings(dump),
        resolvConf: readOr(stub ? "/run/systemd/resolve/resolv.conf" : "/etc/resolv.conf", ""),
    };
}

/** The image's name: a digest of all that goes into it. */
export function imageKey(sources: string): string {
    const recipe = { REVISION, RELEASE, PACKAGES, MASKED_UNITS, files: imageFiles(), sources };
    return createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 16);
}

/** Builds that were interrupted: their folder ends in the number of a process that is no more. */
function removeAbandoned(folder: string): void {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        const pid = /\.building-(\d+)$/.exec(name)?.[1];
        if (pid !== undefined && identify(Number(pid)) === undefined) {
            rmSync(join(folder, name), { recursive: true, force: true });
        }
    }
}

/** Adds to a fresh Debian what makes it a host of the lab. */
async function furnish(root: string, log: string): Promise<void> {
    const inside = (...args: string[]): Promise<string> =>
        run("chroot", [root, ...args], { log, env: { DEBIAN_FRONTEND: "noninteractive" } });
    for (const [path, file] of Object.entries(imageFiles())) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), file.text, { mode: file.mode });
    }
    for (const unit of MASKED_UNITS) {
        rmSync(join(root, "etc/systemd/system", unit), { force: true });
        symlinkSync("/dev/null", join(root, "etc/systemd/system", unit));
    }
    await inside("useradd", "--create-home", "--uid", "1000", "--shell", "/bin/bash", LOGIN_USER);
    await inside("systemctl", "enable", "systemd-networkd.service");
    // Keys and identity are made anew for each host: shared ones would make pinning prove nothing.
    for (const name of readdirSync(join(root, "etc/ssh"))) {
        if (name.startsWith("ssh_host_")) {
            rmSync(join(root, "etc/ssh", name));
        }
    }
    rmSync(join(root, "etc/machine-id"), { force: true });
    rmSync(join(root, "var/lib/dbus/machine-id"), { force: true });
    symlinkSync("/etc/machine-id", join(root, "var/lib/dbus/machine-id"));
    await inside("apt-get", "update");
    await inside("apt-get", "clean");
    rmSync(join(root, "etc/apt/apt.conf.d/80lab-acquire"));
}

/** How packages are reached, put where apt in `root` looks. Also used for each host when it boots. */
export function writeOutside(root: string, outside: Outside): void {
    const put = (path: string, text: string): void => {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        rmSync(join(root, path), { force: true });
        writeFileSync(join(root, path), text, { mode: 0o644 });
    };
    put("etc/resolv.conf", outside.resolvConf);
    put("etc/apt/apt.conf.d/80lab-acquire", outside.acquire);
    if (outside.sources !== "") {
        put("etc/apt/sources.list", outside.sources);
    }
    const certificates = "etc/ssl/certs/ca-certificates.crt";
    if (existsSync(`/${certificates}`)) {
        mkdirSync(join(root, dirname(certificates)), { recursive: true });
        copyFileSync(`/${certificates}`, join(root, certificates));
    }
}

async function build(root: string, outside: Outside, log: string, detail: Report): Promise<void> {
    detail("debootstrap");
    const mirror = outside.sources.split("\n").find((line) => line.includes(` ${RELEASE} `));
    const uri = mirror?.split(" ")[2];
    const proxy = /^Acquire::http::Proxy "([^"]+)"/im.exec(outside.acquire)?.[1];
    const args = ["--variant=minbase", `--include=${PACKAGES.join(",")}`, RELEASE, root];
    const options = { log, ...(proxy === undefined ? {} : { env: { http_proxy: proxy } }) };
    // In a mount namespace of its own: what debootstrap mounts is gone when it ends, in whatever way.
    await run(
        "unshare",
        ["--mount", "--propagation", "private", "debootstrap", ...args, ...(uri ? [uri] : [])],
        options,
    );
    detail("user, services, package lists");
    writeOutside(root, outside);
    await furnish(root, log);
}

/**
 * Gives the folder of the image, after building it where the cache has none.
 *
 * @throws Error that names the log when the build fails
 */
export async function ensureImage(
    cache: string,
    outside: Outside,
    detail: Report,
): Promise<string> {
    const folder = join(cache, "images");
    const image = join(folder, imageKey(outside.sources));
    removeAbandoned(folder);
    if (existsSync(image)) {
        return image;
    }
    mkdirSync(folder, { recursive: true });
    const draft = `${image}.building-${process.pid}`;
    const log = `${image}.log`;
    rmSync(log, { force: true });
    try {
        await build(draft, outside, log, detail);
        renameSync(draft, image);
    } catch (error) {
        await attempt("rm", ["-rf", "--one-file-system", draft]);
        throw error;
    }
    return image;
}
