// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { artifact, artifactNames } from "../../lib/artifacts/catalogue.ts";
import { keptTars, tarName } from "../../lib/artifacts/keep.ts";
import { artifactsVerb } from "../../lib/artifacts/verbs.ts";

const tar = (name: string, n: number) => `${name}-1.${n}.0-${n.toString(16).padStart(12, "0")}.tar`;
const made = (name: string, ...ages: number[]) =>
    ages.map((n) => ({ file: tar(name, n), made: n }));

describe("artifacts: what stays in the cache", () => {
    const cases: [string, ReturnType<typeof made>, string[], number, string[]][] = [
        ["the newest", made("spark", 1, 2, 3), [], 2, [tar("spark", 3), tar("spark", 2)]],
        [
            "of each name",
            [...made("spark", 1), ...made("log-jobs", 1)],
            [],
            1,
            [tar("spark", 1), tar("log-jobs", 1)],
        ],
        [
            "what is needed, and as many with it",
            made("spark", 1, 2, 3),
            [tar("spark", 1)],
            2,
            [tar("spark", 1), tar("spark", 3)],
        ],
        [
            "what is needed and not there",
            made("spark", 1, 2),
            [tar("spark", 9)],
            1,
            [tar("spark", 9)],
        ],
    ];
    for (const [what, tars, needed, keep, expected] of cases) {
        it(`is ${what}`, () => {
            assert.deepEqual([...keptTars(tars, new Set(needed), keep)].sort(), expected.sort());
        });
    }

    it("tells its own files from others", () => {
        assert.equal(tarName("hadoop-3.5.0-0123456789ab.tar"), "hadoop");
        assert.equal(tarName("backup-0123456789ab.tar"), undefined);
        assert.equal(tarName("hadoop-3.5.0-0123456789ab.tar.stamp"), undefined);
    });
});

describe("metalstream artifacts", () => {
    let work = "";
    const said: string[] = [];
    const run = async (...args: string[]) => {
        said.length = 0;
        await artifactsVerb([...args, "--cache", work], (line) => said.push(line));
        return said;
    };
    beforeEach(async () => {
        work = await mkdtemp(path.join(os.tmpdir(), "metalstream-test-"));
    });
    afterEach(async () => {
        await rm(work, { recursive: true });
    });

    it("gc keeps what the catalogue names and the newest others, with their stamps and records", async () => {
        const { file } = artifact("hadoop");
        const files = [
            file,
            ...[1, 2, 3].map((n) => tar("hadoop", n)),
            ...[1, 2].map((n) => tar("jobs", n)),
        ];
        for (const [age, name] of files.entries()) {
            await writeFile(path.join(work, name), "");
            await writeFile(path.join(work, `${name}.stamp`), "");
            await utimes(path.join(work, name), age, age);
        }
        const record = (n: number) => `jobs-${n.toString(16).padStart(12, "0")}.json`;
        for (const n of [1, 2])
            await writeFile(path.join(work, record(n)), JSON.stringify({ file: tar("jobs", n) }));
        await writeFile(path.join(work, "mine.txt"), "");
        await run("gc", "--keep", "2");
        // The first is the oldest, and stays because it is needed.
        const kept = [file, tar("hadoop", 3), tar("jobs", 1), tar("jobs", 2)];
        const stay = [
            ...kept,
            ...kept.map((name) => `${name}.stamp`),
            record(1),
            record(2),
            "mine.txt",
        ];
        assert.deepEqual((await readdir(work)).sort(), stay.sort());
        await run("gc", "--keep", "1");
        assert.deepEqual(
            (await readdir(work)).sort(),
            [
                file,
                `${file}.stamp`,
                tar("jobs", 2),
                `${tar("jobs", 2)}.stamp`,
                record(2),
                "mine.txt",
            ].sort(),
        );
        assert.deepEqual(await run("gc"), []);
    });

    it("list names what is needed and what else is there", async () => {
        await writeFile(path.join(work, tar("spark", 1)), "");
        const lines = await run("list");
        assert.equal(lines.length, artifactNames.length + 1);
        assert.match(lines[0] ?? "", /^hadoop-\S+\.tar +\d+ MB {2}needed, to be built$/);
        assert.match(lines.at(-1) ?? "", /^spark-1\.1\.0-\w+\.tar +0 MB {2}of another version/);
    });

    it("verify names every tar that is wrong, and fails", async () => {
        await writeFile(path.join(work, artifact("kafka").file), "damaged");
        await assert.rejects(run("verify", "kafka", "spark"), (error: Error) => {
            assert.equal(error.message.match(/expected sha256/g)?.length, 2);
            return /kafka-[^ ]*: expected .* found [0-9a-f]{64}/.test(error.message);
        });
    });

    it("refuses an unknown verb with the usage, and a number of versions that is none", async () => {
        await assert.rejects(run("clean"), /usage: npx metalstream artifacts/);
        await assert.rejects(run("gc", "--keep", "0"), /--keep 0: give a whole number/);
    });
});
