// SPDX-License-Identifier: Apache-2.0
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PULUMI_VERSION } from "../versions.ts";

/** The folder `offline/` with the sources of everything that is seeded. */
export const SOURCE_FOLDER = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where things are and go, from the environment. */
export interface Paths {
    /** `$PULUMI_HOME`, by default `~/.pulumi`. */
    readonly pulumiHome: string;
    /** Where the npm launcher looks for the CLI of its version. */
    readonly versionFolder: string;
    /** The CLI itself. */
    readonly cli: string;
    /** The language host, beside the CLI. */
    readonly languageHost: string;
    /** Says that the CLI was seeded, and with what. */
    readonly marker: string;
    /** Where a CLI that was built is kept, for all `PULUMI_HOME`s. */
    readonly cachedCli: string;
}

/** Works out {@link Paths} from `PULUMI_HOME`, `XDG_CACHE_HOME` and the home folder. */
export function findPaths(env: NodeJS.ProcessEnv = process.env): Paths {
    const home = homedir();
    const pulumiHome = given(env["PULUMI_HOME"]) ?? join(home, ".pulumi");
    const cache = given(env["XDG_CACHE_HOME"]) ?? join(home, ".cache");
    const versionFolder = join(pulumiHome, "versions", PULUMI_VERSION);
    const platform = `${process.platform}-${process.arch}`;
    return {
        pulumiHome,
        versionFolder,
        cli: join(versionFolder, "bin", "pulumi"),
        languageHost: join(versionFolder, "bin", "pulumi-language-nodejs"),
        marker: join(versionFolder, "seeded.json"),
        cachedCli: join(
            cache,
            "metalstream",
            "pulumi-cli",
            `${PULUMI_VERSION}-${platform}`,
            "pulumi",
        ),
    };
}

function given(value: string | undefined): string | undefined {
    return value === "" ? undefined : value;
}
