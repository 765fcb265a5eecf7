// SPDX-License-Identifier: Apache-2.0
/** Reads a manifest as the host program does (host/README.md): items, their blocks, and the digests that follow from them. Pure. */
import { createHash } from "node:crypto";

/** One item of a manifest, or one question. */
export interface Item {
    readonly kind: string;
    readonly name: string;
    /** Words behind the name that are no attributes: the target of a link, the value of a sysctl. */
    readonly rest: string;
    readonly attributes: Readonly<Record<string, string>>;
    /** Lines of content, without their marks. */
    readonly content: string;
    /** Files of a unit's configuration directory. */
    readonly files: Readonly<Record<string, string>>;
    /** All lines of the item, each ended by a newline. */
    readonly block: string;
}

/** What a manifest says. */
export interface Manifest {
    readonly host: string;
    /** Suffix of stamp and list of owned items: "" or `.secrets`. */
    readonly section: string;
    readonly items: readonly Item[];
    readonly questions: readonly Item[];
    /** As the stamp holds it: without questions and without the content of secrets. */
    readonly digest: string;
}

/** A manifest that the host program refuses with exit code 2. */
export class Malformed extends Error {
    override readonly name = "Malformed";
}

const header = ["metalstream", "host", "section"];
const questionKinds = new Set(["port", "disk", "evidence", "job", "names", "peer", "openfiles"]);
/** Words behind the name; of kinds that are not listed all further words are attributes. */
const furtherWords: Readonly<Record<string, number>> = {
    ...{ link: 1, mount: 2, evidence: 2, hugepages: 1, limit: 1 },
};

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** First 12 hex digits of the SHA-256 of a unit's block. */
export const unitDigest = (item: Item): string => sha256(item.block).slice(0, 12);

/** `file /etc/hosts`: how an item is called in outputs, stamps and lists. */
export const itemKey = ({ kind, name }: Pick<Item, "kind" | "name">): string => `${kind} ${name}`;

function parseLine(line: string): Omit<Item, "content" | "files" | "block"> {
    const [kind = "", name = "", ...words] = line.split(" ");
    if (name === "") throw new Malformed(`${kind} needs a name`);
    const count = ["sysctl", "note"].includes(kind) ? words.length : (furtherWords[kind] ?? 0);
    const attributes = words.slice(count).map((word): [string, string] => {
        const at = word.indexOf("=");
        return at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
    });
    return {
        kind,
        name,
        rest: words.slice(0, count).join(" "),
        attributes: Object.fromEntries(attributes),
    };
}

function parseBlock(lines: readonly string[]): Item {
    const [first = "", ...body] = lines;
    const files: Record<string, string> = {};
    let content = "";
    let file: string | undefined;
    for (const line of body) {
        if (line.startsWith("> ")) {
            file = line.slice(2);
            files[file] = "";
        } else if (file === undefined) content += `${line.slice(2)}\n`;
        else files[file] = `${files[file] ?? ""}${line.slice(2)}\n`;
    }
    return { ...parseLine(first), content, files, block: `${lines.join("\n")}\n` };
}

/**
 * Parses a manifest and the questions behind it. What the real program refuses item by item is not judged here, but for what a cut-off text
 * shows.
 * @throws Malformed
 */
export function parseManifest(text: string): Manifest {
    const blocks: string[][] = [];
    for (const line of text.replace(/\n$/, "").split("\n")) {
        const block = blocks.at(-1);
        if (/^[a-z]/.test(line)) blocks.push([line]);
        else if (block !== undefined && /^(\||\| .*|> .+)$/.test(line)) block.push(line);
        else throw new Malformed(`neither an item nor content: ${line.slice(0, 40)}`);
    }
    const all = blocks.map(parseBlock);
    const [version, host] = all;
    if (version?.kind !== "metalstream" || version.name !== "1" || host?.kind !== "host") {
        throw new Malformed("the first lines must be 'metalstream 1' and 'host NAME'");
    }
    const questions = all.filter(({ kind }) => questionKinds.has(kind));
    const lines = all
        .filter(({ kind }) => !questionKinds.has(kind))
        .map(({ kind, block }) =>
            kind === "secret" ? block.slice(0, block.indexOf("\n") + 1) : block,
        );
    const section = all[2]?.kind === "section" ? `.${all[2].name}` : "";
    return {
        host: host.name,
        section,
        items: all.filter(({ kind }) => !questionKinds.has(kind) && !header.includes(kind)),
        questions,
        digest: sha256(lines.join("")),
    };
}

const conditionLine = /^ConditionPathExists(?:Glob)?=(.*)$/gm;

/** What a unit waits for: groups of paths; of each group one must be there. `|` joins conditions by "or", as systemd does. */
export function conditionsOf(unit: Item): string[][] {
    const text = unit.files[`${unit.name}.service`] ?? "";
    const all = [...text.matchAll(conditionLine)].map(([, value = ""]) => value);
    const any = all.filter((value) => value.startsWith("|")).map((value) => value.slice(1));
    const each = all.filter((value) => !value.startsWith("|")).map((value) => [value]);
    return any.length > 0 ? [...each, any] : each;
}
