// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { basename, dirname, join } from "node:path";
import { exists, linkOrCopy } from "./files.ts";
import { SOURCE_FOLDER } from "./paths.ts";

/** Folders of sources that run as plugins. */
const SOURCES = ["plugin", "ssh", "host", "command", "random"];
/** npm packages that the sources load. Of the SDK only the protocol definitions are needed. */
const PACKAGES = ["@grpc/grpc-js", "google-protobuf", "ssh2"];
const SDK = "@pulumi/pulumi";

/** A program of the runtime, by the name of its executable. */
export const PROGRAMS = {
    "pulumi-language-nodejs": "host/main.js",
    "pulumi-resource-command": "command/main.js",
    "pulumi-resource-random": "random/main.js",
} as const;

/**
 * Makes a folder with all that the language host and the plugins need to run, node included, so that
 * they go on working when the checkout moves or goes away. TypeScript is stripped of its types once,
 * here, which makes every start faster.
 *
 * @param parent where the folder is made; its name contains the digest of its content
 * @returns the folder
 */
export async function installRuntime(parent: string): Promise<string> {
    const sources = await readSources();
    const folder = join(parent, `runtime-${await digestOf(sources)}`);
    if (await exists(folder)) {
        return folder;
    }
    const unfinished = `${folder}.${process.pid}.tmp`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    for (const [path, source] of sources) {
        const target = join(unfinished, path.replace(/\.ts$/, ".js"));
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, toJavaScript(source));
    }
    await writeFile(join(unfinished, "package.json"), `${JSON.stringify({ type: "module" })}\n`);
    await copyPackages(join(unfinished, "node_modules"));
    await linkOrCopy(await realpath(process.execPath), join(unfinished, "node"));
    await rename(unfinished, folder);
    return folder;
}

/** The shell program that starts one of the runtime's programs. */
export function shim(runtime: string, program: keyof typeof PROGRAMS): string {
    return [
        "#!/bin/sh",
        "# Seeded: `node offline/seed.ts status` tells more, `remove` takes it away.",
        `runtime=${shellQuote(runtime)}`,
        `exec "$runtime/node" "$runtime/${PROGRAMS[program]}" "$@"`,
        "",
    ].join("\n");
}

function shellQuote(word: string): string {
    return `'${word.replaceAll("'", "'\\''")}'`;
}

async function readSources(): Promise<[string, string][]> {
    const paths = ["versions.ts"];
    for (const folder of SOURCES) {
        const names = await readdir(join(SOURCE_FOLDER, folder));
        paths.push(
            ...names.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name)),
        );
    }
    return Promise.all(
        paths
            .sort()
            .map(
                async (path) => [path, await readFile(join(SOURCE_FOLDER, path), "utf8")] as const,
            ),
    ).then((pairs) => pairs.map(([path, source]) => [path, source]));
}

async function digestOf(sources: readonly [string, string][]): Promise<string> {
    const hash = createHash("sha256");
    hash.update(`${process.version} ${process.arch}\n`);
    for (const name of [...PACKAGES, SDK]) {
        hash.update(await readFile(join(packageFolder(name, SOURCE_FOLDER), "package.json")));
    }
    for (const [path, source] of sources) {
        hash.update(`${path}\0${source}\0`);
    }
    return hash.digest("hex").slice(0, 16);
}

/** A default import of an npm package, as all imports of packages here are. */
const PACKAGE_IMPORT = /^import (\w+) from ("(?!node:|\.)[^"]+");$/gm;
const REQUIRE = `import { createRequire as from } from "node:module";\nconst require = from(import.meta.url);\n`;

/**
 * Removes types and names the JavaScript files in imports. Packages are required instead: they are CommonJS, and before
 * node imports such a one it parses all that it loads in search of names. That is a third of a plugin's start.
 */
export function toJavaScript(source: string): string {
    const script = stripTypeScriptTypes(source).replace(
        /(\bfrom |\bimport\(?)("\.{1,2}\/[^"]+)\.ts"/g,
        '$1$2.js"',
    );
    const required = script.replace(PACKAGE_IMPORT, "const $1 = require($2);");
    return required === script ? script : `${REQUIRE}${required}`;
}

/** Copies the packages and what they depend on. All versions agree, so one flat folder does. */
async function copyPackages(target: string): Promise<void> {
    await copyProtocol(join(target, SDK));
    const copied = new Set<string>();
    const copy = async (name: string, from: string): Promise<void> => {
        if (copied.has(name)) {
            return;
        }
        copied.add(name);
        const folder = packageFolder(name, from);
        await cp(folder, join(target, name), {
            recursive: true,
            dereference: true,
            filter: (path) => path === folder || basename(path) !== "node_modules",
        });
        const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
            dependencies?: Record<string, string>;
        };
        for (const dependency of Object.keys(manifest.dependencies ?? {})) {
            await copy(dependency, folder);
        }
    };
    for (const name of PACKAGES) {
        await copy(name, SOURCE_FOLDER);
    }
}

async function copyProtocol(target: string): Promise<void> {
    const folder = packageFolder(SDK, SOURCE_FOLDER);
    await mkdir(target, { recursive: true });
    await cp(join(folder, "proto"), join(target, "proto"), {
        recursive: true,
        filter: (path) => !path.endsWith(".d.ts"),
    });
    await cp(join(folder, "package.json"), join(target, "package.json"));
}

/** The folder of an installed package, found the way node would from `from`. */
function packageFolder(name: string, from: string): string {
    const folders = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
    for (const folder of folders) {
        try {
            return dirname(
                createRequire(import.meta.url).resolve(join(folder, name, "package.json")),
            );
        } catch {
            continue;
        }
    }
    throw new Error(`npm package ${name} is not installed: run npm ci`);
}
