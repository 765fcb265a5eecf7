// SPDX-License-Identifier: Apache-2.0
/** The items as a manifest of this project. Pure. */
import { item, manifest } from "../../lib/manifest.ts";
import { renderFiles } from "./files.ts";
import type { BenchHost, Items, Place } from "./items.ts";

const access = ({ owner, group, mode }: Place) => ({ owner, group, mode });

/** Manifest of a host. Services are declared like those of packages: restarted by converge when a file of theirs changed. */
export function hostManifest(set: Items, host: BenchHost, hosts: readonly BenchHost[]): string {
    const files = renderFiles(set, host, hosts);
    const { name, home, shell } = set.account;
    const loaded = (unit: string) =>
        files.filter(({ restarts }) => restarts.includes(unit)).map(({ path }) => path);
    const items = [
        ...set.packages.map((name) => item.package(name)),
        item.group(name),
        item.user(name, { group: name, home, shell }),
        ...set.directories.map((directory) => item.directory(directory.path, access(directory))),
        ...files.map((file) => item.file(file.path, access(file), file.text)),
        ...set.sysctls.map(({ key, value }) => item.sysctl(key, value)),
        ...set.units.map((unit) => item.service(unit, loaded(unit))),
    ];
    return manifest(host.name, [{ items, units: [] }]);
}
