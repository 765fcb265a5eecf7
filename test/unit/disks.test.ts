// SPDX-License-Identifier: Apache-2.0
/** Data disks on the deploying side: labels, manifest, rules, and what is said of a host's answers. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { disksSection } from "../../components/host/disks.ts";
import { mayFormat, namenodeQuestions } from "../../components/hdfs/lifecycle.ts";
import { checkRules } from "../../lib/config/rules.ts";
import { schema, type Config } from "../../lib/config/schema.ts";
import { diskLabel } from "../../lib/disks.ts";
import { diskFindings, formatWarnings } from "../../lib/facts/disks.ts";
import { preflight } from "../../lib/facts/preflight.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import { says } from "./answers.ts";
import { loadStack, plan, rawStack } from "./stacks.ts";

const id = "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4";

/** The lab's configuration with devices for all hosts, and for its first host alone. */
function configWith(all: object, first: object = {}): Config {
    const raw = rawStack("lab");
    const hosts = raw["hosts"] as object[];
    const hardware = { ...(raw["hardware"] as object), devices: all };
    return schema.parse({
        ...raw,
        hardware,
        hosts: hosts.map((host, i) => (i === 0 ? { ...host, devices: first } : host)),
    });
}
const firstHost = (config: Config) => config.hosts[0] ?? assert.fail();
const findings = (config: Config) =>
    checkRules(config).map(({ path, what, fix }) => `${path}: ${what} | ${fix}`);

describe("labels of data disks", () => {
    const host = (n: number) => ({ ...firstHost(loadStack("lab")), id: n });
    it("say whose disk it is, where 12 characters are enough for that", () => {
        assert.equal(diskLabel(host(1), "/data/1"), "ms1-data-1");
        assert.equal(diskLabel(host(255), "/data/4"), "ms255-data-4");
        assert.match(diskLabel(host(1), "/srv/hadoop/disk01"), /^ms1-[0-9a-f]{8}$/);
        assert.match(diskLabel(host(1), "/data-1"), /^ms1-[0-9a-f]{8}$/);
    });

    it("fit into XFS, and differ between hosts and between paths", function () {
        this.timeout(20_000);
        const path = fc
            .array(fc.stringMatching(/^[A-Za-z0-9._-]{1,6}$/), { minLength: 1, maxLength: 4 })
            .map((parts) => `/${parts.join("/")}`);
        const number = fc.integer({ min: 1, max: 255 });
        fc.assert(
            fc.property(number, path, number, path, (a, one, b, two) => {
                const [first, second] = [diskLabel(host(a), one), diskLabel(host(b), two)];
                assert.match(first, /^[A-Za-z0-9-]{1,12}$/);
                assert.equal(first === second, a === b && one === two);
            }),
        );
    });
});

describe("disks in the manifest", () => {
    it("are nothing where no device is named", () => {
        const config = loadStack("lab");
        assert.deepEqual(disksSection(config, firstHost(config)), { items: [], units: [] });
    });

    it("are formatted before they are mounted, by label, and a host's own devices come first", () => {
        const config = configWith(
            { "/data/1": { device: id }, "/data/2": { device: "/dev/mapper/b", label: "old" } },
            { "/data/1": { device: "/dev/disk/by-path/pci-1", fs: "ext4" } },
        );
        const { manifest } = plan(config, firstHost(config));
        const lines = manifest
            .split("\n")
            .filter((line) => /^(filesystem|mount \/data)/.test(line));
        assert.deepEqual(lines, [
            "filesystem /data/1 device=/dev/disk/by-path/pci-1 type=ext4 label=ms1-data-1 least-mib=3686",
            "filesystem /data/2 device=/dev/mapper/b type=xfs label=old least-mib=3686",
            "mount /data/1 ext4 noatime,nofail device=LABEL=ms1-data-1",
            "mount /data/2 xfs noatime,nofail device=LABEL=old",
        ]);
        assert.match(manifest, /^package e2fsprogs$/m);
        assert.match(manifest, /^package xfsprogs$/m);
    });
});

describe("rules about devices", () => {
    it("take stable names", () => {
        for (const device of [
            id,
            "/dev/disk/by-path/pci-0000:00:1f.2-ata-1",
            "/dev/disk/by-partuuid/0b2c4c7e-01",
            "/dev/mapper/mpatha",
            "/dev/md/data",
        ]) {
            assert.deepEqual(findings(configWith({ "/data/1": { device } })), []);
        }
    });

    it("refuse names that change, unless the user insists", () => {
        for (const device of ["/dev/sdb", "/dev/nvme0n1", "/dev/disk/by-label/x"]) {
            assert.deepEqual(findings(configWith({ "/data/1": { device } })), [
                `hardware.devices./data/1.device: ${device} may mean another disk at each boot | name it below /dev/disk/by-id (ls -l /dev/disk/by-id), or set acceptUnstableName`,
            ]);
            const insists = { device, acceptUnstableName: true };
            assert.deepEqual(findings(configWith({ "/data/1": insists })), []);
        }
    });

    it("refuse a mount point that hardware.disks has not", () => {
        assert.deepEqual(findings(configWith({}, { "/data/9": { device: id } })), [
            "hosts[0].devices./data/9: /data/9 is not in hardware.disks | correct one of the two",
        ]);
    });

    it("refuse one device, or one label, for two mount points of a host", () => {
        const twice = configWith(
            {},
            { "/data/1": { device: id, label: "x" }, "/data/2": { device: id, label: "x" } },
        );
        assert.deepEqual(findings(twice), [
            `hosts.m1.devices: device ${id} of /data/2 is also that of /data/1 | give each disk its own`,
            "hosts.m1.devices: label x of /data/2 is also that of /data/1 | give each disk its own",
        ]);
    });

    it("refuse what is no plain path below /dev, at once with everything else", () => {
        const bad = [
            "sdb",
            "/data/1",
            "/dev/",
            "/dev/../etc/passwd",
            "/dev/x y",
            "/dev/x;y",
            "LABEL=x",
        ];
        for (const device of bad) {
            const raw = rawStack("lab");
            const hardware = { ...(raw["hardware"] as object), devices: { "/data/1": { device } } };
            assert.throws(
                () => parseConfig({ ...raw, hardware }, "x"),
                /hardware.devices.*\/data\/1.device: found .*must be a/,
                device,
            );
        }
    });
});

describe("what hosts say of their disks", () => {
    const config = loadStack("lab");
    const others = config.hardware.disks
        .slice(1)
        .map((path) => `disk ${path} mounted size-mib=4096 free-mib=9`);
    const directory = "disk /data/1 directory size-mib=900000 free-mib=9";
    const answer = (rest: string, disk = directory) =>
        says(disk, ...others, `filesystem /data/1 ${rest}`);
    const blank = answer(`format device=${id} type=xfs size-mib=953869`);

    it("a blank disk stands in no way, and is announced", () => {
        assert.deepEqual(diskFindings(blank, config), []);
        assert.deepEqual(formatWarnings(blank), [
            `would format ${id} (blank, 932 GiB) as xfs for /data/1`,
        ]);
    });

    it("a format that was cut off is not called blank", () => {
        const said = "its own format that was cut off; it is begun again";
        assert.deepEqual(formatWarnings(answer(`format device=x type=xfs size-mib=2048 ${said}`)), [
            "would format x (its own format that was cut off, 2 GiB) as xfs for /data/1",
        ]);
    });

    it("a disk that is mounted by this run stands in no way, without a word", () => {
        const facts = answer(`mount device=${id} type=xfs size-mib=953869`);
        assert.deepEqual([diskFindings(facts, config), formatWarnings(facts)], [[], []]);
    });

    it("a refusal is a finding in the host's own words", () => {
        const said = `${id} is not blank: it has partition table gpt; nothing was changed; do this`;
        const facts = answer(`refuse-signature device=${id} type=xfs size-mib=953869 ${said}`);
        assert.deepEqual(
            diskFindings(facts, config).map(({ what, fix }) => [what, fix]),
            [[`${id} is not blank: it has partition table gpt`, "nothing was changed; do this"]],
        );
    });

    it("a disk that is kept is judged by its size, one without a device as before", () => {
        const small = "disk /data/1 mounted size-mib=1024 free-mib=9";
        const kept = answer(`keep device=${id} type=xfs size-mib=1025`, small);
        assert.deepEqual(
            [
                ...diskFindings(kept, config),
                ...diskFindings(says(directory, ...others), config),
            ].map(({ what }) => what),
            [
                "/data/1 has 1.0 GiB, hardware.diskGiB says 4",
                "/data/1 is a directory of the system disk",
            ],
        );
    });

    it("findings and announcements of all hosts come at once", () => {
        const good = (name: string) => [
            "os debian 12 x86_64",
            `hostname ${name}`,
            `machine-id ${name}`,
            "memory-mib 4096",
            "cores 4",
            ...others,
        ];
        const refused = "refuse-absent device=/dev/x type=xfs size-mib=0 /dev/x is not there; fix";
        const lines = [`format device=${id} type=xfs size-mib=4096`, refused, refused];
        const answers = config.hosts.map(({ name }, i) => {
            const plans = `filesystem /data/1 ${lines[i] ?? "keep device=x type=xfs size-mib=4096"}`;
            const disk = "disk /data/1 mounted size-mib=4096 free-mib=9";
            return [
                name,
                { kind: "facts" as const, facts: says(...good(name), disk, plans) },
            ] as const;
        });
        const { errors, warnings } = preflight(config, config.hosts, new Map(answers));
        assert.deepEqual(
            errors.map(({ path, what }) => `${path}: ${what}`),
            ["m2: /dev/x is not there", "m3: /dev/x is not there"],
        );
        assert.deepEqual(warnings, [`m1: would format ${id} (blank, 4 GiB) as xfs for /data/1`]);
    });

    it("a name directory is known to be empty on a blank disk, and never on one that is not mounted yet", () => {
        const [question = ""] = namenodeQuestions(["/data/1/hdfs/name"]);
        const key = question.split(" ")[1] ?? "";
        const grants = (decision: string, evidence: string) =>
            mayFormat(
                [
                    says(
                        directory,
                        `filesystem /data/1 ${decision} device=x type=xfs size-mib=9`,
                        `evidence ${key} ${evidence}`,
                    ),
                ],
                ["/data/1/hdfs/name"],
            );
        assert.equal(grants("format", "missing"), true);
        for (const decision of ["mount", "refuse-bytes", "keep"]) {
            for (const evidence of ["missing", "yes", "unreadable"]) {
                assert.equal(grants(decision, evidence), false, `${decision} ${evidence}`);
            }
        }
    });
});
