// SPDX-License-Identifier: Apache-2.0
/** docs/configuration.md, made from the schema and the rules. Pure; test/unit/docs.test.ts compares it with the file. */
import * as z from "zod";
import { ruleTexts } from "./rules.ts";
import { schema } from "./schema.ts";
import { secretKeys } from "./secrets.ts";

/** The part of JSON Schema that our keys use. */
interface Node {
    readonly type?: string;
    readonly description?: string;
    readonly default?: unknown;
    readonly enum?: readonly string[];
    readonly minimum?: number;
    readonly maximum?: number;
    readonly exclusiveMinimum?: number;
    readonly format?: string;
    readonly anyOf?: readonly Node[];
    readonly items?: Node;
    readonly properties?: Readonly<Record<string, Node>>;
    readonly additionalProperties?: boolean | Node;
    readonly required?: readonly string[];
}

const code = (text: string) => `\`${text}\``;

/** Bounds of a number as a reader says them; JSON Schema's largest integer is no bound. */
function bounds({ minimum, maximum, exclusiveMinimum }: Node): string {
    const least = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1);
    const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
    if (least !== undefined && most !== undefined) return ` ${least}-${most}`;
    return least === undefined ? "" : ` ≥ ${least}`;
}

/** What a map's values are, where they have keys of their own. */
function mapped({ additionalProperties: values }: Node): Node | undefined {
    return typeof values === "object" && values.properties !== undefined ? values : undefined;
}

function typeOf(node: Node): string {
    if (node.enum !== undefined)
        return node.enum.length > 4 ? "name" : node.enum.map(code).join(" ");
    if (node.anyOf !== undefined) return node.anyOf.map(typeOf).join(" or ");
    if (node.type === "array") return `list of ${typeOf(node.items ?? {})}`;
    if (node.type === "object")
        return node.properties !== undefined
            ? "keys below"
            : `map of ${mapped(node) === undefined ? "texts" : "keys below"}`;
    if (node.type === "string")
        return { ipv4: "IPv4", ipv6: "IPv6", uri: "URL" }[node.format ?? ""] ?? "text";
    return `${node.type ?? "anything"}${bounds(node)}`;
}

function defaultOf(node: Node, required: boolean): string {
    if (required) return "required";
    const value = node.default;
    const empty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    return value === undefined || empty
        ? ""
        : code(typeof value === "string" ? value : JSON.stringify(value));
}

/** Rows of an object's keys, nested keys after their parent with its path. */
function rows(node: Node, prefix: string): string[] {
    return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
        const path = prefix === "" ? key : `${prefix}.${key}`;
        const required = node.required?.includes(key) ?? false;
        const cells = [
            code(path),
            typeOf(child),
            defaultOf(child, required),
            child.description ?? "",
        ];
        const row = `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
        const values = mapped(child);
        if (values !== undefined) return [row, ...rows(values, `${path}.<key>`)];
        return child.type === "array"
            ? [row, ...rows(child.items ?? {}, `${path}[]`)]
            : [row, ...rows(child, path)];
    });
}

function section(key: string, node: Node, required: boolean): string {
    const list = node.type === "array";
    const table = rows(list ? (node.items ?? {}) : node, "");
    const body =
        table.length === 0
            ? [
                  `${typeOf(node)}${node.default === undefined ? "" : `, default ${defaultOf(node, false)}`}`,
              ]
            : ["| key | type | default | what |", "|---|---|---|---|", ...table];
    const note = `${list ? " A list; each item has the keys below." : ""}${required ? " Required." : ""}`;
    return [`## ${key}`, "", `${node.description ?? ""}.${note}`, "", ...body, ""].join("\n");
}

const introduction = `# Configuration

<!-- Made from lib/config/schema.ts and rules.ts: edit those, then UPDATE_GOLDEN=1 npm run test:unit -->

A stack file, \`stacks/Pulumi.<stack>.yaml\`, is data only. Its keys stand under \`config:\` with the prefix \`metalstream:\`, for example
\`metalstream:hosts\`. \`stacks/Pulumi.lab.yaml\` is the shortest whole example, \`stacks/Pulumi.prod.yaml\` describes the reference hardware.
Memory is in MiB, time in milliseconds unless a key says otherwise. A default that is empty follows from the hardware or from the key that
the description names.

Everything is checked before a host is touched. All findings are reported at once, each with the path of the key, what was found, and
what to do; a key that is not listed here is an error, with the key that was probably meant.
`;

/** The text of docs/configuration.md. */
export function configurationDocs(): string {
    const root = z.toJSONSchema(schema, { io: "input" }) as Node;
    const sections = Object.entries(root.properties ?? {}).map(([key, node]) =>
        section(key, node, root.required?.includes(key) ?? false),
    );
    const rules = [
        "## Rules",
        "",
        "Beyond types, a stack must keep these rules:",
        "",
        ...ruleTexts.map((text) => `- ${text}`),
        "",
    ];
    const secrets = [
        "## Secrets",
        "",
        "All optional. Encrypted in the stack file, and refused in clear text: `npx pulumi config set --secret metalstream:sudoPassword`.",
        "",
        "| key | what |",
        "|---|---|",
        ...Object.entries(secretKeys).map(([key, what]) => `| ${code(key)} | ${what} |`),
        "",
    ];
    return [introduction, ...sections, secrets.join("\n"), rules.join("\n")].join("\n");
}
