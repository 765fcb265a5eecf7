// SPDX-License-Identifier: Apache-2.0
/** The space that downloads, artifacts and packages take. Pure. */
import type { HostConfig } from "../../config/schema.ts";
import type { HostFacts } from "../parse.ts";
import { error, type Finding } from "./finding.ts";

/** Where packages, artifacts and logs go: their file systems are asked for free space. */
export const systemPlaces = ["/var", "/opt"] as const;
type Place = (typeof systemPlaces)[number];

/** What must be free on either in any case: packages, logs, and what the system itself writes meanwhile. */
const reserveMiB = 1024;

/** Unpacked jars take what the tar takes, and the class-data archives made of them about as much again (measured in the lab). */
const unpackedFactor = 2;

/** Sizes of artifacts as they are served, bytes, by the name that a manifest gives them. */
export type ArtifactSizes = ReadonlyMap<string, number>;

/** A file system, the places on it and what it must have free. */
interface Need {
    readonly places: readonly Place[];
    readonly freeMiB: number;
    readonly neededMiB: number;
}

/** What of the artifacts is still to come to a host: all tars lie in /var until they are unpacked, since they are fetched side by side. */
function toCome(facts: HostFacts, sizes: ArtifactSizes): Readonly<Record<Place, number>> {
    const names = facts.drift.flatMap((item) => /^artifact (\S+) missing$/.exec(item)?.[1] ?? []);
    const bytes = names.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    const mib = Math.ceil(bytes / 1024 / 1024);
    return { "/var": mib, "/opt": mib * unpackedFactor };
}

function needs(facts: HostFacts, sizes: ArtifactSizes): Need[] {
    const coming = toCome(facts, sizes);
    const found = new Map<string, Need>();
    for (const place of systemPlaces) {
        const disk = facts.disks.get(place);
        const free = Number(disk?.["free-mib"] ?? Number.NaN);
        if (disk?.["kind"] === "missing" || Number.isNaN(free)) continue;
        const fileSystem = disk?.["on"] ?? place;
        const before = found.get(fileSystem);
        found.set(fileSystem, {
            places: [...(before?.places ?? []), place],
            freeMiB: free,
            neededMiB: (before?.neededMiB ?? reserveMiB) + coming[place],
        });
    }
    return [...found.values()];
}

/** File systems that would fill up. */
export function spaceFindings(host: HostConfig, facts: HostFacts, sizes: ArtifactSizes): Finding[] {
    return needs(facts, sizes)
        .filter(({ freeMiB, neededMiB }) => freeMiB < neededMiB)
        .map(({ places, freeMiB, neededMiB }) => {
            const what = `the disk of ${places.join(" and ")} has ${freeMiB} MiB left, needed are ${neededMiB} MiB`;
            const fix = `free ${neededMiB - freeMiB} MiB for packages and artifacts`;
            return error(host, what, fix);
        });
}
