// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { globPattern } from "../../offline/command/glob.ts";
import { INPUTS, TYPES } from "../../offline/command/schema.ts";
import { inputsChanged, previousOutput, trimmed } from "../../offline/command/state.ts";
import { parseOptions, splitWords } from "../../offline/host/options.ts";
import { installedPackages, pluginOf } from "../../offline/host/packages.ts";
import { diffInputs, topLevel } from "../../offline/plugin/diff.ts";
import { LineLog } from "../../offline/plugin/lines.ts";
import { checkInputs } from "../../offline/plugin/schema.ts";
import { hasUnknown, isSecret, reveal, secret, UNKNOWN } from "../../offline/plugin/wire.ts";
import type { WireObject } from "../../offline/plugin/wire.ts";
import { bcrypt } from "../../offline/random/bcrypt.ts";
import { RANDOM_PROVIDER } from "../../offline/random/resources.ts";
import { randomText } from "../../offline/random/text.ts";
import { toJavaScript } from "../../offline/seed/runtime.ts";
import { commandFailure, exitReason, quote } from "../../offline/ssh/errors.ts";
import { fingerprint, parseHostKey } from "../../offline/ssh/host-key.ts";

describe("plugin: comparing inputs", () => {
    const cases: [string, WireObject, WireObject, Record<string, string>][] = [
        ["nothing", { a: 1, o: { x: [1] } }, { o: { x: [1] }, a: 1 }, {}],
        ["an update", { a: 1 }, { a: 2 }, { a: "update" }],
        ["an addition and a deletion", { a: 1 }, { b: 1 }, { a: "delete", b: "add" }],
        ["a nested key", { c: { host: "x" } }, { c: { host: "y" } }, { "c.host": "update" }],
        ["an item", { t: [1, 2] }, { t: [1, 3, 4] }, { "t[1]": "update", "t[2]": "add" }],
        ["a key that is no name", { e: {} }, { e: { "A.B": "1" } }, { 'e["A.B"]': "add" }],
        ["engine's own keys", { __defaults: [] }, { __x: 1 }, {}],
        ["an unknown", { a: "x" }, { a: UNKNOWN }, { a: "update" }],
    ];
    for (const [title, olds, news, expected] of cases) {
        it(`finds ${title}`, () => {
            assert.deepEqual(Object.fromEntries(diffInputs(olds, news)), expected);
        });
    }

    it("names the input of a path", () => {
        assert.equal(topLevel('e["A.B"]'), "e");
        assert.equal(topLevel("triggers[0].x"), "triggers");
    });
});

describe("plugin: checking inputs", () => {
    const check = (inputs: WireObject): ReturnType<typeof checkInputs> =>
        checkInputs(INPUTS.remoteCommand, TYPES, inputs);

    it("fills in the defaults of a connection and marks secrets", () => {
        const { inputs, failures } = check({
            connection: { host: "h", privateKey: "k", proxy: { host: "p" } },
        });
        assert.deepEqual(failures, []);
        assert.ok(isSecret(inputs["connection"]));
        const expected = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };
        assert.deepEqual(reveal(inputs["connection"] ?? null), {
            ...expected,
            host: "h",
            privateKey: "k",
            proxy: { ...expected, host: "p" },
        });
    });

    it("names what is missing and what has the wrong type, never its value", () => {
        const { failures } = check({ connection: { port: "hunter2" }, environment: ["x"] });
        assert.deepEqual(failures.map(({ property, reason }) => `${property}: ${reason}`).sort(), [
            "connection.host: missing required property 'host'",
            "connection.port: expected number, got string",
            "environment: expected object, got array",
        ]);
        assert.ok(!JSON.stringify(failures).includes("hunter2"));
    });

    it("lets unknown values pass, also inside secrets", () => {
        const { failures } = check({ connection: secret(UNKNOWN), stdin: UNKNOWN });
        assert.deepEqual(failures, []);
        assert.ok(hasUnknown(secret([{ a: UNKNOWN }])));
    });
});

describe("command: state", () => {
    it("passes the previous output on unless it is empty or not wanted", () => {
        assert.deepEqual(previousOutput({}, { stdout: "x", stderr: "" }), {
            PULUMI_COMMAND_STDOUT: "x",
        });
        assert.deepEqual(previousOutput({ addPreviousOutputInEnv: false }, { stdout: "x" }), {});
    });

    it("takes exactly one line end off", () => {
        assert.equal(trimmed(Buffer.from("a\n\n")), "a\n");
        assert.equal(trimmed(Buffer.from("a")), "a");
    });

    it("knows whether an update runs a command", () => {
        const spec = INPUTS.remoteCommand;
        assert.equal(inputsChanged(spec, { create: "a", stdout: "x" }, { create: "a" }), false);
        assert.equal(inputsChanged(spec, { create: "a" }, { create: secret("a") }), false);
        assert.equal(inputsChanged(spec, { create: "a" }, { create: "b" }), true);
        assert.equal(inputsChanged(spec, { create: "a" }, { create: UNKNOWN }), true);
    });

    it("selects files by globs", () => {
        const matches = (glob: string, path: string): boolean => globPattern(glob).test(path);
        assert.ok(matches("assets/**", "assets/logos/logo.svg"));
        assert.ok(matches("src/**.js", "src/a/b.js"));
        assert.ok(!matches("src/*.js", "src/a/b.js"));
        assert.ok(matches("{a,b}/[!x]?.t", "b/yz.t"));
        assert.ok(!matches("a.b", "axb"));
    });
});

describe("command: errors", () => {
    it("quotes as Go does", () => {
        assert.equal(quote('a"b\\\n\t\u0001é'), '"a\\"b\\\\\\n\\t\\x01é"');
    });

    it("says how a process ended", () => {
        assert.equal(exitReason(0, undefined), undefined);
        assert.equal(exitReason(2, undefined), "Process exited with status 2");
        assert.equal(exitReason(null, "TERM"), "Process exited with status 143 from signal TERM");
        assert.equal(
            exitReason(null, undefined),
            "wait: remote command exited without exit status or exit signal",
        );
    });

    it("keeps the end of the output", () => {
        const output = Buffer.from(`${"x".repeat(20_000)}END`);
        assert.match(
            commandFailure("how", "cmd", output).message,
            /^how: running "cmd":\n\.\.\. .*END$/s,
        );
    });

    it("reads host keys with options and comments, and prints fingerprints", () => {
        const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIJDb0X2i0ZbXv1wNlyGlCt2XzGWvVbD4lzJ1pLq4ZP6Z";
        const key = parseHostKey(`from="x" ssh-ed25519 ${blob} me@host\n`);
        assert.equal(key.type, "ssh-ed25519");
        assert.match(fingerprint(key.blob), /^SHA256:[\w+/]{43}$/);
        assert.throws(() => parseHostKey("ssh-ed25519 AAAA"), /failed to parse host key/);
    });
});

describe("plugin: showing output", () => {
    it("cuts long lines, joins pieces, and shows the rest at the end", async () => {
        const lines: string[] = [];
        const log = new LineLog((line) => {
            lines.push(line);
            return Promise.resolve();
        });
        log.write(Buffer.from("one\ntw"));
        log.write(Buffer.from("o\r\n"));
        log.write(Buffer.from("x".repeat(1_000_000)));
        log.write(Buffer.from("y\nend"));
        await log.end();
        assert.deepEqual(lines, ["one", "two", `${"x".repeat(2000)}...`, "end"]);
    });

    it("leaves lines out rather than make a command wait", async () => {
        const lines: string[] = [];
        const log = new LineLog((line) => {
            lines.push(line);
            return Promise.resolve();
        });
        log.write(Buffer.from("x\n".repeat(10_000)));
        await log.end();
        assert.ok(lines.length < 600);
        assert.match(lines.at(-1) ?? "", /^\(\d+ lines of output are not shown\)$/);
    });
});

describe("random", () => {
    it("hashes as bcrypt does (vectors of the original)", () => {
        const salt = Buffer.from("10410410410410410410410410410410", "hex");
        assert.equal(
            bcrypt("U*U", salt, 5),
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        );
        assert.match(bcrypt("x"), /^\$2a\$10\$[./\w]{53}$/);
    });

    it("obeys the rules of a text, and says when they cannot be obeyed", () => {
        const rules = {
            length: 12,
            upper: false,
            lower: true,
            numeric: true,
            special: true,
            minUpper: 0,
            minLower: 0,
            minNumeric: 5,
            minSpecial: 2,
            overrideSpecial: "_",
        };
        for (let i = 0; i < 50; i++) {
            const text = randomText(rules);
            assert.match(text, /^[a-z0-9_]{12}$/);
            assert.ok(text.replace(/\D/g, "").length >= 5);
            assert.ok(text.replace(/[^_]/g, "").length >= 2);
        }
        assert.throws(() => randomText({ ...rules, length: 6 }), /length 6 is less than .* = 7/);
        assert.throws(
            () => randomText({ ...rules, lower: false, numeric: false, special: false }),
            /character set specified is empty/,
        );
    });

    it("takes state of the official plugin over without a change", () => {
        // Inputs as the official plugin 4.16.0 kept them, and the same with a default spelled out.
        const kind = RANDOM_PROVIDER.resources["random:index/randomPassword:RandomPassword"];
        const comparable = (inputs: WireObject): WireObject => kind?.comparable?.(inputs) ?? inputs;
        const changes = diffInputs(
            comparable({ length: 16, lower: true, minLower: 2 }),
            comparable({ length: 16, minLower: 2, special: true }),
        );
        assert.equal(changes.size, 0);
    });
});

describe("host", () => {
    it("reads the runtime's options", () => {
        assert.equal(parseOptions({}).typescript, true);
        const options = parseOptions({ typescript: false, nodeargs: '--a \'b c\' "d\\"e"' });
        assert.equal(options.typescript, false);
        assert.deepEqual(options.nodeargs, ["--a", "b c", 'd"e']);
        assert.throws(
            () => parseOptions({ typescript: "no" }),
            /typescript option must be a boolean/,
        );
        assert.throws(() => parseOptions({ packagemanager: "x" }), /must be one of/);
        assert.deepEqual(splitWords("  a\\ b  c "), ["a b", "c"]);
    });

    it("knows which plugin a package asks for", () => {
        assert.equal(pluginOf({ name: "x", version: "1.0.0" }), undefined);
        assert.deepEqual(
            pluginOf({ name: "@pulumi/aws", version: "1.2.3", pulumi: { resource: true } }),
            { name: "aws", version: "v1.2.3", server: "", parameterization: undefined },
        );
        assert.equal(
            pluginOf({ name: "third", version: "1.0.0", pulumi: { resource: true } }),
            undefined,
        );
    });

    it("finds packages in scopes and below other packages", () => {
        const root = mkdtempSync(join(tmpdir(), "offline-packages-"));
        for (const path of ["a", "@s/b", "a/node_modules/c"]) {
            const folder = join(root, "node_modules", path);
            mkdirSync(folder, { recursive: true });
            const name = path.replace(/.*node_modules\//, "");
            writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0" }));
        }
        const names = installedPackages(root)
            .map(({ name }) => name)
            .sort();
        rmSync(root, { recursive: true });
        assert.deepEqual(names, ["@s/b", "a", "c"]);
    });

    it("makes JavaScript of its own sources", () => {
        assert.equal(
            toJavaScript(
                'import { a } from "./a.ts";\nawait import("../b.ts");\nconst x: number = 1;\n',
            ),
            'import { a } from "./a.js";\nawait import("../b.js");\nconst x         = 1;\n',
        );
    });

    it("requires packages in it, which node would parse before it imported them", () => {
        const lines = toJavaScript('import fs from "node:fs";\nimport a from "@s/a/b.js";\n').split(
            "\n",
        );
        assert.deepEqual(lines.slice(1), [
            "const require = from(import.meta.url);",
            'import fs from "node:fs";',
            'const a = require("@s/a/b.js");',
            "",
        ]);
    });

    it("leaves no import of a package in the sources that run as plugins", () => {
        const root = join(import.meta.dirname, "..", "..");
        const files = globSync("offline/{plugin,ssh,host,command,random}/*.ts", { cwd: root });
        assert.ok(files.length > 20);
        for (const file of files)
            assert.doesNotMatch(
                toJavaScript(readFileSync(join(root, file), "utf8")),
                /^import .* from "(?!node:|\.)/m,
                file,
            );
    });
});
