// SPDX-License-Identifier: Apache-2.0
// Documents say what is there: links, paths, commands, sections and error texts.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { configurationDocs } from "../../lib/config/docs.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import { rawConfig } from "../../lib/stack.ts";
import { golden } from "../golden/golden.ts";

const project = join(import.meta.dirname, "..", "..");
const read = (path: string) => readFileSync(join(project, path), "utf8");
const files = (...patterns: string[]) =>
    patterns.flatMap((pattern) => globSync(pattern, { cwd: project })).sort();

/** Written by hand for readers of the project, the generated ones aside. */
const guides = files(
    "*.md",
    "docs/operations.md",
    "docs/troubleshooting.md",
    "docs/decisions/*.md",
);
const documents = [...guides, ...files("docs/*.md", "*/README.md", "lib/*/README.md")];

const withoutCode = (text: string) => text.replace(/^```[^]*?^```/gm, "");
const code = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, inside = ""]) => inside);

/** Anchors of a document's headings, as forges make them. */
function anchors(path: string): string[] {
    const headings = [...withoutCode(read(path)).matchAll(/^#+ +(.+)$/gm)];
    return headings.map(([, title = ""]) =>
        title
            .toLowerCase()
            .replace(/[^\p{L}\p{N}\s_-]/gu, "")
            .replaceAll(" ", "-"),
    );
}

describe("docs/configuration.md", () => {
    it("says what the schema and the rules say", () => {
        golden("../../docs/configuration.md", configurationDocs());
    });
});

describe("documents", () => {
    for (const document of new Set(documents)) {
        it(`${document}: links lead somewhere`, () => {
            const links = [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)]
                .map(([, target = ""]) => target)
                .filter((target) => !/^\w+:/.test(target));
            const dead = links.filter((target) => {
                const [path = "", anchor] = target.split("#");
                const file = path === "" ? document : join(dirname(document), path);
                if (!existsSync(join(project, file))) return true;
                return anchor !== undefined && !anchors(file).includes(anchor);
            });
            assert.deepEqual(dead, []);
        });
    }

    it("name only paths of the project that exist", () => {
        const tops =
            /^(?:bench|bin|cli|components|docs|host|jobs|lab|lib|offline|policy|scripts|stacks|test)\//;
        const missing = guides.flatMap((guide) =>
            code(read(guide))
                .filter((text) => tops.test(text) && !/[<…\s]/.test(text))
                .filter((path) => files(path.replace(/\/$/, "")).length === 0)
                .map((path) => `${guide}: ${path}`),
        );
        assert.deepEqual(missing, []);
    });

    it("name only commands that exist", () => {
        const { scripts } = JSON.parse(read("package.json")) as { scripts: object };
        const verbs = [...read("cli/main.ts").matchAll(/usage: "(\w+) /g)].map(([, verb]) => verb);
        const wrong = guides.flatMap((guide) => [
            ...[...read(guide).matchAll(/npm run ([\w:]+)/g)]
                .map(([, name = ""]) => name)
                .filter((name) => !(name in scripts)),
            ...[...read(guide).matchAll(/npx metalstream (\w+)/g)]
                .map(([, verb = ""]) => verb)
                .filter((verb) => !verbs.includes(verb)),
        ]);
        assert.deepEqual(wrong, []);
    });
});

describe("README.md", () => {
    it("has a stack file of ten lines that the program takes", () => {
        const [, text = ""] = /^```yaml\n([^]*?)^```/m.exec(read("README.md")) ?? [];
        assert.ok(text !== "" && text.trim().split("\n").length <= 10);
        const { config } = parse(text) as { config: Record<string, unknown> };
        const asPulumiHandsItOver = Object.entries(config).map(([key, value]) => [
            key,
            JSON.stringify(value),
        ]);
        const raw = rawConfig(Object.fromEntries(asPulumiHandsItOver) as Record<string, string>);
        assert.equal(parseConfig(raw, "README.md").hosts.length, 3);
    });
});

describe("docs/operations.md", () => {
    it("has each section that a message refers to", () => {
        const sources = files("host/*.sh", "{components,lib,cli,lab,offline,policy}/**/*.ts");
        const named = sources.flatMap((file) =>
            [...read(file).matchAll(/docs\/operations\.md, '([^']+)'/g)].map(([, name]) => name),
        );
        const sections = [...read("docs/operations.md").matchAll(/^## (.+)$/gm)];
        const titles = sections.map(([, title]) => title);
        assert.ok(named.length >= 6);
        assert.deepEqual(
            named.filter((name) => !titles.includes(name)),
            [],
        );
    });
});

/** The longest part of a message that does not change. */
function fixedPart(message: string, holes: RegExp): string {
    const parts = message
        .replaceAll('\\"', '"')
        .split(holes)
        .flatMap((part) => part.split("\\n"))
        .map((part) => part.replace(/^[^\p{L}/]+/u, "").trim());
    return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), "");
}

/** What the host program ends with: `die`, `refuse` and the failures of items. */
function hostMessages(): string[] {
    const holes = /\$\{[^}]*\}|\$\([^)]*\)?|\$\w+|\$\?/;
    return files("host/*.sh").flatMap((file) => {
        const text = read(file).replace(/\\\n\s*/g, " ");
        const forms = [
            /\b(?:die|refuse) +(?:"[^"]*"|\S+) +"((?:[^"\\]|\\.)*)"/g,
            /\bfailed "\$i" "((?:[^"\\]|\\.)*)"/g,
            /\bDISK_WHAT="((?:[^"\\]|\\.)+)"/g,
        ];
        return forms
            .flatMap((form) => [...text.matchAll(form)])
            .map(([, message = ""]) => fixedPart(message, holes))
            .filter((part) => part.length > 4 && !part.startsWith("$"));
    });
}

/** What commands and the program end with, apart from errors of programming. */
function errorMessages(): string[] {
    const sources = files(
        "{cli,lab,lib/facts,offline/seed}/*.ts",
        "lib/artifacts/{build,cache,catalogue,jobs,maven,verbs,zip}.ts",
        "offline/host/{install,node,program}.ts",
    );
    const form = /new (?:Ssh|Artifact|Run)?Error\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;
    return sources.flatMap((file) =>
        [...read(file).matchAll(form)]
            .map(([, plain, template]) =>
                fixedPart(plain ?? template ?? "", /\$\{(?:[^{}]|\{[^}]*\})*\}/),
            )
            .filter((part) => part.length > 5),
    );
}

describe("docs/troubleshooting.md", () => {
    // A text may be shortened there: it is looked for by its first 40 characters.
    const page = read("docs/troubleshooting.md");
    const absent = (texts: readonly string[]) =>
        texts.filter((text) => !page.includes(text.slice(0, 40).trim()));

    it("has every error text of the host program", () => {
        const texts = hostMessages();
        assert.ok(texts.length >= 40, `${texts.length}`);
        assert.deepEqual(absent(texts), []);
    });

    it("has every error text of the commands", () => {
        const texts = errorMessages();
        assert.ok(texts.length >= 35, `${texts.length}`);
        assert.deepEqual(absent(texts), []);
    });

    it("has every finding of the preflight", () => {
        const source = [...files("lib/facts/preflight/*.ts"), "lib/facts/disks.ts"]
            .map(read)
            .join("");
        const said = source.matchAll(
            /(?:what = |what: |(?:error|warning)\(\s*host,\s*)(?:`([^`]+)`|"([^"]+)")/g,
        );
        const texts = [...said].map(([, template, plain]) =>
            fixedPart(template ?? plain ?? "", /\$\{(?:[^{}]|\{[^}]*\})*\}/),
        );
        assert.ok(texts.length >= 22, `${texts.length}`);
        assert.deepEqual(absent(texts), []);
    });
});
