// SPDX-License-Identifier: Apache-2.0
/** Reads the manifest of a host (host/README.md) as far as policies judge it. Pure. */
import type { CommandInputs } from "./command.ts";
import { known } from "./unknown.ts";

/** An item or a file of a unit, with its content. */
export interface ManifestItem {
    /** `file`, `secret`, `artifact`, … or `>` for a file of a unit. */
    readonly kind: string;
    /** Path or name. */
    readonly name: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly content: string;
}

function parseItem(line: string, content: readonly string[]): ManifestItem {
    const [kind = "", name = "", ...rest] = line.split(" ");
    const pairs = rest.map((pair): [string, string] => {
        const at = pair.indexOf("=");
        return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    });
    return { kind, name, attributes: Object.fromEntries(pairs), content: content.join("\n") };
}

/** The items of the manifest on a command's standard input; none where it is not one, or is not known yet. */
export function manifestItems(inputs: CommandInputs): ManifestItem[] {
    const text = known(() => inputs.stdin);
    if (text?.startsWith("metalstream ") !== true) return [];
    const items: { line: string; content: string[] }[] = [];
    for (const line of text.split("\n").slice(1)) {
        if (line.startsWith("|")) items.at(-1)?.content.push(line.slice(2));
        else if (line !== "") items.push({ line, content: [] });
    }
    return items.map(({ line, content }) => parseItem(line, content));
}
