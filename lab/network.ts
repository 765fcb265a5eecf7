// SPDX-License-Identifier: Apache-2.0
/** The lab's switch: a bridge with its own subnet, and the way out through this machine. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { firewallRules } from "./files.ts";
import type { LabHost, LabLayout } from "./layout.ts";
import { attempt, run } from "./shell.ts";

/** A setting of this machine that the lab changed, with the value to give back. */
export interface ChangedSetting {
    readonly path: string;
    readonly before: string;
}

/** Does this network link exist? */
export function hasLink(name: string): boolean {
    return existsSync(`/sys/class/net/${name}`);
}

/** Is the host's cable in the switch? False for a host that is off. */
export function isConnected(layout: LabLayout, host: LabHost): boolean {
    return existsSync(`/sys/class/net/${layout.bridge}/brif/${host.link}`);
}

/** Puts the host's cable into the switch, or pulls it out there. The host itself sees its link up in both cases. */
export async function connect(layout: LabLayout, host: LabHost, connected: boolean): Promise<void> {
    if (!hasLink(host.link)) {
        throw new Error(
            `lab: ${host.name} is off, so its network cannot be changed; run "lab boot ${host.name}"`,
        );
    }
    const master = connected ? ["master", layout.bridge] : ["nomaster"];
    await run("ip", ["link", "set", host.link, ...master]);
}

/** The links through which this machine reaches the outside. */
async function uplinks(): Promise<string[]> {
    const routes = await run("ip", ["-4", "route", "show", "default"]);
    return [...routes.matchAll(/\bdev (\S+)/g)].flatMap((match) => match[1] ?? []);
}

/** The settings that must be on for hosts to be routed outside, each with its present value. */
export async function settingsToChange(): Promise<ChangedSetting[]> {
    const paths = (await uplinks()).map((link) => `/proc/sys/net/ipv4/conf/${link}/forwarding`);
    return paths
        .map((path) => ({ path, before: readFileSync(path, "utf8").trim() }))
        .filter(({ before }) => before === "0");
}

/** Another network of this machine in the same addresses would make the lab, or that network, unreachable. */
async function refuseTakenSubnet(layout: LabLayout): Promise<void> {
    const routes = await run("ip", ["-4", "route", "show", "root", `${layout.subnet}.0/24`]);
    const taken = routes.split("\n").find((line) => line !== "" && !line.includes(layout.bridge));
    if (taken !== undefined) {
        throw new Error(
            `lab: this machine already uses addresses of ${layout.subnet}.0/24 ("${taken.trim()}"); ` +
                "choose another network with --subnet, like --subnet 10.78.0",
        );
    }
}

/** Makes what is missing of bridge, address, forwarding and firewall rules. */
export async function raiseNetwork(
    layout: LabLayout,
    settings: readonly ChangedSetting[],
): Promise<void> {
    const { bridge, gateway } = layout;
    await refuseTakenSubnet(layout);
    if (!hasLink(bridge)) {
        // An address of its own: a bridge without one takes that of a host, and changes it when that host goes off.
        const hex = gateway.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"));
        const mac = ["02", "6d", ...hex].join(":");
        await run("ip", ["link", "add", bridge, "address", mac, "type", "bridge"]);
    }
    await run("ip", ["address", "replace", `${gateway}/24`, "dev", bridge]);
    await run("ip", ["link", "set", bridge, "up"]);
    writeFileSync(`/proc/sys/net/ipv4/conf/${bridge}/forwarding`, "1");
    for (const { path } of settings) {
        writeFileSync(path, "1");
    }
    // One transaction: declare (so that the delete cannot fail), delete, and make anew.
    const rules = firewallRules(layout);
    const input = `table ip ${bridge} {}\ndelete table ip ${bridge}\n${rules}`;
    await run("nft", ["-f", "-"], { input });
}

/** Removes all that `raiseNetwork` made and gives the machine's settings back. */
export async function removeNetwork(
    layout: LabLayout,
    settings: readonly ChangedSetting[],
): Promise<void> {
    const { bridge } = layout;
    await attempt("nft", ["-f", "-"], {
        input: `table ip ${bridge} {}\ndelete table ip ${bridge}\n`,
    });
    if (hasLink(bridge)) {
        await run("ip", ["link", "delete", bridge]);
    }
    for (const { path, before } of settings) {
        if (existsSync(path)) {
            writeFileSync(path, before);
        }
    }
}
