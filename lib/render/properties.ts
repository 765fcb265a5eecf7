// SPDX-License-Identifier: Apache-2.0
/** java.util.Properties files and Spark's defaults file. Keys are sorted, so that a change of order is no diff. */

/** Escapes as java.util.Properties reads them (JDK documentation of Properties.load). */
function escape(text: string): string {
    return text
        .replace(/\\/g, "\\\\")
        .replace(/\n/g, "\\n")
        .replace(/\r/g, "\\r")
        .replace(/\t/g, "\\t")
        .replace(
            /[^\x20-\x7e]/g,
            (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
        );
}

/** Blanks before a value are skipped by the reader, unless the first is escaped. */
const escapeValue = (value: string) => escape(value).replace(/^ /, "\\ ");

const escapeKey = (key: string) => escape(key).replace(/[ :=#!]/g, (char) => `\\${char}`);

/** Renders a properties file. */
export function properties(values: Readonly<Record<string, string>>): string {
    return Object.entries(values)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => `${escapeKey(key)}=${escapeValue(value)}\n`)
        .join("");
}
