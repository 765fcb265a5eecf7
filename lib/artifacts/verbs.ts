// SPDX-License-Identifier: Apache-2.0
/** The verbs of `npx metalstream artifacts`. */
import { readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { ArtifactError, type Artifact } from "./artifact.ts";
import { ensureArtifacts } from "./build.ts";
import { cacheFolder, garbage, isCached, verify } from "./cache.ts";
import { artifactNames, artifact, catalogue, chooseNames } from "./catalogue.ts";
import { ensureJobs, jobsArtifact } from "./jobs.ts";
import { keptTars, tarName } from "./keep.ts";
import { pin } from "./pin.ts";

export const artifactsUsage = `usage: npx metalstream artifacts VERB [NAME…] [--cache DIR] [--keep N]
  build [NAME…]    fetch, verify and assemble what the cache lacks; without names the jobs of this checkout, too
  list             what the cache has, and what this version of the program needs
  verify [NAME…]   read the tars and compare their digests
  gc               remove what nobody needs: of each artifact the newest 3 stay (--keep N)
  pin NAME…        resolve anew with Maven and write the digests into the catalogue
--cache DIR takes DIR for the cache (default ${cacheFolder()})`;

interface Options {
    readonly folder: string;
    readonly keep: number;
    readonly say: (line: string) => void;
}

const catalogueFolder = path.join(import.meta.dirname, "catalogue");
const verbs: Readonly<Record<string, (names: string[], options: Options) => Promise<void>>> = {
    build,
    list,
    verify: verifyAll,
    gc,
    pin: pinAll,
};

/**
 * Runs a verb.
 * @throws ArtifactError where the verb is not known, or what it asks for cannot be had
 */
export async function artifactsVerb(args: string[], say: Options["say"]): Promise<void> {
    const { values, positionals } = parseArgs({
        args,
        allowPositionals: true,
        options: { cache: { type: "string" }, keep: { type: "string", default: "3" } },
    });
    const [verb = "", ...names] = positionals;
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    const keep = Number(values.keep);
    if (!Number.isInteger(keep) || keep < 1) {
        throw new ArtifactError(`--keep ${values.keep}: give a whole number of at least 1`);
    }
    if (run === undefined) throw new ArtifactError(artifactsUsage);
    const folder = values.cache === undefined ? cacheFolder() : path.resolve(values.cache);
    await run(names, { folder, keep, say });
}

async function build(names: string[], { folder, say }: Options): Promise<void> {
    await ensureArtifacts(chooseNames(names), say, folder);
    if (names.length === 0) await ensureJobs(say, folder);
    say(`artifacts: all in ${folder}; serve this folder as artifacts.mirror`);
}

/** The catalogue's artifacts, and the jobs where they were built. */
async function needed(folder: string): Promise<Artifact[]> {
    const jobs = await jobsArtifact(folder).catch(() => undefined);
    return [...artifactNames.map(artifact), ...(jobs === undefined ? [] : [jobs])];
}

async function tars(folder: string) {
    const names = await readdir(folder).catch(() => []);
    const files = names.filter((name) => tarName(name) !== undefined);
    return Promise.all(
        files.map(async (file) => {
            const { mtimeMs, size } = await stat(path.join(folder, file));
            return { file, made: mtimeMs, size };
        }),
    );
}

async function list(_: string[], { folder, say }: Options): Promise<void> {
    const wanted = await needed(folder);
    const line = (file: string, size: number, what: string) => {
        say(`${file.padEnd(36)}  ${(size / 1e6).toFixed(0).padStart(4)} MB  ${what}`);
    };
    for (const item of wanted) {
        const there = await isCached(item, folder);
        line(item.file, item.size, there ? "needed, in the cache" : "needed, to be built");
    }
    const others = (await tars(folder)).filter(({ file }) => !wanted.some((a) => a.file === file));
    for (const { file, size } of others) line(file, size, "of another version of the program");
}

async function verifyAll(names: string[], { folder, say }: Options): Promise<void> {
    const chosen = names.length === 0 ? await needed(folder) : chooseNames(names).map(artifact);
    const wrong: string[] = [];
    for (const item of chosen) {
        try {
            await verify(item, folder);
            say(`${item.file}: right`);
        } catch (error) {
            wrong.push(error instanceof Error ? error.message : String(error));
        }
    }
    if (wrong.length > 0) throw new ArtifactError(wrong.join("\n"));
}

async function gc(_: string[], { folder, keep, say }: Options): Promise<void> {
    const wanted = new Set((await needed(folder)).map(({ file }) => file));
    const kept = keptTars(await tars(folder), wanted, keep);
    const records = (await readdir(folder).catch(() => [])).filter((name) =>
        /^jobs-[0-9a-f]{12}\.json$/.test(name),
    );
    const orphans: string[] = [];
    for (const record of records) {
        const text = await readFile(path.join(folder, record), "utf8").catch(() => "");
        if (![...kept].some((file) => text.includes(`"${file}"`))) orphans.push(record);
    }
    for (const name of [...(await garbage(folder, kept)), ...orphans]) {
        await rm(path.join(folder, name), { recursive: true, force: true });
        say(`removed ${name}`);
    }
}

async function pinAll(names: string[], { folder, say }: Options): Promise<void> {
    if (names.length === 0) throw new ArtifactError("pin needs the names of what to pin");
    for (const name of chooseNames(names)) {
        const { version } = catalogue[name];
        const file = path.join(catalogueFolder, `${name}-${version}.json`);
        const pinned = await pin(file, folder, say);
        say(`${name} ${version}: ${pinned.jars.length} jars, ${pinned.file}`);
    }
}
