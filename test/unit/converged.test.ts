// SPDX-License-Identifier: Apache-2.0
/** A host that ends a converge with 0 and did not do it: nothing that builds on it is declared. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Fleet } from "../../components/fleet.ts";
import { manifestDigest } from "../../lib/facts/token.ts";
import { parseKnownHosts } from "../../lib/known-hosts.ts";
import { convergeFinding } from "../../lib/ops/converged.ts";
import { targets } from "../../lib/target.ts";
import { says } from "./answers.ts";
import { loadStack } from "./stacks.ts";

const manifest = "metalstream 1\nhost m1\n";
const done = `converged ${manifestDigest(manifest).slice(0, 12)}: 3 changed, 0 unchanged`;

describe("the end of a converge", () => {
    const rows: [string, string | undefined, boolean][] = [
        ["the last line of a run", `changed file /etc/x: content\n${done}`, true],
        ["the same with its line end", `${done}\n`, true],
        ["nothing", "", false],
        ["no output at all", undefined, false],
        ["a shell's greeting", "Welcome to m1!", false],
        ["another manifest's line", "converged 0123456789ab: 3 changed, 0 unchanged", false],
        ["the line, and something behind it", `${done}\nKilled`, false],
        ["items, without an end", "changed file /etc/x: content", false],
    ];
    for (const [name, stdout, good] of rows) {
        it(`${good ? "takes" : "does not take"} ${name}`, () => {
            assert.equal(convergeFinding("m1", manifest, stdout) === undefined, good);
        });
    }

    it("says which host, what it said, and where to look", () => {
        assert.match(
            convergeFinding("m1", manifest, "Welcome to m1!") ?? "",
            /^metalstream: m1: converge: the command ended well, yet .* \(its last line: 'Welcome to m1!'\); look at /,
        );
    });

    /** Declares a converge of m1 whose host says `stdout`, and a roll behind it; gives what the engine was asked for. */
    async function declare(stdout: string): Promise<{ asked: string[]; error: string }> {
        const asked: string[] = [];
        await pulumi.runtime.setMocks({
            newResource: ({ name, inputs }) => {
                asked.push(name);
                return { id: name, state: { ...(inputs as object), stdout } };
            },
            call: () => ({}),
        });
        const config = loadStack("lab");
        const keys = config.hosts.map(({ address }) => `${address} ssh-ed25519 AAAA\n`).join("");
        const [host] = config.hosts;
        assert.ok(host);
        const answers = new Map([[host.name, { kind: "facts", facts: says() } as const]]);
        const fleet = new Fleet(
            config,
            targets(config, parseKnownHosts(keys)),
            answers,
            [],
            new Date(),
        );
        const converged = fleet.converge(host, manifest, {});
        const unit = { name: "zookeeper", text: "", digest: "0123456789ab" };
        const error = await new Promise<string>((resolve) => {
            process.once("unhandledRejection", (reason) => {
                resolve(String(reason));
            });
            const roll = fleet.roll("roll", host, [unit], {}, { dependsOn: [converged] });
            roll.urn.apply(() => {
                resolve("");
            });
        });
        await pulumi.runtime.disconnect().catch(() => undefined);
        return { asked, error };
    }

    it("lets a roll follow that waited for it", async () => {
        const { asked, error } = await declare(done);
        assert.equal(error, "");
        assert.deepEqual(asked, ["converge-m1", "roll"]);
    });

    it("fails the run before a roll is declared when the host lies", async () => {
        const { asked, error } = await declare("");
        assert.match(error, /did not say that manifest .* is applied/);
        assert.deepEqual(asked, ["converge-m1"]);
    });
});
