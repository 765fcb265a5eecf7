// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hostProgram } from "../../lib/host-program.ts";

const directory = join(import.meta.dirname, "..", "..", "host");
const order = readFileSync(join(directory, "ORDER"), "utf8").trim().split("\n");
const functionsOf = (source: string) =>
    execFileSync("bash", ["-c", 'eval "$(cat)"; declare -f'], {
        input: source,
        encoding: "utf8",
    });

/** Calls functions of the program, without its main. */
function call(script: string): string {
    const input = hostProgram().text.replace(/main "\$@"; exit "\$\?"\n$/, script);
    return execFileSync("bash", ["-s"], { input, encoding: "utf8" });
}

describe("host program: text", () => {
    it("is named by its content", () => {
        const { text, name, path } = hostProgram();
        const digest = createHash("sha256").update(text).digest("hex");
        assert.equal(name, `host-${digest.slice(0, 12)}`);
        assert.equal(path, `/usr/local/lib/metalstream/${name}`);
    });

    it("has every file of host/, and fits into one argument of a command", () => {
        const files = readdirSync(directory).filter((file) => file.endsWith(".sh"));
        assert.deepEqual([...order].sort(), files.sort());
        assert.ok(Buffer.byteLength(hostProgram().text) < 128 * 1024);
    });

    it("lost nothing but comments", () => {
        const sources = order.map((file) => readFileSync(join(directory, file), "utf8")).join("");
        const text = hostProgram().text.replace(/main "\$@"; exit "\$\?"\n$/, "");
        const functions = functionsOf(text);
        assert.match(functions, /verb_converge/);
        assert.equal(functions, functionsOf(sources));
    });

    it("passes shellcheck", function () {
        if (spawnSync("shellcheck", ["--version"]).status !== 0) {
            console.log("skipped: shellcheck is not installed");
            this.skip();
        }
        this.timeout(60_000);
        const files = order.map((file) => join(directory, file));
        const { stdout } = spawnSync("shellcheck", ["-x", ...files], { encoding: "utf8" });
        assert.equal(stdout, "");
    });
});

describe("host program: decisions", () => {
    it("rolls by what the process has loaded", () => {
        const cases = [
            ["aaa", "aaa", "yes", "nothing"],
            ["aaa", "bbb", "yes", "restart"],
            ["-", "bbb", "yes", "restart"],
            ["-", "bbb", "no", "start"],
            ["bbb", "bbb", "no", "start"],
        ];
        const script = cases
            .map(
                ([running, wanted, active]) => `roll_decision ${running} ${wanted} ${active}; echo`,
            )
            .join("\n");
        assert.deepEqual(
            call(`${script}\n`).trim().split("\n"),
            cases.map((words) => words[3]),
        );
    });

    it("names mount units and compares the options of a tmpfs as the kernel writes them", () => {
        const script = [
            "mount_unit /var/lib/zookeeper; echo",
            "mount_unit /data-1/.x; echo",
            "tmpfs_has rw,relatime,size=65536k,mode=750 size=64m,mode=0750,uid=root && echo same",
            "tmpfs_has rw,relatime,size=32768k,mode=750 size=64m || echo smaller",
            "tmpfs_has rw,relatime,size=65536k size=64m,noexec || echo exec",
        ];
        assert.deepEqual(
            call(`${script.join("\n")}\n`)
                .trim()
                .split("\n"),
            ["var-lib-zookeeper.mount", "data\\x2d1-.x.mount", "same", "smaller", "exec"],
        );
    });
});
