// SPDX-License-Identifier: Apache-2.0
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { artifactNames, artifact, catalogue, chooseNames } from "./catalogue.ts";
import { ArtifactError } from "./artifact.ts";
import { ensureArtifacts } from "./build.ts";
import { cacheFolder, garbage, isCached, verify } from "./cache.ts";
import { pin } from "./pin.ts";

const usage = `usage: node lib/artifacts/cli.ts VERB [NAME…] [--out DIR]
  list             artifacts of the catalogue, and which of them lie in the cache
  build [NAME…]    fetch, verify and assemble what is missing in the cache
  verify [NAME…]   read the tars in the cache and compare their digests
  pin NAME…        resolve anew with Maven and write the digests into the catalogue
  gc               remove from the cache what the catalogue no longer names
--out DIR takes DIR for the cache (default ${cacheFolder()})`;

const catalogueFolder = path.join(import.meta.dirname, "catalogue");
const say = (line: string) => process.stdout.write(`${line}\n`);

const verbs: Record<string, (names: string[], folder: string) => Promise<void>> = {
    async list(_names, folder) {
        for (const item of artifactNames.map(artifact)) {
            const where = (await isCached(item, folder)) ? "in the cache" : "to be built";
            const megabytes = `${(item.size / 1e6).toFixed(0)} MB`;
            say([item.file.padEnd(36), megabytes.padStart(7), where].join("  "));
        }
    },
    async build(names, folder) {
        for (const done of await ensureArtifacts(chooseNames(names), say, folder)) say(done.path);
    },
    async verify(names, folder) {
        for (const name of chooseNames(names)) {
            await verify(artifact(name), folder);
            say(`${artifact(name).file}: right`);
        }
    },
    async pin(names, folder) {
        if (names.length === 0) throw new ArtifactError("pin needs the names of what to pin");
        for (const name of chooseNames(names)) {
            const { version } = catalogue[name];
            const file = path.join(catalogueFolder, `${name}-${version}.json`);
            const pinned = await pin(file, folder, say);
            say(`${name} ${version}: ${pinned.jars.length} jars, ${pinned.file}`);
        }
    },
    async gc(_names, folder) {
        const newest = await newestLocal(folder);
        const keep = new Set([...artifactNames.map((name) => artifact(name).file), ...newest]);
        for (const name of await garbage(folder, keep)) {
            await rm(path.join(folder, name), { recursive: true, force: true });
            say(`removed ${name}`);
        }
    },
};

/** Of artifacts made of local files the newest of each name is kept: the catalogue cannot know them. */
async function newestLocal(folder: string): Promise<string[]> {
    const newest = new Map<string, { file: string; mtime: number }>();
    for (const file of await readdir(folder).catch(() => [])) {
        const name = /^(.+)-[^-]+-[0-9a-f]{12}\.tar$/.exec(file)?.[1];
        if (name === undefined || (artifactNames as readonly string[]).includes(name)) continue;
        const { mtimeMs } = await stat(path.join(folder, file));
        if (mtimeMs > (newest.get(name)?.mtime ?? 0)) newest.set(name, { file, mtime: mtimeMs });
    }
    return [...newest.values()].map(({ file }) => file);
}

async function main(args: string[]): Promise<void> {
    const { values, positionals } = parseArgs({
        args,
        allowPositionals: true,
        options: { out: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    const [verb = "", ...names] = positionals;
    if (values.help) {
        say(usage);
        return;
    }
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (!run) throw new ArtifactError(`${verb ? `no such verb: ${verb}\n` : ""}${usage}`);
    await run(names, values.out === undefined ? cacheFolder() : path.resolve(values.out));
}

try {
    await main(process.argv.slice(2));
} catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
}
