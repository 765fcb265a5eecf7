// SPDX-License-Identifier: Apache-2.0
/** Artifacts: where software comes from and how it is known to be the right one. */
import { manifestItems, type ManifestItem } from "../lib/manifest.ts";
import { commandPolicy, platformPolicy } from "../lib/policy.ts";
import { commandTexts } from "../lib/command.ts";
import { texts } from "../lib/settings.ts";

export const artifactsMirrorEncrypted = platformPolicy({
    name: "artifacts-mirror-encrypted",
    severity: "high",
    rule: "Artifacts come over https.",
    why: "Whoever sits between a host and the mirror sees what runs where, and can hold back a fix.",
    remedy: "Set artifacts.mirror to the https address of the mirror.",
    settings: {},
    check: ({ artifacts: { mirror } }) => {
        const { protocol } = new URL(mirror);
        if (protocol === "https:") return [];
        return [{ where: "artifacts.mirror", what: `found ${protocol}//, expected https://` }];
    },
});

export const artifactsMirrorAllowed = platformPolicy({
    name: "artifacts-mirror-allowed",
    severity: "high",
    rule: "Artifacts come from an allowed mirror.",
    why: "A mirror that nobody answers for is a way into every host.",
    remedy: "Set artifacts.mirror to one of the allowed mirrors, or have the mirror allowed in policy/config.",
    settings: {
        hosts: texts([], "Hosts of allowed mirrors, `*.domain` for all of a domain; none: any"),
    },
    check: ({ artifacts: { mirror } }, { hosts }) => {
        const { hostname } = new URL(mirror);
        const allowed = hosts.some((host) =>
            host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host,
        );
        if (hosts.length === 0 || allowed) return [];
        const what = `found ${hostname}, expected one of ${hosts.join(", ")}`;
        return [{ where: "artifacts.mirror", what }];
    },
});

/** What is missing for an artifact to be known before it is unpacked. */
function unpinned({ attributes }: ManifestItem): string[] {
    const sha = /^[0-9a-f]{64}$/.test(attributes["sha256"] ?? "") ? [] : ["sha256"];
    const size = Number(attributes["size"]) > 0 ? [] : ["size"];
    return [...sha, ...size];
}

const pipedToShell = /\b(?:curl|wget)\b[^|;&\n]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:ba|da|z|k)?sh\b/;

export const artifactsDownloadsPinned = commandPolicy({
    name: "artifacts-downloads-pinned",
    severity: "critical",
    rule: "Every download is pinned by its checksum and size.",
    why: "What a mirror serves can change after it was tested.",
    remedy: "Name it in the catalogue of artifacts, with sha256 and size; never pipe a download into a shell.",
    settings: {},
    check: (inputs) => [
        ...manifestItems(inputs)
            .filter(({ kind }) => kind === "artifact")
            .flatMap((artifact) =>
                unpinned(artifact).map((key) => ({
                    where: "stdin",
                    what: `artifact ${artifact.name} has no valid ${key}`,
                })),
            ),
        ...commandTexts(inputs)
            .filter(({ text }) => pipedToShell.test(text))
            .map(({ path }) => ({ where: path, what: "a download is piped into a shell" })),
    ],
});

export const artifactsPolicies = [
    artifactsMirrorEncrypted,
    artifactsMirrorAllowed,
    artifactsDownloadsPinned,
];
