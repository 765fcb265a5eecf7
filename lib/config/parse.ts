// SPDX-License-Identifier: Apache-2.0
/** Raw stack configuration -> validated configuration, or every finding at once. */
import type * as z from "zod";
import { ConfigError, didYouMean, type Diagnostic } from "./diagnostics.ts";
import { checkRules } from "./rules.ts";
import { schema, type Config } from "./schema.ts";

/** `["hosts", 2, "rack"]` -> `hosts[2].rack`. */
function dotted(path: readonly PropertyKey[]): string {
    return path.reduce<string>((text, key) => {
        if (typeof key === "number") return `${text}[${key}]`;
        return text === "" ? String(key) : `${text}.${String(key)}`;
    }, "");
}

/** The value that `path` names in `raw`. */
function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
    return path.reduce<unknown>(
        (value, key) =>
            typeof value === "object" && value !== null
                ? (value as Record<PropertyKey, unknown>)[key]
                : undefined,
        raw,
    );
}

/** The keys that the schema knows at `path`; none where it is not an object. */
function knownKeys(path: readonly PropertyKey[]): string[] {
    let at: unknown = schema;
    for (const key of [...path, undefined]) {
        at = unwrap(at);
        if (key === undefined) break;
        const definition = at as { shape?: Record<PropertyKey, unknown>; element?: unknown };
        at = typeof key === "number" ? definition.element : definition.shape?.[key];
    }
    const shape = (at as { shape?: object } | undefined)?.shape;
    return shape === undefined ? [] : Object.keys(shape);
}

/** A schema without its default, optional or prefault wrappers. */
function unwrap(at: unknown): unknown {
    let inner = at as { def?: { innerType?: unknown } } | undefined;
    while (inner?.def?.innerType !== undefined) inner = inner.def.innerType as typeof inner;
    return inner;
}

function describeIssue(issue: z.core.$ZodIssue, raw: unknown): Diagnostic[] {
    if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => {
            const near = didYouMean(key, knownKeys(issue.path));
            return {
                path: dotted([...issue.path, key]),
                what: "unknown key",
                fix:
                    near === undefined
                        ? "remove it (docs/configuration.md lists all keys)"
                        : `did you mean ${near}?`,
            };
        });
    }
    const found = valueAt(raw, issue.path);
    const path = issue.path.length === 0 ? "config" : dotted(issue.path);
    // What was received is shown as it stands in the file; zod only names its type.
    const expected = issue.message.replace(/^Invalid input: /, "").replace(/, received \w+$/, "");
    if (found === undefined) {
        return [{ path, what: `missing: ${expected}`, fix: "set it in the stack file" }];
    }
    return [{ path, what: `found ${shown(found)}: ${expected}`, fix: correction(issue, found) }];
}

/** A value as JSON, cut where it would fill the screen. */
function shown(value: unknown): string {
    const text = JSON.stringify(value);
    return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function correction(issue: z.core.$ZodIssue, found: unknown): string {
    if (issue.code === "invalid_value" && typeof found === "string") {
        const near = didYouMean(found, issue.values.map(String));
        if (near !== undefined) return `did you mean ${near}?`;
    }
    return "correct it in the stack file";
}

/**
 * Validates a stack's raw configuration and fills in defaults.
 * @param raw what the stack file says, by top-level key.
 * @param source named in the error, such as `stacks/Pulumi.lab.yaml`.
 * @throws ConfigError with every finding of the schema; where that is clean, of the rules.
 */
export function parseConfig(raw: unknown, source: string): Config {
    const result = schema.safeParse(raw);
    if (!result.success) {
        throw new ConfigError(
            source,
            result.error.issues.flatMap((issue) => describeIssue(issue, raw)),
        );
    }
    const findings = checkRules(result.data);
    if (findings.length > 0) throw new ConfigError(source, findings);
    return result.data;
}
