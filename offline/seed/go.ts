// SPDX-License-Identifier: Apache-2.0
import { chmod, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastLines, run } from "./process.ts";
import { say } from "./progress.ts";

/** From this minor version of Go 1 on, Go fetches the version that a module asks for by itself. */
const SELF_UPDATING_MINOR = 21;
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = {
    x64: "amd64",
    arm64: "arm64",
};

/**
 * A `go` that can build the module. An older one than it asks for still serves to fetch a newer one,
 * which is a Go module too and comes from the same module proxy.
 *
 * @param module folder with the go.mod
 * @throws Error that says how to get Go
 */
export async function goCommand(module: string): Promise<string> {
    const found = await run("go", ["env", "GOVERSION"]).catch(() => undefined);
    const minor = /go1\.(\d+)/.exec(found?.output ?? "")?.[1];
    if (found?.code !== 0 || minor === undefined) {
        throw new Error(
            "Go is missing, and the Pulumi CLI cannot be downloaded, so it must be built. " +
                "Install Go, of any version from 1.16 on: apt-get install golang-go",
        );
    }
    if (Number(minor) >= SELF_UPDATING_MINOR) {
        return "go";
    }
    return fetchGo(await wantedVersion(module));
}

async function wantedVersion(module: string): Promise<string> {
    const text = await readFile(join(module, "go.mod"), "utf8");
    const version = /^go (\S+)$/m.exec(text)?.[1];
    if (version === undefined) {
        throw new Error(`${module}/go.mod names no Go version`);
    }
    return version;
}

async function fetchGo(version: string): Promise<string> {
    const arch = ARCHITECTURES[process.arch] ?? process.arch;
    const toolchain = `golang.org/toolchain@v0.0.1-go${version}.${process.platform}-${arch}`;
    say(`the installed Go is too old to build the CLI: fetching Go ${version} by it`);
    const result = await run("go", ["mod", "download", "-json", toolchain], { cwd: tmpdir() });
    const folder = /"Dir": "([^"]+)"/.exec(result.output)?.[1];
    if (result.code !== 0 || folder === undefined) {
        throw new Error(
            `Go ${version} is needed to build the Pulumi CLI, and the installed Go is older and could ` +
                `not fetch it (go mod download ${toolchain}):\n${lastLines(result.output)}\n` +
                "Install a newer one: apt-get install -t bookworm-backports golang-go",
        );
    }
    // A Go module's files are not executable, and older versions of Go do not make an exception for it.
    await makeExecutable(join(folder, "bin"));
    await makeExecutable(join(folder, "pkg", "tool", `${process.platform}_${arch}`));
    return join(folder, "bin", "go");
}

async function makeExecutable(folder: string): Promise<void> {
    const names = await readdir(folder).catch(() => []);
    await Promise.all(names.map((name) => chmod(join(folder, name), 0o755)));
}
