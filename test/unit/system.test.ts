// SPDX-License-Identifier: Apache-2.0
/** A platform team's own items: where they go, and what is refused. */
import assert from "node:assert/strict";
import { hostsFile } from "../../components/host/config.ts";
import { planHosts } from "../../components/sections.ts";
import { ConfigError } from "../../lib/config/diagnostics.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import type { Config } from "../../lib/config/schema.ts";
import { fakeArtifacts, rawStack } from "./stacks.ts";

const withSystem = (system: object): Config => parseConfig({ ...rawStack("lab"), system }, "lab");

/** The manifests of the lab with these keys, by host. */
function manifests(system: object): Map<string, string> {
    const config = withSystem(system);
    const plans = planHosts(
        config,
        config.hosts.map((host) => ({ config: host })),
        fakeArtifacts,
    );
    return new Map(plans.map(({ host, manifest }) => [host.name, manifest]));
}

function findings(system: object): string {
    try {
        manifests(system);
    } catch (error) {
        assert.ok(error instanceof ConfigError);
        return error.diagnostics.map(({ path, what }) => `${path}: ${what}`).join("\n");
    }
    return "";
}

const motd = { path: "/etc/motd", content: "hello\n" };

describe("system: items of a platform team", () => {
    it("go to all hosts, or to those with a name or a role", () => {
        const texts = manifests({
            files: [motd],
            packages: [{ name: "htop", on: ["kafka-broker"] }],
            directories: [{ path: "/srv/x", on: ["m1"] }],
        });
        const having = (line: string) =>
            [...texts].filter(([, text]) => text.includes(line)).map(([name]) => name);
        assert.equal(
            having("file /etc/motd owner=root group=root mode=0644\n| hello\n").length,
            texts.size,
        );
        assert.deepEqual(having("package htop\n"), ["w1", "w2", "w3"]);
        assert.deepEqual(having("directory /srv/x owner=root group=root mode=0755\n"), ["m1"]);
    });

    it("pin a package of the platform instead of naming it twice", () => {
        const name = "openjdk-17-jre-headless";
        const [text = ""] = manifests({ packages: [{ name, version: "17.0.1+1-1" }] }).values();
        assert.deepEqual(text.match(/^package openjdk.*$/gm), [
            `package ${name} version=17.0.1+1-1`,
        ]);
    });

    it("override kernel settings of the platform one by one", () => {
        const [text = ""] = manifests({
            sysctl: { "vm.swappiness": 10, "net.core.somaxconn": 4096 },
        }).values();
        assert.deepEqual(text.match(/^sysctl .*$/gm), [
            "sysctl net.core.somaxconn 4096",
            "sysctl vm.max_map_count 262144",
            "sysctl vm.swappiness 10",
        ]);
    });

    it("install chrony only where time servers are named, and only on hosts whose clock it is", () => {
        const [without = ""] = manifests({}).values();
        assert.doesNotMatch(without, /chrony/);
        const [text = ""] = manifests({ timeServers: ["10.0.0.1", "10.0.0.2"] }).values();
        assert.match(text, /^package chrony when=clock$/m);
        assert.match(
            text,
            /^file \/etc\/chrony\/chrony.conf .* when=clock\n\| server 10.0.0.1 iburst\n\| server 10.0.0.2 iburst$/m,
        );
        assert.match(text, /^service chrony restart-on=\/etc\/chrony\/chrony.conf when=clock$/m);
    });

    it("restart a service for a file and for a drop-in", () => {
        const [text = ""] = manifests({
            files: [motd],
            dropIns: [{ unit: "ssh.service", name: "limits", content: "[Service]\nNice=1\n" }],
            services: [{ name: "ssh", restartOn: ["/etc/motd", "ssh.service/limits"] }],
        }).values();
        assert.match(text, /^dropin ssh.service.d\/limits.conf\n\| \[Service\]\n\| Nice=1$/m);
        assert.match(
            text,
            /^service ssh restart-on=\/etc\/motd,\/etc\/systemd\/system\/ssh.service.d\/limits.conf$/m,
        );
    });

    it("make a timer of two units", () => {
        const [text = ""] = manifests({
            timers: [{ name: "scrub", schedule: "daily", command: "/usr/bin/true" }],
        }).values();
        assert.match(
            text,
            /^timer scrub\n> scrub.timer\n(\|.*\n)*\| OnCalendar=daily\n(\|.*\n)*> scrub.service\n(\|.*\n)*\| ExecStart=\/usr\/bin\/true$/m,
        );
    });

    it("add names behind the members', which never have a loopback address", () => {
        const config = withSystem({ names: { mirror: "10.9.9.9" } });
        const lines = hostsFile(config).trim().split("\n");
        assert.equal(lines.at(-1), "10.9.9.9 mirror");
        assert.doesNotMatch(hostsFile(config), /127\.0\.1\.1/);
    });

    const refused: [string, object, RegExp][] = [
        [
            "a host that is not there",
            { files: [{ ...motd, on: ["m9"] }] },
            /system\.files\[0\]\.on: m9 is neither/,
        ],
        [
            "a path twice on a host",
            { files: [motd, motd] },
            /system\.files\[1\]: \/etc\/motd is also system\.files\[0\]/,
        ],
        [
            "a file that is a directory, too",
            { files: [motd], directories: [{ path: "/etc/motd" }] },
            /is also system\.directories\[0\]/,
        ],
        [
            "the platform's configuration",
            { files: [{ ...motd, path: "/etc/metalstream/x" }] },
            /lies in \/etc\/metalstream/,
        ],
        [
            "a data disk",
            { directories: [{ path: "/data/1/x" }] },
            /lies in \/data\/1, which the platform manages/,
        ],
        [
            "/etc/hosts",
            { files: [{ ...motd, path: "/etc/hosts" }] },
            /is made by the platform as a whole/,
        ],
        [
            "a file that the host program makes",
            { files: [{ ...motd, path: "/etc/sysctl.d/60-metalstream.conf" }] },
            /is made by the platform/,
        ],
        ["a path with ..", { files: [{ ...motd, path: "/etc/../x" }] }, /must not have \. or \.\./],
        [
            "a service's own file",
            { files: [{ ...motd, path: "/etc/rsyslog.d/90-metalstream-kafka.conf" }] },
            /is the platform's own on m1/,
        ],
        [
            "a service's own directory",
            { directories: [{ path: "/var/lib/zookeeper" }] },
            /\/var\/lib\/zookeeper is the platform's own/,
        ],
        [
            "a unit of the platform",
            { services: [{ name: "zookeeper" }] },
            /zookeeper is a unit of the platform/,
        ],
        [
            "a drop-in for one",
            { dropIns: [{ unit: "kafka-broker.service", name: "x", content: "" }] },
            /is a unit of the platform/,
        ],
        [
            "a restart for a file that is elsewhere",
            {
                files: [{ ...motd, on: ["m1"] }],
                services: [{ name: "ssh", restartOn: ["/etc/motd"], on: ["m1", "m2"] }],
            },
            /restartOn\[0\]: \/etc\/motd is neither a file .* on m2/,
        ],
        [
            "another address for a member",
            { names: { m1: "10.9.9.9" } },
            /system\.names\.m1: this is a host of the platform/,
        ],
        [
            "a name for loopback",
            { names: { mirror: "127.0.1.1" } },
            /127\.0\.1\.1 is the host itself/,
        ],
    ];
    for (const [name, system, expected] of refused) {
        it(`refuse ${name}`, () => {
            assert.match(findings(system), expected);
        });
    }

    it("may have the same path on different hosts", () => {
        const files = [
            { ...motd, on: ["m1"] },
            { ...motd, on: ["m2"] },
        ];
        assert.equal(findings({ files }), "");
    });
});
