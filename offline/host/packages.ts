// SPDX-License-Identifier: Apache-2.0
import { type Dirent, readdirSync, readFileSync, realpathSync } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";

/** A resource plugin that an installed npm package asks for. */
export interface RequiredPlugin {
    readonly name: string;
    /** With a leading `v`. */
    readonly version: string;
    /** Where to download it from; empty means the default. */
    readonly server: string;
    readonly parameterization: Parameterization | undefined;
}

/** What makes a generic plugin serve a certain package. */
export interface Parameterization {
    readonly name: string;
    readonly version: string;
    /** Base64. */
    readonly value: string;
}

/** An npm package that is installed below a program. */
export interface InstalledPackage {
    readonly name: string;
    readonly version: string;
    readonly plugin: RequiredPlugin | undefined;
}

/** What of package.json concerns Pulumi. */
interface Manifest {
    readonly name?: string;
    readonly version?: string;
    readonly pulumi?: {
        readonly resource?: boolean;
        readonly name?: string;
        readonly version?: string;
        readonly server?: string;
        readonly parameterization?: Parameterization;
    };
}

/**
 * Every npm package below a directory's `node_modules`, nested ones and links included.
 * Unreadable packages are left out: they cannot be loaded by the program either.
 *
 * Synchronous: the engine waits for the answer before every run, and some hundred small files take half the time so.
 */
export function installedPackages(directory: string): InstalledPackage[] {
    const found: InstalledPackage[] = [];
    walk(join(directory, "node_modules"), new Set(), found);
    return found;
}

function walk(folder: string, visited: Set<string>, found: InstalledPackage[]): void {
    for (const entry of list(folder)) {
        if (entry.name.startsWith(".") || entry.isFile()) {
            continue;
        }
        const path = join(folder, entry.name);
        if (entry.name.startsWith("@")) {
            walk(path, visited, found);
        } else {
            visit(path, visited, found);
        }
    }
}

function list(folder: string): Dirent[] {
    try {
        return readdirSync(folder, { withFileTypes: true });
    } catch {
        return [];
    }
}

function visit(path: string, visited: Set<string>, found: InstalledPackage[]): void {
    try {
        const real = realpathSync.native(path);
        if (visited.has(real)) {
            return;
        }
        visited.add(real);
        const manifest = JSON.parse(readFileSync(join(real, "package.json"), "utf8")) as Manifest;
        if (manifest.name !== undefined && manifest.version !== undefined) {
            found.push({
                name: manifest.name,
                version: manifest.version,
                plugin: pluginOf(manifest),
            });
        }
        walk(join(real, "node_modules"), visited, found);
    } catch {
        // Not a package: the program cannot load it either.
    }
}

/**
 * Whether a plugin is installed. Only such ones are reported as required: where plugins are seeded their
 * downloads do not work, and the engine would try them before every run. A plugin that a program really
 * uses is asked for again then, with an error that names it.
 *
 * @param pulumiHome `$PULUMI_HOME`
 */
export async function isInstalled(pulumiHome: string, plugin: RequiredPlugin): Promise<boolean> {
    try {
        await access(join(pulumiHome, "plugins", `resource-${plugin.name}-${plugin.version}`));
        return true;
    } catch {
        return false;
    }
}

/**
 * The resource plugin that a package.json asks for, if it asks for one.
 * A package outside the scope `@pulumi` must name its plugin.
 */
export function pluginOf(manifest: Manifest): RequiredPlugin | undefined {
    const pulumi = manifest.pulumi;
    const scoped = manifest.name?.match(/^@pulumi\/(.+)$/)?.[1];
    const name = pulumi?.name ?? scoped;
    const version = pulumi?.version ?? manifest.version;
    if (pulumi?.resource !== true || name === undefined || version === undefined) {
        return undefined;
    }
    return {
        name,
        version: version.startsWith("v") ? version : `v${version}`,
        server: pulumi.server ?? "",
        parameterization: pulumi.parameterization,
    };
}
