// SPDX-License-Identifier: Apache-2.0
/** Hadoop's configuration format. Keys are sorted, so that a change of order is no diff. */

const escapes: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    // A parser turns a bare carriage return into a newline.
    "\r": "&#13;",
};

const escape = (text: string) => text.replace(/[&<>\r]/g, (char) => escapes[char] ?? char);

/** Renders `<configuration>`; a newline within a value is kept, as dfs.ha.fencing.methods needs. */
export function hadoopXml(properties: Readonly<Record<string, string>>): string {
    const entries = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = entries.map(
        ([key, value]) =>
            `  <property><name>${escape(key)}</name><value>${escape(value)}</value></property>`,
    );
    return [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<configuration>",
        ...lines,
        "</configuration>",
        "",
    ].join("\n");
}
