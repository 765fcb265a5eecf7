// SPDX-License-Identifier: Apache-2.0
/** What is to become of the keys that hosts present. Pure. */

/** A host or the bastion, and its keys. */
export interface Presented {
    readonly name: string;
    /** As in the known_hosts file: `address` or `[address]:port`. */
    readonly knownName: string;
    /** `ssh-ed25519 AAAA…`; undefined where none is pinned. */
    readonly pinned: string | undefined;
    /** What it presents now, or why it presents none. */
    readonly key: { readonly found: string } | { readonly missing: string };
}

/** What the person who ran the command said beforehand. */
export interface Consent {
    /** Names whose changed key may be replaced. */
    readonly replace: ReadonlySet<string>;
    /** Fingerprint that was read from the console of the only host that is asked. */
    readonly expect: string | undefined;
}

/** `same`: pinned already. `pin`: to be pinned, once confirmed. Others are not touched. */
export type Verdict = "same" | "pin" | "changed" | "unexpected" | "missing";

/** Decides for one host. A changed key is only pinned where the host was named for it. */
export function verdict(
    { name, pinned, key }: Presented,
    { replace, expect }: Consent,
    fingerprint: (key: string) => string,
): Verdict {
    if ("missing" in key) return "missing";
    if (expect !== undefined && fingerprint(key.found) !== expect) return "unexpected";
    if (key.found === pinned) return "same";
    return pinned === undefined || replace.has(name) ? "pin" : "changed";
}

const notes: Readonly<Record<Verdict, string>> = {
    same: "pinned already",
    pin: "to be pinned",
    changed:
        "CHANGED: reinstalled, or another machine answers. Once you know which, name it: --replace",
    unexpected: "NOT the fingerprint that --expect says: nothing is pinned",
    missing: "presents no key",
};

/** The lines that a person compares with the consoles. */
export function describeKey(
    presented: Presented,
    decided: Verdict,
    fingerprint: (key: string) => string,
): string {
    const { name, knownName, pinned, key } = presented;
    const shown = (text: string) => `${text.split(" ")[0] ?? ""} ${fingerprint(text)}`;
    const head = `${name.padEnd(10)} ${knownName.padEnd(22)}`;
    if ("missing" in key) return `${head} ${notes[decided]}: ${key.missing}`;
    const note = decided === "changed" ? `${notes[decided]} ${name}` : notes[decided];
    const before =
        pinned === undefined || decided === "same"
            ? []
            : [`${" ".repeat(33)} ${shown(pinned)}  pinned until now`];
    return [`${head} ${shown(key.found)}  ${note}`, ...before].join("\n");
}
