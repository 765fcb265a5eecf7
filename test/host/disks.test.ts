// SPDX-License-Identifier: Apache-2.0
// What happens to a disk that is named in the configuration, by what is on it. Loop devices of this machine, in a box.
import assert from "node:assert/strict";
import {
    detachAll,
    gptHeader,
    lvmLabel,
    mbrTable,
    onLoops,
    raidSuperblock,
    requireLoops,
} from "./loops.ts";

interface Case {
    readonly name: string;
    /** Fills $d, the disk of 16 MiB. */
    readonly prepare: string;
    /** Decision of the check, and the words that say what was found. */
    readonly expected: string;
    readonly says?: RegExp;
}

const cases: Readonly<Record<string, Case>> = {
    blank: { name: "a blank disk", prepare: "", expected: "format" },
    ext: {
        name: "an ext4 of somebody else, without a label",
        prepare: "mkfs.ext4 -q $d",
        expected: "refuse-otherlabel",
        says: /holds ext4, wanted is the label ms1-ext/,
    },
    wrong: {
        name: "an ext4 with another label",
        prepare: "mkfs.ext4 -q -L ms2-wrong $d",
        expected: "refuse-otherlabel",
        says: /holds ext4 labelled ms2-wrong, wanted is the label ms1-wrong/,
    },
    ours: {
        name: "a file system with its own label",
        prepare:
            "mkfs.ext4 -q -L ms1-ours $d; mkdir -p /mnt; mount $d /mnt; echo data >/mnt/f; umount /mnt",
        expected: "mount",
    },
    twin: {
        name: "a label that another device has, too",
        prepare: "mkfs.ext4 -q -L ms1-twin $d; disk copy 16M; mkfs.ext4 -q -L ms1-twin $copy",
        expected: "refuse-twin",
        says: /another device has the label ms1-twin: \/dev\/loop\d+/,
    },
    newtwin: {
        name: "a blank disk whose label another device has",
        prepare: "disk elder 16M; mkfs.ext4 -q -L ms1-newtwin $elder",
        expected: "refuse-twin",
    },
    otherfs: {
        name: "another kind of file system",
        prepare: "put $d $((65536 + 64)) _BHRfS_M",
        expected: "refuse-signature",
        says: /it has btrfs/,
    },
    swap: {
        name: "swap space",
        prepare: "mkswap -q $d",
        expected: "refuse-signature",
        says: /it has swap/,
    },
    lvm: {
        name: "a physical volume of LVM",
        prepare: `put $d 512 '${lvmLabel()}'`,
        expected: "refuse-signature",
        says: /it has LVM2_member/,
    },
    raid: {
        name: "a member of a RAID",
        prepare: `put $d 4096 '${raidSuperblock()}'`,
        expected: "refuse-signature",
        says: /it has linux_raid_member/,
    },
    luks: {
        name: "a LUKS header",
        prepare: "put $d 0 'LUKS\\xba\\xbe\\0\\1'",
        expected: "refuse-signature",
        says: /it has crypto_LUKS/,
    },
    zfs: {
        name: "uberblocks of a ZFS pool",
        prepare:
            "for n in 0 1 2 3 4 5 6 7; do put $d $((131072 + n * 1024)) '\\x0c\\xb1\\xba\\0'; done",
        expected: "refuse-bytes",
    },
    gpt: {
        name: "a GPT",
        prepare: `put $d 512 '${gptHeader(32768)}'; put $d 446 '\\0\\0\\0\\0\\xee\\0\\0\\0\\1\\0\\0\\0\\xff\\xff\\1\\0'; put $d 510 '\\x55\\xaa'`,
        expected: "refuse-signature",
        says: /it has partition table gpt/,
    },
    mbr: {
        name: "an MBR whose partitions the kernel has not read",
        prepare: `put $d 446 '${mbrTable(6)}'`,
        expected: "refuse-signature",
        says: /it has partition table dos/,
    },
    byte: {
        name: "a single byte that is not zero",
        prepare: "put $d 12345678 x",
        expected: "refuse-bytes",
        says: /byte 12345678 is not zero/,
    },
    last: {
        name: "a last byte that is not zero",
        prepare: "put $d 16777215 x",
        expected: "refuse-bytes",
        says: /byte 16777215 is not zero/,
    },
    random: {
        name: "random bytes",
        prepare: "head -c 1048576 /dev/urandom | dd of=$d seek=8 bs=1M status=none",
        expected: "refuse-bytes",
    },
    mounted: {
        name: "a disk that is mounted elsewhere",
        prepare: "mkfs.ext4 -q -L ms1-mounted $d; mkdir -p /run/m; mount -o ro $d /run/m",
        expected: "refuse-mounted",
        says: /in use: on \/run\/m/,
    },
    hidden: {
        name: "a disk that another namespace has mounted",
        prepare: `mkfs.ext4 -q -L ms1-hidden $d; mkdir -p /run/n
            unshare --mount sh -c "mount -o ro $d /run/n; : >hidden.up; exec sleep 600" & sleepers+=($!)
            for n in $(seq 100); do [ -e hidden.up ] && break; sleep 0.05; done`,
        expected: "refuse-mounted",
        says: /in use: on \/run\/n/,
    },
    open: {
        name: "a blank disk that a process has open for writing",
        prepare: "sleep 600 9<>$d & sleepers+=($!)",
        expected: "refuse-open",
        says: /in use: for writing by sleep\[\d+\]/,
    },
    held: {
        name: "a blank disk that another device is made of",
        prepare: "over=$(losetup -f --show $d); loops=($over ${loops[@]})",
        expected: "refuse-held",
        says: /in use: by loop\d+/,
    },
    parted: {
        name: "a disk with partitions",
        prepare: `put $d 446 '${mbrTable(6, 6)}'; partx --add $d; parts+=($d)`,
        expected: "refuse-partitioned",
        says: /in use: with loop\d+p1 loop\d+p2/,
    },
    readonly: {
        name: "a read-only disk",
        prepare: "blockdev --setro $d",
        expected: "refuse-readonly",
        says: /is read-only/,
    },
    files: {
        name: "a mount point with files in it",
        prepare: "mkdir -p /srv/files; touch /srv/files/x",
        expected: "refuse-files",
        says: /\/srv\/files has files in it/,
    },
    taken: {
        name: "a mount point where something else is mounted",
        prepare: "mkdir -p /srv/taken; mount -t tmpfs x /srv/taken",
        expected: "refuse-taken",
        says: /another file system is mounted on \/srv\/taken/,
    },
};

describe("data disks: one run over disks of every kind", function () {
    this.timeout(300_000);
    let checked = "";
    let converged = "";
    let failures = "";
    let after_ = "";
    let sums: string[] = [];

    before(function () {
        requireLoops(this);
        const prepare = Object.entries(cases).map(
            ([key, { prepare: commands }]) =>
                `disk ${key} 16M; d=$${key}; ${commands === "" ? ":" : commands}`,
        );
        const { out, err } = onLoops(`
            parts=()
            ${prepare.join("\n")}
            disk small 8M; disk nothing 0; disk one 16M
            all() {
                ${Object.keys(cases)
                    .map((key) => `item ${key} $${key} ext4`)
                    .join("\n")}
                item small $small ext4; item nothing $nothing ext4
                item one $one ext4; item same \${one/dev/dev\\/} ext4
                item absent /dev/disk/by-id/none ext4; item nodevice /dev/null ext4
            }
            manifest all >m
            for p in one small blank byte; do echo "directory /srv/$p/sub owner=root group=root mode=0755"; done >>m
            echo 'evidence e exists /srv/ours/f' >q
            sums() { sha256sum ms-disks-*.img; }
            sums >before; ms check < <(cat m q); echo =====; sums >between; ms converge token=T <m 2>failures; echo code=$?; echo =====; cat failures
            echo =====; ms check < <(cat m q); cat /srv/ours/f; ls -d /srv/*/sub; cut -d ' ' -f 1 /proc/self/mounts >/dev/null
            grep ' /srv/blank ' /proc/self/mounts; echo =====
            sync; sums >afterwards; diff before between && echo untouched; diff before afterwards | sed -n 's/^>.*-\\([a-z]*\\).img/\\1/p'
            kill "\${sleepers[@]}"; umount /run/m; blockdev --setrw $readonly; for p in "\${parts[@]}"; do partx --delete $p; done`);
        const parts = out.split("=====\n");
        [checked = "", converged = "", failures = "", after_ = ""] = parts;
        sums = (parts[4] ?? "").trim().split("\n");
        assert.equal(parts.length, 5, `${out}\n${err}`);
    });
    after(() => {
        assert.deepEqual(detachAll(), []);
    });

    const lineOf = (output: string, key: string) =>
        output.split("\n").find((line) => line.startsWith(`filesystem /srv/${key} `)) ?? "";

    for (const [key, { name, expected, says }] of Object.entries(cases)) {
        it(`${name}: ${expected}`, () => {
            const line = lineOf(checked, key);
            assert.equal(line.split(" ")[2], expected, line);
            assert.match(line, says ?? /./);
            if (!expected.startsWith("refuse-")) return;
            assert.match(line, /; \S/, "a refusal says what to do");
            assert.match(failures, new RegExp(`filesystem /srv/${key}: `));
            assert.match(after_, new RegExp(`^drift filesystem /srv/${key} ${expected}$`, "m"));
        });
    }

    it("refuses what is no disk, too small, empty, absent, or named twice", () => {
        const decisions = ["small", "nothing", "one", "same", "absent", "nodevice"].map((key) =>
            lineOf(checked, key).split(" ").slice(2, 3).join(),
        );
        assert.deepEqual(
            decisions,
            ["small", "nosize", "shared", "shared", "absent", "nodevice"].map(
                (word) => `refuse-${word}`,
            ),
        );
    });

    it("a check changes no byte of any disk", () => {
        assert.ok(sums.includes("untouched"), sums.join());
    });

    it("converge changes the blank disk, and mounts it and the one that is its own; every other byte stays", () => {
        assert.deepEqual(sums.filter((word) => word !== "untouched").sort(), ["blank", "ours"]);
        assert.match(converged, /^changed filesystem \/srv\/blank: formatted \/dev\/loop\d+ /m);
        assert.match(converged, /^changed mount \/srv\/ours: /m);
        assert.equal(converged.match(/^changed filesystem/gm)?.length, 1);
        assert.match(converged, /^code=1$/m);
        assert.match(after_, /^filesystem \/srv\/blank keep /m);
        assert.match(after_, /^filesystem \/srv\/ours keep /m);
        assert.match(after_, /^data$/m);
        assert.match(after_, /^\/dev\/loop\d+ \/srv\/blank ext4 rw,noatime /m);
    });

    it("puts nothing where a disk is not mounted", () => {
        assert.deepEqual(after_.match(/^\/srv\/.*\/sub$/gm), ["/srv/blank/sub"]);
        assert.doesNotMatch(converged, /mount \/srv\/(byte|small|one|twin)/);
    });

    it("says of files on a disk that is not mounted yet that it cannot see them", () => {
        assert.match(checked, /^evidence e unreadable$/m);
        assert.match(after_, /^evidence e yes$/m);
    });
});
