// SPDX-License-Identifier: Apache-2.0
/**
 * A password on its way to sudo. The sudo here does with its standard input what sudo 1.9 does (-S reads a line an attempt, byte by byte,
 * three attempts; with NOPASSWD none); test/host/sudo.test.ts runs the same commands through the real one, where it is installed.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { Secret } from "../../lib/secret.ts";
import { rootCommand, rootInput } from "../../lib/sudo.ts";

const sudo = `#!/bin/bash
stdin=no
while [[ $1 == -* ]]; do
    case $1 in
    -S) stdin=yes ;;
    -p) shift ;;
    esac
    shift
done
[[ $WANTED == NOPASSWD ]] && exec "$@"
[[ $stdin == yes ]] || { echo "sudo: a password is required" >&2; exit 1; }
for attempt in 1 2 3; do
    IFS= read -r line || break
    printf '%s\\n' "$line" >>"$ATTEMPTS"
    [[ $line == "$WANTED" ]] && exec "$@"
    echo "Sorry, try again." >&2
done
echo "sudo: $attempt incorrect password attempts" >&2
exit 1
`;

describe("a command as root", function () {
    this.timeout(20_000);
    const folder = mkdtempSync(join(tmpdir(), "ms-sudo-"));
    const attempts = join(folder, "attempts");
    writeFileSync(join(folder, "sudo"), sudo);
    chmodSync(join(folder, "sudo"), 0o755);
    after(() => {
        rmSync(folder, { recursive: true });
    });

    /** `command` as a login shell of a host runs it, where sudo wants this password. */
    function run(wanted: string, given: string | undefined, command: string, stdin: string) {
        writeFileSync(attempts, "");
        const secret = given === undefined ? undefined : new Secret(given);
        const { status, stdout, stderr } = spawnSync(
            "/bin/sh",
            ["-c", rootCommand(command, secret)],
            {
                input: rootInput(stdin, secret),
                encoding: "utf8",
                env: {
                    PATH: `${folder}:${process.env["PATH"] ?? ""}`,
                    USER: "ops",
                    WANTED: wanted,
                    ATTEMPTS: attempts,
                },
            },
        );
        return { status, stdout, stderr, tried: readFileSync(attempts, "utf8").split("\n") };
    }

    it("reads its own input only, whether sudo asks or not", () => {
        for (const wanted of ["pass word\\ '\"$x", "NOPASSWD"]) {
            const { status, stdout, stderr } = run(wanted, "pass word\\ '\"$x", "cat", "a\n\nb");
            assert.deepEqual(
                { status, stdout, stderr },
                { status: 0, stdout: "a\n\nb", stderr: "" },
            );
        }
    });

    it("gets every payload as it is (property)", () => {
        const line = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 });
        fc.assert(
            fc.property(line, fc.string({ maxLength: 200 }), fc.boolean(), (given, text, asks) => {
                const payload = text.replaceAll("\0", "");
                const wanted = asks ? given : "NOPASSWD";
                assert.equal(run(wanted, given, "cat", payload).stdout, payload);
            }),
            { numRuns: 25 },
        );
    });

    it("is refused after a single attempt with a wrong password, and says so without it", () => {
        const { status, stdout, stderr, tried } = run("right", "wr0ng", "cat", "line\nsecond\n");
        assert.equal(status, 1);
        assert.equal(stdout, "");
        assert.equal(
            stderr,
            "metalstream: sudo: ops: refused: Sorry, try again. / sudo: 2 incorrect password attempts; see ssh.user, and metalstream:sudoPassword\n",
        );
        assert.deepEqual(tried, ["wr0ng", ""]);
    });

    it("ends with the command's own status", () => {
        assert.equal(run("p", "p", "/bin/bash -c 'exit 3'", "").status, 3);
        assert.equal(run("NOPASSWD", "p", "/bin/bash -c 'exit 75'", "x").status, 75);
    });

    it("keeps quotes of the command", () => {
        const command = `/bin/bash -c 'printf "%s|" "a b" "$((1 + 1))"'`;
        for (const given of ["p", undefined])
            assert.equal(run("NOPASSWD", given, command, "").stdout, "a b|2|");
    });

    it("is what it always was where no password is configured", () => {
        assert.equal(
            rootCommand("/x/host-1 converge limit=900", undefined),
            "sudo -n /x/host-1 converge limit=900",
        );
        assert.equal(rootInput("text", undefined), "text");
    });

    it("never has the password in what is run", () => {
        assert.doesNotMatch(rootCommand("cat", new Secret("hunter2")), /hunter2/);
    });
});

describe("a secret", () => {
    it("does not print, however it is printed", () => {
        const secret = new Secret("hunter2");
        for (const text of [String(secret), JSON.stringify({ secret }), inspect(secret)])
            assert.doesNotMatch(text, /hunter2/);
        assert.equal(secret.reveal(), "hunter2");
    });
});
