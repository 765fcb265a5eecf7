// SPDX-License-Identifier: Apache-2.0
// Runs the host program on this machine without touching it: in a private mount namespace, with overlays in memory over the
// directories that it writes to. systemd is not there; what needs it is tested on lab hosts (test/lab/converge.test.ts).
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostProgram } from "../../lib/host-program.ts";

const overlays = ["etc", "usr/local", "var/lib", "var/cache", "opt", "srv", "run"];

/** What a script in the box printed. */
export interface Outcome {
    readonly code: number | null;
    readonly out: string;
    readonly err: string;
}

/** Why the box cannot be used here, or undefined. */
export function boxUnavailable(): string | undefined {
    if (process.getuid?.() !== 0) return "root is needed for a mount namespace";
    const { status } = spawnSync("unshare", ["--mount", "true"]);
    return status === 0 ? undefined : "unshare --mount is not permitted here";
}

/** Skips a suite, and says why, where the box cannot be used. */
export function requireBox(context: Mocha.Context): void {
    const reason = boxUnavailable();
    if (reason === undefined) return;
    console.log(`skipped: ${reason}`);
    context.skip();
}

const prelude = `
set -e
mount -t tmpfs tmpfs "$BOX/layers"
for directory in ${overlays.join(" ")}; do
    name=\${directory//\\//_}
    mkdir -p "$BOX/layers/$name.up" "$BOX/layers/$name.work"
    mount -t overlay overlay -o "lowerdir=/$directory,upperdir=$BOX/layers/$name.up,workdir=$BOX/layers/$name.work" "/$directory"
done
set +e
cd "$BOX"
ms() { bash "$BOX/program" "$@"; }
`;

/**
 * Runs a bash script in the box.
 * @param script may call `ms VERB …`, the host program, and reads `files` by name in its working directory.
 * @param timeout milliseconds. @default 60000
 */
export function inBox(
    script: string,
    files: Readonly<Record<string, string>> = {},
    timeout = 60_000,
): Outcome {
    const box = mkdtempSync(join(tmpdir(), "ms-box-"));
    try {
        writeFileSync(join(box, "program"), hostProgram().text);
        for (const [name, text] of Object.entries(files)) writeFileSync(join(box, name), text);
        const { status, stdout, stderr } = spawnSync(
            "unshare",
            [
                "--mount",
                "--propagation",
                "private",
                "bash",
                "-c",
                `mkdir "$BOX/layers"${prelude}${script}`,
            ],
            { env: { ...process.env, BOX: box }, encoding: "utf8", timeout },
        );
        return { code: status, out: stdout, err: stderr };
    } finally {
        rmSync(box, { recursive: true, force: true });
    }
}

/** A manifest with its header. */
export function manifestOf(...lines: string[]): string {
    return ["metalstream 1", "host box", ...lines, ""].join("\n");
}
