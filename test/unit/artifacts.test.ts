// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe as describeArtifact } from "../../lib/artifacts/artifact.ts";
import {
    artifact,
    artifactNames,
    catalogue,
    chooseNames,
    jarPath,
} from "../../lib/artifacts/catalogue.ts";
import type { Entry } from "../../lib/artifacts/catalogue.ts";
import { classArchive } from "../../lib/artifacts/cds.ts";
import {
    formatCoordinate,
    fromRepositoryPath,
    isForeignNative,
    parseCoordinate,
    repositoryPath,
} from "../../lib/artifacts/coordinate.ts";
import { pomOfCopies } from "../../lib/artifacts/pom.ts";

const folder = path.join(import.meta.dirname, "../../lib/artifacts/catalogue");

describe("artifacts: the catalogue", () => {
    for (const name of artifactNames) {
        const entry: Entry = catalogue[name];
        const jars = Object.keys(entry.jars);

        it(`${name}: is the file of its name and version`, () => {
            const file = readFileSync(path.join(folder, `${name}-${entry.version}.json`), "utf8");
            assert.deepEqual(JSON.parse(file), entry);
        });

        it(`${name}: pins every jar, each root among them`, () => {
            const pins = [...Object.values(entry.jars), ...Object.values(entry.unpacked)];
            for (const pin of [...pins, entry.tar.sha256]) assert.match(pin, /^[0-9a-f]{64}$/);
            for (const root of entry.roots) assert.ok(entry.jars[root], root);
            for (const { jar } of entry.unpack) assert.ok(entry.unpacked[jar], jar);
            assert.equal(new Set(jars.map(jarPath)).size, jars.length, "file names are unique");
            assert.deepEqual(jars.map(parseCoordinate).filter(isForeignNative), []);
        });

        it(`${name}: has exactly one logging provider, of the generation of its SLF4J`, () => {
            const found = (pattern: RegExp) => jars.filter((jar) => pattern.test(jar));
            const generation = found(/:slf4j-api:/).map((jar) => jar.split(":")[2]?.slice(0, 2));
            const old = found(/:(slf4j-reload4j|log4j-slf4j-impl):/);
            const now = found(/:(slf4j-simple:2|log4j-slf4j2-impl)/);
            assert.deepEqual(generation, [old.length > 0 ? "1." : "2."]);
            assert.equal(old.length + now.length, 1);
        });
    }

    it("has no file that nothing refers to", () => {
        const used = Object.values(catalogue).map(({ name, version }) => `${name}-${version}`);
        const there = readdirSync(folder).map((file) => file.replace(/\.(json|classes\.gz)$/, ""));
        assert.deepEqual([...new Set(there)].sort(), used.sort());
    });

    it("brings the web pages of HDFS, which hadoop-hdfs.jar lacks", () => {
        assert.deepEqual(catalogue.hadoop.unpack[0]?.folder, "webapps/");
    });

    it("names what it has where an unknown artifact is asked for", () => {
        assert.deepEqual(chooseNames([]), artifactNames);
        assert.deepEqual(chooseNames(["spark"]), ["spark"]);
        assert.throws(() => chooseNames(["flink"]), /no such artifact: flink.*hadoop, kafka/);
    });
});

describe("artifacts: what the platform sees", () => {
    it("names folder and file by content, and lists jars sorted and absolute", () => {
        const sha256 = "0123456789ab".padEnd(64, "f");
        const members = ["jars/b.jar", "webapps/x.html", "jars/B.jar", "jars/a.jar", "jars/n.txt"];
        const made = describeArtifact("x", "1.0", { sha256, size: 10 }, members);
        assert.equal(made.file, "x-1.0-0123456789ab.tar");
        assert.equal(made.directory, "/opt/metalstream/x-1.0-0123456789ab");
        assert.deepEqual(
            made.jars,
            ["B.jar", "a.jar", "b.jar"].map((jar) => `${made.directory}/jars/${jar}`),
        );
    });

    it("gives class-data archives a path that changes with the jars", () => {
        const { directory } = artifact("hadoop");
        const { file, options } = classArchive(artifact("hadoop"));
        assert.ok(file.includes(path.basename(directory)));
        assert.ok(options.includes(`-XX:SharedArchiveFile=${file}`));
        const unlock = options.indexOf("-XX:+UnlockDiagnosticVMOptions");
        assert.ok(unlock >= 0 && unlock < options.indexOf("-XX:ArchiveRelocationMode=0"));
    });
});

describe("artifacts: Maven coordinates", () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
    const group = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
    const version = fc.stringMatching(/^[0-9]{1,2}\.[0-9]{1,2}(-[a-z]{1,3})?$/);
    const classifier = fc.option(word, { nil: undefined });

    it("survive being written and read, as text and as path", () => {
        fc.assert(
            fc.property(group, word, version, classifier, (g, a, v, c) => {
                const text = [g, a, v, ...(c === undefined ? [] : [c])].join(":");
                const coordinate = parseCoordinate(text);
                assert.equal(formatCoordinate(coordinate), text);
                assert.deepEqual(fromRepositoryPath(repositoryPath(coordinate)), coordinate);
            }),
        );
    });

    it("refuse what would reach beyond a file name or into XML", () => {
        for (const text of ["a:b", "a:b:c:d:e", "a:../b:1", "a:b:1:<x>", "::", "a:b:", "a:b:1:"]) {
            assert.throws(() => parseCoordinate(text), /is not a Maven coordinate/, text);
        }
    });

    it("leave out native libraries of other systems only", () => {
        const foreign = (text: string) => isForeignNative(parseCoordinate(text));
        assert.ok(foreign("io.netty:netty-tcnative:1:osx-x86_64"));
        assert.ok(foreign("io.netty:netty-tcnative:1:windows-x86_64"));
        assert.ok(!foreign("io.netty:netty-tcnative:1:linux-aarch_64"));
        assert.ok(!foreign("org.apache.orc:orc-core:1:shaded-protobuf"));
        assert.ok(!foreign("org.rocksdb:rocksdbjni:9.8.4"));
    });

    it("go into a pom that copies exactly them, with the plugin pinned", () => {
        const pom = pomOfCopies([parseCoordinate("g.h:a:1:tests")], "/tmp/a&b");
        assert.match(pom, /<artifactItem><groupId>g\.h<\/groupId><artifactId>a<\/artifactId>/);
        assert.match(pom, /<classifier>tests<\/classifier>/);
        assert.match(pom, /<outputDirectory>\/tmp\/a&amp;b</);
        assert.match(pom, /<version>3\.8\.1<\/version>/);
    });
});
