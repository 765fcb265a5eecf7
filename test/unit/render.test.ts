// SPDX-License-Identifier: Apache-2.0
/** Renderers: what a reader of the format gets back is what was written, for any text. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { XMLParser } from "fast-xml-parser";
import { hadoopXml } from "../../lib/render/hadoop-xml.ts";
import { properties } from "../../lib/render/properties.ts";
import { javaArguments, systemdUnit } from "../../lib/render/unit.ts";

/** Text that XML 1.0 can hold at all. */
const xmlText = fc
    .string({ unit: "grapheme-composite", minLength: 1 })
    .filter((text) => !/[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/.test(text)); // eslint-disable-line no-control-regex

interface Parsed {
    configuration: { property: { name: string; value: string }[] };
}

describe("hadoopXml", () => {
    it("keeps the newline between fencing methods", () => {
        const text = hadoopXml({ "dfs.ha.fencing.methods": "sshfence\nshell(/bin/true)" });
        assert.match(text, /<value>sshfence\nshell\(\/bin\/true\)<\/value>/);
    });

    it("sorts keys and escapes", () => {
        assert.equal(
            hadoopXml({ b: "1 < 2 & 3 > 2", a: "x\ry" }),
            '<?xml version="1.0" encoding="UTF-8"?>\n<configuration>\n' +
                "  <property><name>a</name><value>x&#13;y</value></property>\n" +
                "  <property><name>b</name><value>1 &lt; 2 &amp; 3 &gt; 2</value></property>\n" +
                "</configuration>\n",
        );
    });

    it("comes back from an XML parser as it was", () => {
        const parser = new XMLParser({
            trimValues: false,
            parseTagValue: false,
            htmlEntities: true,
            isArray: (name) => name === "property",
        });
        fc.assert(
            fc.property(fc.dictionary(xmlText, xmlText, { minKeys: 1 }), (values) => {
                const text = hadoopXml(values);
                const parsed = parser.parse(text) as Parsed;
                const back = parsed.configuration.property.map(({ name, value }) => [name, value]);
                assert.deepEqual(
                    Object.fromEntries(back),
                    Object.fromEntries(Object.entries(values)),
                );
            }),
        );
    });
});

/** Reads a properties file as Java does, and prints each pair in hexadecimal UTF-16. */
const reader = `
import java.io.*; import java.util.*;
public class ReadProperties {
    static String hex(String s) { StringBuilder b = new StringBuilder(); for (char c : s.toCharArray()) b.append(String.format("%04x", (int) c)); return b.toString(); }
    public static void main(String[] a) throws Exception {
        for (String file : a) {
            Properties p = new Properties();
            try (Reader r = new FileReader(file)) { p.load(r); }
            for (String k : new TreeSet<>(p.stringPropertyNames())) System.out.println(file + " " + hex(k) + ":" + hex(p.getProperty(k)));
        }
    }
}`;

const utf16 = (text: string) =>
    Array.from({ length: text.length }, (_, i) =>
        text.charCodeAt(i).toString(16).padStart(4, "0"),
    ).join("");

describe("properties", () => {
    it("sorts keys and leaves plain text plain", () => {
        assert.equal(
            properties({ listeners: "PLAINTEXT://m1:9092", "4lw": "srvr,mntr", "a b": " x" }),
            "4lw=srvr,mntr\na\\ b=\\ x\nlisteners=PLAINTEXT://m1:9092\n",
        );
    });

    it("comes back from java.util.Properties as it was", function () {
        this.timeout(30_000);
        const folder = mkdtempSync(path.join(os.tmpdir(), "metalstream-properties-"));
        try {
            const program = path.join(folder, "ReadProperties.java");
            writeFileSync(program, reader);
            const text = fc.string({ unit: "binary", minLength: 1 });
            const samples = fc.sample(fc.dictionary(text, text, { minKeys: 1 }), 60);
            samples.push({
                " lead": " lead ",
                "#": "!x",
                "a:b=c": "\\\t\f\r\n",
                "\u{1f600}": "ü",
                "!": "=",
            });
            const wanted = samples.flatMap((values, i) => {
                const file = path.join(folder, `${i}.properties`);
                writeFileSync(file, properties(values));
                return Object.entries(values).map(
                    ([key, value]) => `${file} ${utf16(key)}:${utf16(value)}`,
                );
            });
            const files = samples.map((_, i) => path.join(folder, `${i}.properties`));
            const back = execFileSync("java", [
                "-XX:TieredStopAtLevel=1",
                program,
                ...files,
            ]).toString();
            assert.deepEqual(back.trimEnd().split("\n").sort(), wanted.sort());
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    });
});

describe("javaArguments", () => {
    it("writes a token a line and quotes what needs it", () => {
        const text = javaArguments({
            unit: "x",
            heapMiB: 64,
            options: ["-XX:+UseSerialGC"],
            systemProperties: { a: 'with blank, "quote" and \\' },
            classpath: ["/a.jar", "/b.jar"],
            main: "Main",
            args: ["", "#1"],
        });
        assert.equal(
            text,
            [
                "-Xmx64m",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:ErrorFile=/var/log/metalstream/x/hs_err_%p.log",
                "-XX:+UseSerialGC",
                '"-Da=with blank, \\"quote\\" and \\\\"',
                "-cp",
                "/a.jar:/b.jar",
                "Main",
                '""',
                '"#1"',
                "",
            ].join("\n"),
        );
    });
});

describe("systemdUnit", () => {
    const unit = { name: "x", description: "X", user: "x", writable: ["/data/1/x", "/data/2/x"] };

    it("never gives up restarting, whatever the exit status", () => {
        const text = systemdUnit(unit);
        assert.match(text, /^Restart=always$/m);
        assert.match(text, /^StartLimitIntervalSec=0$/m);
        assert.match(text, /^SuccessExitStatus=143$/m);
    });

    it("may write only where it must", () => {
        const text = systemdUnit(unit);
        assert.match(text, /^ProtectSystem=strict$/m);
        assert.match(text, /^ReadWritePaths=\/data\/1\/x \/data\/2\/x$/m);
    });

    it("waits for its mounts and for the evidence of its bootstrap", () => {
        const text = systemdUnit({ ...unit, mounts: ["/data/1"], conditions: ["/data/1/VERSION"] });
        assert.match(text, /^RequiresMountsFor=\/data\/1$/m);
        assert.match(text, /^ConditionPathExists=\/data\/1\/VERSION$/m);
    });

    it("takes one of several pieces of evidence for enough", () => {
        const text = systemdUnit({ ...unit, anyOf: ["/data/1/image_*", "/data/2/image_*"] });
        const conditions = text.split("\n").filter((line) => line.startsWith("Condition"));
        assert.deepEqual(conditions, [
            "ConditionPathExistsGlob=|/data/1/image_*",
            "ConditionPathExistsGlob=|/data/2/image_*",
        ]);
    });

    it("gives each daemon a /tmp of its own, workers included: their drivers need one that can be written to", () => {
        assert.match(systemdUnit(unit), /^PrivateTmp=yes$/m);
    });
});
