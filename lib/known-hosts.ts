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

/** The pinned key of an address, or undefined. Other ports than 22 are written `[address]:port`. */
export function hostKeyOf(known: KnownHosts, address: string, port: number): string | undefined {
    return port === 22 ? known.get(address) : known.get(`[${address}]:${port}`);
}
