// SPDX-License-Identifier: Apache-2.0
/** What a converge must have said before anything that builds on it may run. */
import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { manifestDigest } from "../facts/token.ts";

/**
 * Judges the output of a converge. An exit code of 0 alone says little: a forced command, a login script or another `sudo` can give it
 * as well. The program's last line names the manifest whose stamp it has written. Pure.
 * @returns what is wrong, or undefined.
 */
export function convergeFinding(
    host: string,
    manifest: string,
    stdout: string | undefined,
): string | undefined {
    const last = (stdout ?? "").trimEnd().split("\n").at(-1) ?? "";
    const digest = manifestDigest(manifest).slice(0, 12);
    if (new RegExp(`^converged ${digest}: \\d+ changed, \\d+ unchanged$`).test(last)) return;
    const said = last === "" ? "nothing" : `'${last.slice(0, 200)}'`;
    return (
        `metalstream: ${host}: converge: the command ended well, yet the host did not say that manifest ${digest} is applied (its last line: ${said}); ` +
        `look at what sudo and sshd of that host run instead of the program (ForceCommand, command= in authorized_keys), then run again`
    );
}

/**
 * A converge as something to depend on: what depends on it is declared only when the host has said that it applied this very manifest.
 * A preview runs nothing, so there is nothing to judge.
 */
export function verified(
    command: remote.Command,
    host: string,
    manifest: string,
): pulumi.Input<pulumi.Resource> {
    if (pulumi.runtime.isDryRun()) return command;
    return command.stdout.apply((stdout) => {
        const wrong = convergeFinding(host, manifest, stdout);
        if (wrong !== undefined) throw new pulumi.RunError(wrong);
        return command;
    });
}
