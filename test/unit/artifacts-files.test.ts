// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { deflateRawSync } from "node:zlib";
import { describe as describeArtifact } from "../../lib/artifacts/artifact.ts";
import { tarFiles } from "../../lib/artifacts/build.ts";
import { garbage, isCached, storeTar, verify } from "../../lib/artifacts/cache.ts";
import type { Entry } from "../../lib/artifacts/catalogue.ts";
import { localArtifact } from "../../lib/artifacts/local.ts";
import { parseCoordinate } from "../../lib/artifacts/coordinate.ts";
import { fetchJars } from "../../lib/artifacts/maven.ts";
import { writeTar } from "../../lib/artifacts/tar.ts";
import { readZipFolder } from "../../lib/artifacts/zip.ts";

const text = (name: string, content = name) => ({
    path: name,
    load: () => Promise.resolve(Buffer.from(content)),
});

/** Gives each test of the enclosing suite an empty folder. */
function workFolder(): () => string {
    let work = "";
    beforeEach(async () => {
        work = await mkdtemp(path.join(os.tmpdir(), "metalstream-test-"));
    });
    afterEach(async () => {
        await rm(work, { recursive: true });
    });
    return () => work;
}

async function tarOf(files: Parameters<typeof writeTar>[0]): Promise<Buffer> {
    const pieces: Buffer[] = [];
    const { sha256, size } = await writeTar(files, (piece) => {
        pieces.push(piece);
        return Promise.resolve();
    });
    const whole = Buffer.concat(pieces);
    assert.equal(whole.length, size);
    assert.equal(createHash("sha256").update(whole).digest("hex"), sha256);
    return whole;
}

describe("artifacts: tars", () => {
    const work = workFolder();
    const long = `webapps/${"folder/".repeat(20)}${"n".repeat(90)}.html`;

    it("are the same bytes whatever the order of the files", async () => {
        const there = await tarOf([text("jars/b.jar"), text("a"), text("jars/a.jar")]);
        const back = await tarOf([text("jars/a.jar"), text("jars/b.jar"), text("a")]);
        assert.ok(there.equals(back));
        // The bytes themselves are a promise: every pinned digest hangs on them.
        const pinned = "157e26b4a5e869d3a80703c748d106c03c61fbbda12380f89739deb7e69d2180";
        assert.equal(createHash("sha256").update(there).digest("hex"), pinned);
    });

    it("unpack with the system's tar: names, contents, modes, owner, time", async () => {
        const file = path.join(work(), "a.tar");
        await writeFile(file, await tarOf([text("jars/a.jar", "x".repeat(513)), text(long)]));
        const listing = execFileSync("tar", ["-tvf", file, "--utc", "--numeric-owner"]).toString();
        assert.match(listing, /^drwxr-xr-x 0\/0 +0 2020-01-01 00:00 jars\/$/m);
        assert.match(listing, /^-rw-r--r-- 0\/0 +513 2020-01-01 00:00 jars\/a\.jar$/m);
        execFileSync("tar", ["-xf", file, "-C", work()]);
        assert.equal(await readFile(path.join(work(), "jars/a.jar"), "utf8"), "x".repeat(513));
        assert.equal(await readFile(path.join(work(), long), "utf8"), long);
    });

    it("refuse a path that the format cannot hold, and two files of one path", async () => {
        await assert.rejects(tarOf([text("x".repeat(101))]), /path is too long/);
        await assert.rejects(tarOf([text("a"), text("a")]), /same path/);
    });
});

/** A zip of these files, each packed or stored. */
function zipOf(files: { name: string; data: string; packed: boolean }[]): Buffer {
    const local: Buffer[] = [];
    const directory: Buffer[] = [];
    let offset = 0;
    for (const { name, data, packed } of files) {
        const body = packed ? deflateRawSync(data) : Buffer.from(data);
        const head = Buffer.alloc(30);
        head.writeUInt32LE(0x04034b50, 0);
        head.writeUInt16LE(name.length, 26);
        head.writeUInt16LE(4, 28); // an extra field that the directory does not have
        const entry = Buffer.alloc(46);
        entry.writeUInt32LE(0x02014b50, 0);
        entry.writeUInt16LE(packed ? 8 : 0, 10);
        entry.writeUInt32LE(body.length, 20);
        entry.writeUInt16LE(name.length, 28);
        entry.writeUInt32LE(offset, 42);
        local.push(head, Buffer.from(name), Buffer.alloc(4), body);
        directory.push(entry, Buffer.from(name));
        offset += 34 + name.length + body.length;
    }
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(files.length, 10);
    end.writeUInt32LE(offset, 16);
    return Buffer.concat([...local, ...directory, end]);
}

describe("artifacts: jars that are unpacked", () => {
    it("give the files below the folder, packed or stored", () => {
        const zip = zipOf([
            { name: "webapps/", data: "", packed: false },
            { name: "webapps/a.html", data: "a".repeat(1000), packed: true },
            { name: "webapps/b/c.js", data: "c", packed: false },
            { name: "org/X.class", data: "no", packed: false },
        ]);
        const files = [...readZipFolder(zip, "webapps/")].map(([k, v]) => [k, v.toString()]);
        assert.deepEqual(files, [
            ["webapps/a.html", "a".repeat(1000)],
            ["webapps/b/c.js", "c"],
        ]);
    });

    it("are refused where damaged, or where a path leaves the folder", () => {
        assert.throws(() => readZipFolder(Buffer.from("no zip"), "a/"), /no central directory/);
        const zip = zipOf([{ name: "a/../../x", data: "x", packed: false }]);
        assert.throws(() => readZipFolder(zip, "a/"), /leaves its folder/);
    });
});

describe("artifacts: the cache", () => {
    const work = workFolder();
    const store = () =>
        storeTar([text("jars/a.jar")], work(), (tar) => describeArtifact("x", "1", tar, []));

    it("knows what it has verified, and notices a change", async () => {
        const made = await store();
        assert.ok(await isCached(made, work()));
        await verify(made, work());
        await utimes(path.join(work(), made.file), 1, 1);
        assert.ok(!(await isCached(made, work())), "another time");
        await writeFile(path.join(work(), made.file), "short");
        await assert.rejects(verify(made, work()), /expected sha256 .*, found .*artifacts build/s);
    });

    it("keeps nothing of a tar that is refused", async () => {
        const refuse = () => {
            throw new Error("refused");
        };
        await assert.rejects(storeTar([text("a")], work(), refuse), /refused/);
        assert.deepEqual(await readdir(work()), []);
    });

    it("is right after several builds of one artifact at once, and after one over a damaged file", async () => {
        const made = await Promise.all(Array.from({ length: 8 }, store));
        const [first] = made;
        assert.ok(first !== undefined && (await isCached(first, work())));
        await verify(first, work());
        assert.deepEqual((await readdir(work())).sort(), [first.file, `${first.file}.stamp`]);
        await writeFile(path.join(work(), first.file), "damaged");
        await store();
        assert.ok(await isCached(first, work()));
        await verify(first, work());
    });

    it("has nothing wrong in it after a build that was killed, and gives up what that left", async () => {
        const cache = path.join(import.meta.dirname, "../../lib/artifacts/cache.ts");
        const script = `import { storeTar } from ${JSON.stringify(cache)};
            const load = (wait) => async () => { if (wait) { console.log("half"); await new Promise((done) => setTimeout(done, 60000)); } return Buffer.alloc(1e6); };
            await storeTar([{ path: "a", load: load(false) }, { path: "b", load: load(true) }], ${JSON.stringify(work())}, () => { throw new Error("never"); });`;
        const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script]);
        await once(child.stdout, "data");
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
        const left = await readdir(work());
        assert.match(left.join(), /^work-\d+-\w+$/);
        assert.deepEqual(await garbage(work(), new Set()), left);
        assert.ok(await isCached(await store(), work()));
    });

    it("gives up only its own: old tars and what dead processes left", async () => {
        const kept = await store();
        const names = [
            "y-1-0123456789ab.tar",
            "work-999999999-x",
            `work-${process.pid}-x`,
            "other",
        ];
        await Promise.all(names.map((name) => writeFile(path.join(work(), name), "")));
        const found = await garbage(work(), new Set([kept.file]));
        assert.deepEqual(found.sort(), ["work-999999999-x", "y-1-0123456789ab.tar"]);
    });

    it("takes local files: same contents, same name", async () => {
        const source = path.join(work(), "jobs.jar");
        const make = () => localArtifact("jobs", "1", [{ source, path: "jars/jobs.jar" }], work());
        await writeFile(source, "one");
        const one = await make();
        assert.deepEqual(await make(), one);
        assert.deepEqual(one.artifact.jars, [`${one.artifact.directory}/jars/jobs.jar`]);
        await writeFile(source, "two");
        assert.notEqual((await make()).artifact.file, one.artifact.file);
        await rm(source);
        await assert.rejects(make(), /artifact jobs: cannot read .*jobs\.jar/);
    });
});

describe("artifacts: fetching", () => {
    const work = workFolder();
    it("names the jar, both digests and what to do where a jar is not the pinned one", async () => {
        const expected = "a".repeat(64);
        const jars = { "g.h:a:1": expected };
        const entry: Entry = {
            ...{ name: "x", version: "1", roots: [], unpack: [], jars, unpacked: {} },
            tar: { sha256: "", size: 0 },
        };
        await writeFile(path.join(work(), "a-1.jar"), "other");
        const [jar] = await tarFiles(entry, work());
        const found = createHash("sha256").update("other").digest("hex");
        await assert.rejects(jar?.load() ?? Promise.resolve(), (error: Error) => {
            for (const part of [
                "x 1",
                "g.h:a:1",
                expected,
                found,
                "g/h/a/1/a-1.jar",
                "settings.xml",
            ]) {
                assert.ok(error.message.includes(part), part);
            }
            return true;
        });
    });

    /** Runs with only these programs on the PATH. */
    async function withPrograms(programs: Record<string, string>, run: () => Promise<void>) {
        for (const [name, script] of Object.entries(programs)) {
            await writeFile(path.join(work(), name), `#!/bin/sh\n${script}\n`);
            await chmod(path.join(work(), name), 0o755);
        }
        const { PATH, JAVA_HOME } = process.env;
        process.env["PATH"] = work();
        delete process.env["JAVA_HOME"];
        try {
            await run();
        } finally {
            process.env["PATH"] = PATH;
            if (JAVA_HOME !== undefined) process.env["JAVA_HOME"] = JAVA_HOME;
        }
    }
    const fetch = () => fetchJars([parseCoordinate("g:a:1")], path.join(work(), "out"));

    it("says which programs are missing and how to get them", () =>
        withPrograms({}, async () => {
            await assert.rejects(fetch(), /apt-get install maven.*openjdk-17-jdk-headless/);
        }));

    it("passes on what Maven says, without its general advice", () =>
        withPrograms(
            {
                java: "",
                mvn: 'echo "[ERROR] Could not find artifact g:a:jar:1"; echo "[ERROR] [Help 1] http://x"; exit 1',
            },
            async () => {
                await assert.rejects(fetch(), (error: Error) => {
                    assert.match(
                        error.message,
                        /Could not find artifact g:a:jar:1\n.*settings\.xml/,
                    );
                    return !error.message.includes("[Help 1]");
                });
            },
        ));
});
