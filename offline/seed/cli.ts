// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { rename } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { messageOf } from "../plugin/serve.ts";
import { PULUMI_VERSION } from "../versions.ts";
import { isExecutable, linkOrCopy } from "./files.ts";
import { goCommand } from "./go.ts";
import { SOURCE_FOLDER } from "./paths.ts";
import type { Paths } from "./paths.ts";
import { lastLines, run } from "./process.ts";
import type { Say } from "./progress.ts";
import { withProgress } from "./progress.ts";

/** Time for the first answer of the official server, and for the whole download. */
const ANSWER_MS = 10_000;
const DOWNLOAD_MS = 10 * 60_000;
const MODULE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** What the npm launcher does when its CLI is missing (npm package `pulumi`, lib/download.js). */
interface Launcher {
    installCLI(
        version: string,
        root: string,
        io: {
            fetchText: (url: string) => Promise<string>;
            execScript: (path: string, args: string[]) => void;
        },
    ): Promise<void>;
}

/**
 * Installs the official CLI the way the npm launcher would, with time limits.
 *
 * @returns undefined when it worked, otherwise why it did not
 */
export async function downloadCli(paths: Paths): Promise<string | undefined> {
    const launcher = createRequire(import.meta.url)("pulumi/lib/download.js") as Launcher;
    try {
        await launcher.installCLI(PULUMI_VERSION, paths.versionFolder, {
            fetchText: async (url) => {
                const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
                if (!answer.ok) {
                    throw new Error(`HTTP ${answer.status}`);
                }
                return answer.text();
            },
            execScript: (path, args) => {
                execFileSync("/bin/sh", [path, ...args], { stdio: "pipe", timeout: DOWNLOAD_MS });
            },
        });
        return (await isExecutable(paths.cli)) ? undefined : "the download left no CLI behind";
    } catch (error) {
        const cause = error instanceof Error ? error.cause : undefined;
        return cause === undefined ? messageOf(error) : messageOf(cause);
    }
}

/**
 * Builds the CLI from its published Go module, once for all projects of this user.
 *
 * @throws Error when Go is missing or too old, or the build fails
 */
export async function buildCli(paths: Paths, say: Say): Promise<void> {
    if (await isExecutable(paths.cachedCli)) {
        return;
    }
    const module = join(SOURCE_FOLDER, "cli");
    const go = await goCommand(module);
    say(
        `building the Pulumi CLI ${PULUMI_VERSION} from its Go module; it takes 4 to 8 minutes, once`,
    );
    const built = `${paths.cachedCli}.${process.pid}.build`;
    const result = await withProgress("building the Pulumi CLI", () =>
        run(
            go,
            [
                "build",
                "-trimpath",
                `-ldflags=-s -w -X ${VERSION_VARIABLE}=v${PULUMI_VERSION}`,
                "-o",
                built,
                MODULE,
            ],
            {
                cwd: module,
                env: { ...process.env, GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off" },
            },
        ),
    );
    if (result.code !== 0) {
        throw new Error(
            `the Pulumi CLI could not be built from its Go module in ${module}:\n` +
                `${lastLines(result.output)}\n` +
                "Check that the Go module proxy answers: go env GOPROXY",
        );
    }
    await rename(built, paths.cachedCli);
}

/** Puts the CLI that was built where the launcher looks for it. */
export async function installCli(paths: Paths): Promise<void> {
    await linkOrCopy(paths.cachedCli, paths.cli);
}
