// SPDX-License-Identifier: Apache-2.0
/** The model of a host against the host program itself, in a sandbox: the same manifests, the same damages, the same words. */
import assert from "node:assert/strict";
import { Cluster } from "../../sim/cluster.ts";
import { Exit } from "../../sim/exit.ts";
import { hardware } from "../../sim/fleet.ts";
import { ModelHost } from "../../sim/host.ts";
import { parseCommand } from "../../sim/shell.ts";
import { inBox, manifestOf, requireBox } from "../host/box.ts";
import { loadStack, plan } from "../unit/stacks.ts";

const access = "owner=root group=root";
const one = manifestOf(
    "group ms-a",
    "user ms-u group=ms-a home=/srv/u",
    "user ms-v group=ms-a home=/srv/v",
    "directory /srv/t/d owner=ms-u group=ms-a mode=0750",
    `file /etc/ms-t/a ${access} mode=0640`,
    "| one",
    "|",
    "|   two",
    `file /etc/ms-t/b ${access} mode=0644`,
    "| b",
    `secret /etc/ms-t/key ${access} mode=0600`,
    "| hush",
    "link /usr/local/bin/ms-t /opt/x",
);
/** A file of `one` is gone, another has other content, a link points elsewhere. */
const two = manifestOf(
    "group ms-a",
    "user ms-u group=ms-a home=/srv/u",
    "directory /srv/t/d owner=ms-u group=ms-a mode=0750",
    `file /etc/ms-t/a ${access} mode=0600`,
    "| other",
    `secret /etc/ms-t/key ${access} mode=0600`,
    "| hush",
    "link /usr/local/bin/ms-t /opt/y",
);

/** Damage done to the box, and the same done to the model. */
const damages: readonly (readonly [shell: string, item: string])[] = [
    ["echo edited >>/etc/ms-t/a", "file /etc/ms-t/a content"],
    ["chmod 0666 /etc/ms-t/a", "file /etc/ms-t/a mode"],
    ["chown nobody /etc/ms-t/a", "file /etc/ms-t/a owner"],
    ["rm /etc/ms-t/a", "file /etc/ms-t/a missing"],
    ["echo edited >>/etc/ms-t/key", "secret /etc/ms-t/key content"],
    ["chmod 0666 /srv/t/d", "directory /srv/t/d mode"],
    ["rmdir /srv/t/d", "directory /srv/t/d missing"],
    ["ln -sfn /elsewhere /usr/local/bin/ms-t", "link /usr/local/bin/ms-t target"],
    ["usermod -d /elsewhere ms-u", "user ms-u home"],
    ["userdel ms-v", "user ms-v missing"],
];

const newHost = () =>
    new ModelHost({ name: "box", rack: "r1" }, hardware, new Cluster(), {
        look: 0,
        change: 0,
        gate: 0,
    });

async function run(host: ModelHost, verb: string, payload: string, token = ""): Promise<string[]> {
    const lines: string[] = [];
    const call = { verb, args: [], options: token === "" ? {} : { token }, payload };
    await host.run(call, (line) => lines.push(line));
    return lines;
}

const only = (lines: readonly string[], pattern: RegExp) =>
    lines.filter((line) => pattern.test(line)).sort();

describe("model host against the host program", function () {
    this.timeout(180_000);
    before(function () {
        requireBox(this);
    });

    it("converges, checks and removes with the same lines", async () => {
        const { out } = inBox(
            `for step in 'one T1' 'one T2' 'two T3'; do set -- $step
                 ms check <$1; ms converge token=$2 <$1; ms check <$1; echo =====; done; ms remove; ms check <two`,
            { one, two },
        );
        const host = newHost();
        const parts: string[] = [];
        for (const [manifest, token] of [
            [one, "T1"],
            [one, "T2"],
            [two, "T3"],
        ] as const) {
            const lines = [
                ...(await run(host, "check", manifest)),
                ...(await run(host, "converge", manifest, token)),
                ...(await run(host, "check", manifest)),
            ];
            parts.push(lines.join("\n"));
        }
        const removal = [...(await run(host, "remove", "")), ...(await run(host, "check", two))];
        parts.push(removal.join("\n"));
        const same = /^(changed|converged|removed|drift|diff|\||token|manifest|wanted) /;
        const real = out.split("=====\n");
        assert.equal(real.length, parts.length);
        for (const [i, part] of parts.entries()) {
            assert.deepEqual(
                only(part.split("\n"), same),
                only(real[i]?.split("\n") ?? [], same),
                `step ${i}`,
            );
        }
    });

    it("names drift of each kind alike", async () => {
        const script = damages.map(
            ([shell]) =>
                `{ ${shell}; } >/dev/null 2>&1; ms check <one | grep ^drift; ms converge <one >/dev/null; echo =====`,
        );
        const { out } = inBox(`ms converge <one >/dev/null\n${script.join("\n")}`, { one });
        const real = out.split("=====\n");
        const host = newHost();
        await run(host, "converge", one);
        for (const [i, [, item]] of damages.entries()) {
            host.damage(item);
            const drift = only(await run(host, "check", one), /^drift/);
            assert.deepEqual(drift, only(real[i]?.split("\n") ?? [], /^drift/), item);
            await run(host, "converge", one);
        }
    });

    it("gives manifests and units of every kind of host the same digests", async () => {
        const config = loadStack("prod");
        const hosts = config.hosts.filter(({ name }) => ["m1", "m3", "w1"].includes(name));
        const payloads = hosts.map((host) => {
            const { manifest, questions } = plan(config, host);
            return manifest + questions;
        });
        const files = Object.fromEntries(payloads.map((text, i) => [`m${i}`, text]));
        const { out } = inBox(
            payloads.map((_, i) => `ms check <m${i}; echo =====`).join("\n"),
            files,
        );
        const real = out.split("=====\n");
        const digests = (lines: readonly string[]) =>
            lines.flatMap(
                (line) => /^wanted \S+|^unit \S+(?= )| wanted=\S+/g[Symbol.match](line) ?? [],
            );
        for (const [i, payload] of payloads.entries()) {
            const model = digests(await run(newHost(), "check", payload));
            assert.ok(model.length > 3);
            assert.deepEqual(model, digests(real[i]?.split("\n") ?? []));
        }
    });

    it("refuses a manifest that is none with the same exit code, and touches nothing", async () => {
        const bad = "metalstream 1\nhost box\nnonsense without a line\n x\n";
        const host = newHost();
        await assert.rejects(run(host, "converge", bad), (error: unknown) => {
            assert.ok(error instanceof Exit);
            assert.equal(error.code, inBox("ms converge <bad", { bad }).code);
            return true;
        });
        assert.equal(host.state.stamps.size + host.state.items.size, 0);
    });
});

describe("shell of a model host", () => {
    const program = "host-0123456789ab";
    const path = `/usr/local/lib/metalstream/${program}`;
    const cases: readonly [
        command: string,
        verb: string | undefined,
        bytes: number,
        keep: boolean,
    ][] = [
        [
            `sudo -n /bin/bash -c 'exec /bin/bash <(head -c 90) check program=${program}'`,
            "check",
            90,
            false,
        ],
        [
            `sudo -n /bin/bash -c 'mkdir -p /x && head -c 90 >${path}.$$ && mv ${path}.$$ ${path} && exec ${path} check'`,
            "check",
            90,
            true,
        ],
        [
            `sudo -n /bin/bash -c 's=$(sha256sum <${path}); [[ -x ${path} ]] || exit 96; exec ${path} check'`,
            "check",
            0,
            false,
        ],
        [`sudo -n ${path} roll zookeeper limit=5 wait=5 token=T`, "roll", 0, false],
        ["rm -rf /", undefined, 0, false],
    ];
    for (const [command, verb, bytes, keep] of cases) {
        it(`understands ${command.slice(0, 60)}`, () => {
            const parsed = parseCommand(command);
            assert.equal(parsed?.call.verb, verb);
            if (parsed === undefined) return;
            assert.equal(parsed.program, program);
            assert.deepEqual(parsed.carried, { bytes, keep });
        });
    }
});
