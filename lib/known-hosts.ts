// SPDX-License-Identifier: Apache-2.0
/** Pinned host keys, from a file in OpenSSH's known_hosts format. Pure. */

/** One pinned key per name: `[address]:port` or `address` -> `ssh-ed25519 AAAA…`. */
export type KnownHosts = ReadonlyMap<string, string>;

/** Parses a known_hosts file. Hashed names and markers cannot be looked up by address and are passed over. */
export function parseKnownHosts(text: string): KnownHosts {
    const entries = text
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .flatMap(([names, type, key]) =>
            names === undefined || type === undefined || key === undefined || /^[#@|]/.test(names)
                ? []
                : names.split(",").map((name): [string, string] => [name, `${type} ${key}`]),
        );
    return new Map(entries);
}

/** How a host is named in the file. */
export const knownName = (address: string, port: number): string =>
    port === 22 ? address : `[${address}]:${port}`;

/** The pinned key of an address, or undefined. Other ports than 22 are written `[address]:port`. */
export function hostKeyOf(known: KnownHosts, address: string, port: number): string | undefined {
    return known.get(knownName(address, port));
}

/**
 * The text of a known_hosts file with these keys pinned, and no other of these names. Every other line stays as it is.
 * @param keys name -> `ssh-ed25519 AAAA…`
 */
export function withPinned(text: string, keys: ReadonlyMap<string, string>): string {
    const kept = text.split("\n").flatMap((line) => {
        const [, space = "", names = "", rest = ""] = /^(\s*)(\S+)(\s.*)?$/.exec(line) ?? [];
        if (names === "" || /^[#@|]/.test(names)) return [line];
        const others = names.split(",").filter((name) => !keys.has(name));
        return others.length === 0 ? [] : [`${space}${others.join(",")}${rest}`];
    });
    const body = kept.join("\n").replace(/\n*$/, "");
    const added = [...keys].map(([name, key]) => `${name} ${key}\n`).join("");
    return `${body === "" ? "" : `${body}\n`}${added}`;
}
