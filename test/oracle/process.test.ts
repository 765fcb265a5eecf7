// SPDX-License-Identifier: Apache-2.0
/** What starts the daemons: argument files read by the JVM, units read by systemd. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { parseConfig } from "../../lib/config/parse.ts";
import { filesOf, plan, rawStack } from "../unit/stacks.ts";
import { onThisMachine, whyNot } from "./jvm.ts";
import { writeTree, type Tree, type Unit } from "./tree.ts";

const run = promisify(execFile);

function noSystemd(): string | undefined {
    try {
        execFileSync("systemd-analyze", ["--version"], { stdio: "ignore" });
        return undefined;
    } catch {
        return "no systemd-analyze on this machine: apt-get install systemd";
    }
}

/** `it`, or a skipped test whose title says why. */
function unless(reason: string | undefined, title: string, test: () => Promise<void>): void {
    if (reason === undefined) it(title, test);
    else it.skip(`${title} (skipped: ${reason})`, test);
}

/** One unit of each kind and heap size: the others differ in names only. */
function kinds(units: readonly Unit[]): Unit[] {
    const kind = ({ stack, unit }: Unit) => `${stack} ${unit}`;
    return units.filter((unit, i) => units.findIndex((other) => kind(other) === kind(unit)) === i);
}

describe("processes", function () {
    this.timeout(60_000);
    let tree: Tree;
    before(() => {
        tree = writeTree();
    });
    after(() => {
        tree.remove();
    });

    unless(whyNot(), "java accepts each argument file and finds the main class", async () => {
        for (const { folder, files, stack } of kinds(tree.units)) {
            if (stack === "staging") continue;
            const file = path.join(folder, "here.args");
            writeFileSync(file, onThisMachine(files["java.args"] ?? ""));
            const { stderr } = await run("java", ["-Xlog:disable", "--dry-run", `@${file}`]);
            assert.equal(stderr, "", folder);
        }
    });

    unless(noSystemd(), "systemd accepts each unit without a warning", async () => {
        const folder = path.join(tree.root, "units");
        mkdirSync(folder);
        const java = execFileSync("sh", ["-c", "command -v java || command -v true"])
            .toString()
            .trim();
        const files = kinds(tree.units).map(({ stack, unit, files }) => {
            const file = path.join(folder, `${stack}-${unit}.service`);
            // verify wants the program to exist; the JRE may lie elsewhere on this machine.
            writeFileSync(file, (files[`${unit}.service`] ?? "").replaceAll("/usr/bin/java", java));
            return file;
        });
        const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", ...files]);
        const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes(folder));
        assert.deepEqual(ours, []);
    });

    unless(noSystemd(), "systemd accepts a platform team's timer and its service", async () => {
        const timer = { name: "scrub", schedule: "Sun 03:00", command: "/usr/bin/true --all" };
        const config = parseConfig({ ...rawStack("lab"), system: { timers: [timer] } }, "lab");
        const [host] = config.hosts;
        assert.ok(host);
        const [block = ""] = /^timer scrub\n(?:[>|].*\n)*/m.exec(plan(config, host).manifest) ?? [];
        const folder = path.join(tree.root, "timers");
        mkdirSync(folder);
        const files = Object.entries(filesOf(block)).map(([name, text]) => {
            writeFileSync(path.join(folder, name), text);
            return path.join(folder, name);
        });
        assert.equal(files.length, 2);
        const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", ...files]);
        assert.deepEqual(`${stdout}${stderr}`.match(/^.*scrub.*$/gm) ?? [], []);
    });
});
