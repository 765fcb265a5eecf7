// SPDX-License-Identifier: Apache-2.0
/**
 * Secrets by their looks. A policy's check sees plain values (the pack takes the secret marks off), so what can be known is what a text
 * or a name looks like, and whether a text holds a value that a resource generated. Pure; never returns a secret.
 */

interface Look {
    readonly what: string;
    readonly pattern: RegExp;
}

/** What a shell, a reference or a file stands for is no secret in clear text. */
const literal = String.raw`(?!["']?[$<{@/*]|["']?file:|["']?-)`;
const word = String.raw`(?:password|passwd|passphrase|secret|api[_-]?key|(?:auth|access|bearer)[_-]?token)`;

const looks: readonly Look[] = [
    { what: "a private key", pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/ },
    {
        what: "a password or secret in clear text",
        pattern: new RegExp(String.raw`${word}["']?\s*[=:]\s*${literal}["']?[^\s"']`, "i"),
    },
    {
        what: "a password or secret as an option",
        pattern: new RegExp(String.raw`(?:^|\s)--?${word}\s+${literal}["']?[^\s"']`, "i"),
    },
    { what: "a password for sshpass", pattern: /\bsshpass\s+-p/ },
    {
        what: "a credential in an address",
        pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:[^\s:/@$]+@/i,
    },
];

/** What looks like a secret in a text: kinds, without the values. */
export function secretsIn(text: string): string[] {
    return looks.filter(({ pattern }) => pattern.test(text)).map(({ what }) => what);
}

/** Whether a name says that its value is a secret. `…_FILE` and `…PATH` name a place, not a value. */
export function isSecretName(name: string): boolean {
    if (/(?:file|path|dir|location|class|provider|type|algorithm|enabled?)$/i.test(name))
        return false;
    return /(?:^|[._-])(?:password|passwd|passphrase|secret|token|api[._-]?key|private[._-]?key|credentials?)(?:$|[._-])/i.test(
        name,
    );
}
