// SPDX-License-Identifier: Apache-2.0
/** What hosts say of their data disks, judged. The decision itself is the host's: host/disks.sh. Pure. */
import type { Diagnostic } from "../config/diagnostics.ts";
import type { Config } from "../config/schema.ts";
import { leastShare } from "../disks.ts";
import type { HostFacts } from "./parse.ts";

/** What a host would do with a device that the stack file names. */
export interface DiskPlan {
    /** `keep`, `mount`, `format` or `refuse-…`. */
    readonly decision: string;
    readonly device: string;
    readonly type: string;
    readonly sizeMiB: number;
    /** Of what is neither blank nor in order: what was found, and what to do. */
    readonly what: string;
    readonly fix: string;
}

/** `/data/1 format device=/dev/x type=xfs size-mib=953869 what; fix` without its path. */
export function parseDiskPlan(rest: string): DiskPlan {
    const [decision = "", device = "", type = "", size = "", ...words] = rest.split(" ");
    const value = (pair: string) => pair.slice(pair.indexOf("=") + 1);
    const [what = "", ...fix] = words.join(" ").split("; ");
    return {
        decision,
        device: value(device),
        type: value(type),
        sizeMiB: Number(value(size)),
        what,
        fix: fix.join("; "),
    };
}

type Found = Pick<Diagnostic, "what" | "fix">;

/** What stands in the way of one data disk. */
function diskFinding(path: string, facts: HostFacts, config: Config): Found | undefined {
    const plan = facts.diskPlans.get(path);
    if (plan?.decision.startsWith("refuse-") === true) return plan;
    // The host has judged device and size.
    if (plan?.decision === "format" || plan?.decision === "mount") return undefined;
    const disk = facts.disks.get(path);
    if (disk === undefined || disk["kind"] === "missing") {
        const fix = `mount a data disk on ${path}, name its device in hardware.devices, or correct hardware.disks`;
        return { what: `${path} is not there`, fix };
    }
    if (disk["kind"] !== "mounted") {
        const fix = `mount a data disk on ${path}, or name its device in hardware.devices`;
        return { what: `${path} is a directory of the system disk`, fix };
    }
    const gib = Number(disk["size-mib"]) / 1024;
    if (gib >= config.hardware.diskGiB * leastShare) return undefined;
    const what = `${path} has ${gib.toFixed(1)} GiB, hardware.diskGiB says ${config.hardware.diskGiB}`;
    return { what, fix: "correct hardware.diskGiB or the disk" };
}

/** What stands in the way of the data disks of a host. */
export function diskFindings(facts: HostFacts, config: Config): Found[] {
    return config.hardware.disks.flatMap((path) => diskFinding(path, facts, config) ?? []);
}

/** The disks that `up` would format, for a person to read before. */
export function formatWarnings(facts: HostFacts): string[] {
    return [...facts.diskPlans].flatMap(([path, { decision, device, type, sizeMiB, what }]) =>
        decision === "format"
            ? [
                  `would format ${device} (${what === "" ? "blank" : what}, ${Math.round(sizeMiB / 1024)} GiB) as ${type} for ${path}`,
              ]
            : [],
    );
}

/** Whether a path lies on a data disk that is mounted, or blank and formatted by this very run: only then what is missing there is known not to exist. */
export function onKnownDisk(facts: HostFacts | undefined, path: string): boolean {
    if (facts === undefined) return false;
    const above = (disk: string) => path.startsWith(`${disk}/`);
    const mounted = [...facts.disks].some(([disk, { kind }]) => kind === "mounted" && above(disk));
    const fresh = [...facts.diskPlans].some(
        ([disk, { decision }]) => decision === "format" && above(disk),
    );
    return mounted || fresh;
}
