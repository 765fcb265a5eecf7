// SPDX-License-Identifier: Apache-2.0
/**
 * A sudo password and a private key of the configuration, through the real engine to a host and back: everything that is printed, kept or
 * visible on either side is searched for them. The host is this machine, whose `sudo` here is a script and whose host program a recorder.
 */
import assert from "node:assert/strict";
import {
    chmodSync,
    globSync,
    mkdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { hostProgram } from "../../lib/host-program.ts";
import { rawStack } from "../unit/stacks.ts";
import { Engine } from "./support/engine.ts";
import { keyPair, SshServer } from "./support/ssh-server.ts";

const project = join(import.meta.dirname, "..", "..");
const password = "correct horse'battery";
const passphrase = "open-sesame-4711";

/** Sees everything that the project has to do with the secrets: targets, questions, steps that succeed, fail and remove. */
const program = `
import { existsSync } from "node:fs";
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { gatherFacts } from "${project}/lib/facts/gather.ts";
import { hostCommand } from "${project}/lib/ops/command.ts";
import { runningStack } from "${project}/lib/stack.ts";
Error.prepareStackTrace = undefined;
const stack = await runningStack(pulumi.getStack(), pulumi.runtime.allConfig());
const [target] = stack.targets;
await pulumi.log.info(inspect(target, { depth: 9, showHidden: true }) + JSON.stringify(stack) + String(target));
const answers = await gatherFacts([{ target, payload: "metalstream 1\\nhost m1\\n" }], false);
await pulumi.log.info("answer " + JSON.stringify([...answers]));
const here = (name) => existsSync(name);
if (!here("removed")) hostCommand("step", target, { verb: "converge", payload: "line\\n", token: "t1", onDelete: "remove" }, {});
if (here("fail")) hostCommand("bad", target, { verb: "fail", payload: "line\\n" }, {});
`;

/** Asks for the password as sudo -S does, then runs what it is given, with the recorder in the place of the host program. */
const sudo = `#!/bin/bash
while [[ $1 == -* ]]; do [[ $1 == -p ]] && shift; shift; done
IFS= read -r line
[[ $line == "$(cat "$WORK/wanted")" ]] || { echo "sudo: 1 incorrect password attempt" >&2; exit 1; }
exec "\${@//\\/usr\\/local\\/lib\\/metalstream/$WORK}"
`;

/** Writes down the arguments and the environment of every process above it, and what it reads. */
const recorder = `#!/bin/bash
pid=$$
while ((pid > 1)) && [[ $pid != "$SERVER" ]]; do
    tr '\\0' ' ' <"/proc/$pid/cmdline"; echo
    tr '\\0' ' ' <"/proc/$pid/environ"; echo
    pid=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")
done >>"$WORK/seen"
printf '%s: [%s]\\n' "$1" "$(cat)" >>"$WORK/read"
echo "$1 is done"
[[ $1 != fail ]] || { echo "metalstream: m1: fail: because" >&2; exit 1; }
`;

describe("secrets of the configuration", function () {
    // Eight runs of the engine, on a machine that may have other things to do.
    this.timeout(480_000);
    let engine: Engine;
    let server: SshServer;
    let key: { private: string; public: string };
    let output = "";
    const work = () => join(engine.folder, "work");

    before(async () => {
        engine = await Engine.create();
        mkdirSync(work());
        for (const [name, text] of [
            ["sudo", sudo],
            [hostProgram().name, recorder],
        ] as const) {
            writeFileSync(join(work(), name), text);
            chmodSync(join(work(), name), 0o755);
        }
        writeFileSync(join(work(), "wanted"), password);
        key = keyPair(passphrase);
        server = await SshServer.start({
            address: "127.0.78.1",
            authorizedKey: key.public,
            environment: {
                PATH: `${work()}:${process.env["PATH"] ?? ""}`,
                WORK: work(),
                SERVER: String(process.pid),
            },
        });
        writeFileSync(join(engine.folder, "index.ts"), program);
        configure();
        for (const [name, value] of Object.entries({
            sudoPassword: password,
            // Without the line end the CLI would take it for an option.
            sshKey: `\n${key.private}`,
            sshKeyPassphrase: passphrase,
        }))
            await engine.succeeds("config", "set", "--secret", `metalstream:${name}`, value);
    });

    after(async () => {
        server.stop();
        await engine.remove();
    });

    function configure(): void {
        const lab = rawStack("lab") as { hosts: object[] };
        const hosts = lab.hosts.map((host, i): object => ({
            ...host,
            address: `127.0.78.${i + 1}`,
            port: server.port,
        }));
        const known = join(engine.folder, "known_hosts");
        const [type = "", blob = ""] = server.hostKey.split(" ");
        writeFileSync(
            known,
            hosts.map((_, i) => `[127.0.78.${i + 1}]:${server.port} ${type} ${blob}\n`).join(""),
        );
        const config: Record<string, unknown> = {
            ...lab,
            hosts,
            ssh: { user: "tester", knownHosts: known },
        };
        const file = join(engine.folder, "Pulumi.test.yaml");
        const before = parse(readFileSync(file, "utf8")) as object;
        const named = Object.entries(config).map(([name, value]): [string, unknown] => [
            `metalstream:${name}`,
            value,
        ]);
        writeFileSync(file, stringify({ ...before, config: Object.fromEntries(named) }));
    }

    async function pulumi(...args: string[]): Promise<string> {
        const run = await engine.run(...args);
        output += run.output;
        return run.output;
    }

    it("let questions, steps and removals through", async () => {
        assert.match(await pulumi("preview", "--diff"), /answer .*"kind":"facts"/);
        const up = await pulumi("up", "--yes", "--skip-preview", "--diff");
        assert.match(up, /converge is done/);
        assert.match(await pulumi("preview", "--expect-no-changes"), /unchanged/);
        writeFileSync(join(engine.folder, "fail"), "");
        assert.match(
            await pulumi("up", "--yes", "--skip-preview"),
            /metalstream: m1: fail: because/,
        );
        output += await engine.rawState();
        output += await pulumi("stack", "export");
        output += await pulumi("stack", "history");
        rmSync(join(engine.folder, "fail"));
        writeFileSync(join(engine.folder, "removed"), "");
        await pulumi("up", "--yes", "--skip-preview");
        assert.equal(
            readFileSync(join(work(), "read"), "utf8"),
            "converge: [line]\nfail: [line]\nremove: [line]\n",
        );
    });

    it("are said to be wrong by sudo, without being shown", async () => {
        writeFileSync(join(work(), "wanted"), "another");
        const said = await pulumi("preview");
        assert.match(said, /metalstream: sudo: .*: refused: sudo: 1 incorrect password attempt/);
        writeFileSync(join(work(), "wanted"), password);
    });

    it("are neither in what was printed, nor kept in clear, nor seen on the host", () => {
        const files = globSync("{state/.pulumi/**,Pulumi.test.yaml,work/seen,work/read}", {
            cwd: engine.folder,
        })
            .map((name) => join(engine.folder, name))
            .filter((name) => statSync(name).isFile());
        assert.ok(files.length > 5);
        const texts = [
            output,
            server.commands.join("\n"),
            ...files.map((name) => readFileSync(name, "latin1")),
        ];
        assert.ok(server.commands.length >= 5);
        assert.match(readFileSync(join(work(), "seen"), "utf8"), /converge limit=900/);
        const body = key.private.split("\n").filter((line) => line.length > 40);
        const secrets = [password, "correct horse", passphrase, ...body];
        for (const secret of secrets) {
            const at = texts.findIndex((text) => text.includes(secret));
            assert.equal(at, -1, `part ${at} has ${secret.slice(0, 4)}…`);
        }
    });
});
