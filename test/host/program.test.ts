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

    it("has every file of host/, and stays small enough to travel to every host in a preview", () => {
        const files = readdirSync(directory).filter((file) => file.endsWith(".sh"));
        assert.deepEqual([...order].sort(), files.sort());
        assert.ok(Buffer.byteLength(hostProgram().text) < 192 * 1024);
    });

    it("lost nothing but comments and indentation", () => {
        const sources = order.map((file) => readFileSync(join(directory, file), "utf8")).join("");
        const text = hostProgram().text.replace(/main "\$@"; exit "\$\?"\n$/, "");
        const flat = (functions: string) => functions.replace(/^ +/gm, "");
        const functions = flat(functionsOf(text));
        assert.match(functions, /verb_converge/);
        assert.equal(functions, flat(functionsOf(sources)));
    });

    it("writes no text whose indentation counts", () => {
        for (const file of order) {
            const source = readFileSync(join(directory, file), "utf8");
            for (const [, , lines = ""] of source.matchAll(/<<(?:'?)(\w+)'?\n([^]*?)\n\1\n/g))
                assert.doesNotMatch(lines, /^[ \t]/m, file);
        }
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

    it("ends by its time limit what it began, and nothing that has its number by then", () => {
        const script = [
            "MS_WORK=$(mktemp -d) two=0",
            "set -m; sleep 30.5 & mine=$!; sleep 30.5 & other=$!; set +m",
            "end_after 0 $mine >/dev/null 2>&1 & wait $mine; echo ended=$?; kill $!",
            // The process of that number began at another time when it is looked at again.
            'began_at() { two=$(($(cat "$MS_WORK/two" 2>/dev/null || echo 0) + 1)); echo $two | tee "$MS_WORK/two"; }',
            "end_after 0 $other; kill -0 $other && echo lives; kill $other; wait $other 2>/dev/null; rm -r $MS_WORK",
        ];
        assert.equal(call(`${script.join("\n")}\n`), "ended=143\nlives\n");
    });

    it("names mount units and compares the options of a tmpfs as the kernel writes them", () => {
        const script = [
            "mount_unit /var/lib/zookeeper; echo",
            "mount_unit /data-1/.x; echo",
            "tmpfs_has rw,relatime,size=65536k,mode=750 size=64m,mode=0750,uid=root && echo same",
            "tmpfs_has rw,relatime,size=32768k,mode=750 size=64m || echo smaller",
            "tmpfs_has rw,relatime,size=65536k size=64m,noexec || echo exec",
            "device_path UUID=0a-1B; echo; device_path LABEL=data1; echo; device_path /dev/sdb1; echo",
        ];
        assert.deepEqual(
            call(`${script.join("\n")}\n`)
                .trim()
                .split("\n"),
            [
                "var-lib-zookeeper.mount",
                "data\\x2d1-.x.mount",
                "same",
                "smaller",
                "exec",
                "/dev/disk/by-uuid/0a-1B",
                "/dev/disk/by-label/data1",
                "/dev/sdb1",
            ],
        );
    });
});
