// SPDX-License-Identifier: Apache-2.0
/** The comparison with Ansible and pyinfra: that all three are given the same work, and that work not done is seen. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Measured } from "../../bench/hosts/compare.ts";
import { renderFiles } from "../../bench/hosts/files.ts";
import { inventory } from "../../bench/hosts/inventory.ts";
import { changing, items, type Items } from "../../bench/hosts/items.ts";
import { deviations, parseLook, touched, wantedState } from "../../bench/hosts/look.ts";
import { hostManifest } from "../../bench/hosts/manifest.ts";
import { hostsRows, unequalVersions } from "../../bench/hosts/rows.ts";

const hosts = [
    { name: "m1", address: "10.77.0.11" },
    { name: "w1", address: "10.77.0.14" },
    { name: "w2", address: "10.77.0.15" },
] as const;
const [host] = hosts;
const set = items(60);
const others = join(import.meta.dirname, "..", "..", "bench", "hosts", "others");

/** What a host in the wanted state says of itself. */
function perfect(of: Items): string {
    const state = wantedState(of, host, hosts).map((line) => `state ${line}`);
    const versions = of.packages.map((name) => `version ${name} 1.0 installed`);
    const traces = [`trace ${changing.path} 7 today`, `trace ${changing.unit} started 5 100`];
    return [...state, ...traces, ...versions, ""].join("\n");
}

describe("items of the comparison", () => {
    it("are as many as the comparison promises", () => {
        const { unit, ...files } = set.files;
        assert.ok(Object.values(files).flat().length >= 30);
        assert.ok(set.packages.length >= 5 && unit.length >= 5 && set.sysctls.length >= 10);
    });

    it("are all in the manifest of a host, each once", () => {
        const text = hostManifest(set, host, hosts);
        const count = (kind: string) => text.match(new RegExp(`^${kind} `, "gm"))?.length;
        assert.equal(count("file"), Object.values(set.files).flat().length);
        assert.equal(count("package"), set.packages.length);
        assert.equal(count("sysctl"), set.sysctls.length);
        assert.equal(count("service"), set.units.length);
        assert.match(
            text,
            /^service agent-metrics restart-on=\/etc\/agents\/metrics\.properties,\/etc\/systemd\/system\/agent-metrics\.service$/m,
        );
    });

    it("change in one file when one file is to change", () => {
        const before = renderFiles(set, host, hosts);
        const after = renderFiles(items(61), host, hosts);
        const changed = after.filter(({ text }, i) => text !== before[i]?.text);
        assert.deepEqual(
            changed.map(({ path }) => path),
            [changing.path],
        );
    });

    it("are the variables of the others, word by word", () => {
        const { agents } = JSON.parse(inventory(hosts, set)) as {
            agents: { hosts: Record<string, unknown>; vars: Record<string, unknown> };
        };
        assert.deepEqual(agents.hosts["w1"], { address: "10.77.0.14" });
        assert.deepEqual(agents.vars, { ...set, peers: hosts });
    });
});

describe("the playbook", () => {
    interface Task {
        readonly name: string;
        readonly loop?: string;
        readonly notify?: string | readonly string[];
        readonly "ansible.builtin.template"?: { readonly src: string };
    }
    const text = readFileSync(join(others, "site.yml"), "utf8");
    const [play] = parse(text, { merge: true }) as [
        { tasks: readonly Task[]; handlers: readonly Task[] },
    ];

    it("has one template task for each kind of file", () => {
        const sources = play.tasks.flatMap((task) => task["ansible.builtin.template"]?.src ?? []);
        const kinds = [...Object.keys(set.files), "sysctl"];
        assert.deepEqual(sources.sort(), kinds.map((kind) => `${kind}.j2`).sort());
    });

    it("has a handler for everything that is notified", () => {
        const handlers = new Set(play.handlers.map(({ name }) => name));
        const wanted = play.tasks.flatMap(({ notify }) => notify ?? []);
        assert.ok(wanted.length > 0);
        assert.deepEqual(
            wanted.filter((name) => !handlers.has(name)),
            [],
        );
    });
});

describe("a look at a host", () => {
    const wanted = wantedState(set, host, hosts);
    const spoiled = (from: RegExp, to: string) =>
        deviations(parseLook(perfect(set).replace(from, to)), wanted, set);

    it("finds nothing on a host in the wanted state", () => {
        assert.deepEqual(deviations(parseLook(perfect(set)), wanted, set), []);
    });

    it("finds content, mode, owner, units, kernel settings and packages that differ", () => {
        assert.equal(spoiled(/[0-9a-f]{64}/, "0".repeat(64)).length, 2);
        assert.equal(spoiled(/ 640 /, " 644 ").length, 2);
        assert.equal(spoiled(/root:agents/, "root:root").length, 2);
        assert.equal(spoiled(/enabled active/, "enabled inactive").length, 2);
        assert.equal(spoiled(/^state sysctl .*\n/m, "").length, 1);
        assert.deepEqual(spoiled(/^version tree .*$/m, "version tree 1.0 config-files"), [
            "lacks: package tree",
        ]);
    });

    it("takes silence for nothing done at all", () => {
        const lacking = deviations(parseLook(""), wanted, set);
        assert.equal(lacking.length, wanted.length + set.packages.length);
    });

    it("sees what was written again and what was restarted", () => {
        const before = parseLook(perfect(set));
        const after = parseLook(perfect(set).replace("started 5 100", "started 9 101"));
        assert.deepEqual(touched(before, before), []);
        assert.deepEqual(touched(before, after), [changing.unit]);
        const written = parseLook(perfect(set).replace("7 today", "8 today"));
        assert.deepEqual(touched(before, written), [changing.path]);
    });
});

describe("figures of the comparison", () => {
    const measured = (tool: string, nothing: number, change: number): Measured => ({
        ...{ tool, scratch: 60, nothing: [nothing], change: [change] },
        versions: ["tree 2.1.0 installed"],
    });
    const own: Measured = {
        ...measured("metalstream", 4, 5),
        preview: { nothing: [3], change: [3] },
    };
    const verdicts = (all: readonly Measured[]) =>
        hostsRows(all).flatMap(({ what, reached }) =>
            reached === undefined ? [] : [what, reached],
        );

    it("are divided by this project's, and held against the aims", () => {
        assert.deepEqual(verdicts([own, measured("Ansible", 80, 49), measured("pyinfra", 4, 4)]), [
            "up against Ansible, nothing to change",
            true,
            "preview against Ansible, nothing to change",
            true,
            "up against Ansible, one file changed",
            false,
            "up against pyinfra, nothing to change",
            true,
        ]);
    });

    it("give no ratio to a tool that failed", () => {
        assert.deepEqual(verdicts([own]), []);
        assert.deepEqual(verdicts([measured("Ansible", 80, 49)]), []);
    });

    it("are not comparable when the packages are not the same", () => {
        const other = { ...measured("Ansible", 80, 49), versions: ["tree 2.2.0 installed"] };
        assert.deepEqual(unequalVersions([own, own]), []);
        assert.equal(unequalVersions([own, other]).length, 2);
    });
});
