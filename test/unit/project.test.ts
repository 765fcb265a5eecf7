// SPDX-License-Identifier: Apache-2.0
/** Pulumi.yaml against the schema: what it declares, Pulumi itself demands before our program is asked. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { schema, topLevelKeys } from "../../lib/config/schema.ts";
import { parseKnownHosts } from "../../lib/known-hosts.ts";
import { rawConfig } from "../../lib/stack.ts";
import { loadStack, rawStack, stackNames } from "./stacks.ts";

interface Declaration {
    readonly type: string;
    readonly default?: unknown;
}

const root = new URL("../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), "utf8");
const declared = Object.entries(
    (parse(read("Pulumi.yaml")) as { config?: Record<string, Declaration> }).config ?? {},
).map(([key, declaration]) => ({ key: key.replace(/^metalstream:/, ""), declaration }));

describe("Pulumi.yaml", () => {
    it("declares only keys of the schema", () => {
        const known = new Set<string>(topLevelKeys);
        assert.deepEqual(
            declared.filter(({ key }) => !known.has(key)),
            [],
        );
    });

    it("declares without a default only what the schema requires", () => {
        const optional = declared.filter(
            ({ key, declaration }) =>
                declaration.default === undefined &&
                schema.shape[key as keyof typeof schema.shape].safeParse(undefined).success,
        );
        assert.deepEqual(optional, []);
    });

    it("declares the types that the stacks have", () => {
        for (const stack of stackNames) {
            const raw = rawStack(stack);
            for (const { key, declaration } of declared) {
                const type = Array.isArray(raw[key]) ? "array" : typeof raw[key];
                assert.equal(type, declaration.type, `${stack}: ${key}`);
            }
        }
    });
});

describe("what node loads before the program", () => {
    it("is there, and lets it keep what it compiled", () => {
        const { runtime } = parse(read("Pulumi.yaml")) as {
            runtime: { options: { nodeargs: string } };
        };
        const show = "console.log(require('node:module').getCompileCacheDir())";
        const args = [...runtime.options.nodeargs.split(" "), "-e", show];
        const { status, stdout } = spawnSync("node", args, { cwd: root, encoding: "utf8" });
        assert.equal(status, 0);
        assert.match(stdout, /\/node_modules\/\.cache\/compiled\//);
    });
});

describe("stack files", () => {
    it("mean the same as Pulumi hands them over: a text a key", () => {
        for (const stack of stackNames) {
            const raw = rawStack(stack);
            const handed = Object.entries(raw).map(([key, value]) => [
                `metalstream:${key}`,
                typeof value === "string" ? value : JSON.stringify(value),
            ]);
            assert.deepEqual(rawConfig(Object.fromEntries(handed) as Record<string, string>), raw);
        }
    });

    for (const stack of ["dev", "staging", "prod"] as const) {
        it(`pin a key for each host and bastion of ${stack}, each another`, () => {
            const { hosts, ssh } = loadStack(stack);
            const known = parseKnownHosts(read(ssh.knownHosts));
            const addresses = [
                ...hosts.map(({ address }) => address),
                ...bastion(ssh.bastion?.address),
            ];
            const keys = addresses.map((address) => known.get(address));
            assert.ok(keys.every((key) => key?.startsWith("ssh-ed25519 ")));
            assert.equal(new Set(keys).size, addresses.length);
        });
    }

    it("describe racks: three in staging and prod, one in dev", () => {
        const racks = (stack: (typeof stackNames)[number]) =>
            new Set(loadStack(stack).hosts.map(({ rack }) => rack)).size;
        assert.deepEqual(stackNames.map(racks), [3, 1, 3, 3]);
    });
});

function bastion(address: string | undefined): string[] {
    return address === undefined ? [] : [address];
}
