// SPDX-License-Identifier: Apache-2.0
/** How the hosts reach Debian's packages: the same way as this machine. Pure; the callers read and write the files. */

/** Where packages of one suite come from. */
export interface AptSource {
    readonly uri: string;
    readonly suite: string;
    readonly components: readonly string[];
    readonly signedBy: string | undefined;
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

function ofLine(line: string): AptSource[] {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim());
    if (match?.[2] === undefined || match[3] === undefined || match[4] === undefined) {
        return [];
    }
    const signedBy = /signed-by=(\S+)/.exec(match[1] ?? "")?.[1];
    return [{ uri: match[2], suite: match[3], components: match[4].split(/\s+/), signedBy }];
}

function ofStanza(stanza: string): AptSource[] {
    const fields = new Map<string, string>();
    for (const line of stanza.split("\n")) {
        const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
        if (match?.[1] !== undefined && match[2] !== undefined) {
            fields.set(match[1].toLowerCase(), match[2].trim());
        }
    }
    const words = (name: string): string[] => fields.get(name)?.split(/\s+/) ?? [];
    if (!words("types").includes("deb") || fields.get("enabled") === "no") {
        return [];
    }
    return words("uris").flatMap((uri) =>
        words("suites").map((suite) => ({
            uri,
            suite,
            components: words("components"),
            signedBy: fields.get("signed-by"),
        })),
    );
}

/** All sources in the text of a `.list` or a `.sources` (deb822) file. */
export function parseSources(text: string): AptSource[] {
    const plain = text.replace(/^#.*\n?/gm, "");
    return /^Types:/im.test(plain)
        ? plain.split(/\n\s*\n/).flatMap(ofStanza)
        : plain.split("\n").flatMap(ofLine);
}

/**
 * Debian's own sources for a release among all of the machine's: third-party repositories, which often use the release's
 * name as well, are left out, since the hosts do not have their keys. Empty on a machine that is not that release.
 */
export function debianSources(all: readonly AptSource[], release: string): AptSource[] {
    const suites = [release, `${release}-updates`, `${release}-security`];
    return all.filter(
        ({ suite, components, signedBy }) =>
            suites.includes(suite) &&
            components.includes("main") &&
            (signedBy === undefined || signedBy === KEYRING),
    );
}

/** The sources as the text of an `/etc/apt/sources.list`, `main` only. */
export function renderSources(sources: readonly AptSource[]): string {
    const lines = sources.map(
        ({ uri, suite }) => `deb [signed-by=${KEYRING}] ${uri} ${suite} main\n`,
    );
    return [...new Set(lines)].join("");
}

/**
 * The settings among those of `apt-config dump` that say how packages are reached (proxies, CA files, checks of dates),
 * as text for `/etc/apt/apt.conf.d`. All else is this machine's own business.
 */
export function acquireSettings(dump: string): string {
    const wanted =
        /^Acquire::((https?|ftp)(::|\b)|Check-|Retries|ForceIPv|Max-FutureTime|Min-ValidTime)/i;
    const lines = dump
        .split("\n")
        .filter((line) => wanted.test(line) && !line.endsWith(' "";'))
        .map((line) => `${line}\n`);
    return `${lines.join("")}Acquire::Languages "none";\nAcquire::Retries "3";\n`;
}
