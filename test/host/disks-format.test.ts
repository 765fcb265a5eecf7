// SPDX-License-Identifier: Apache-2.0
// Formats: cut off at every stage, raced, refused by the kernel, of a partition; and what becomes of a disk that leaves the configuration.
import assert from "node:assert/strict";
import { detachAll, hasProgram, mbrTable, onLoops, requireLoops } from "./loops.ts";

type Type = "ext4" | "xfs";

/** mkfs.xfs makes nothing smaller. */
const sizeOf = { ext4: "16M", xfs: "320M" } as const;

interface Cut {
    readonly name: string;
    readonly type: Type;
    /** What happens instead of mkfs before all of the run is killed; $d is the device, `mkfs` the real one. */
    readonly stage: string;
    /** What the next check says, and what the next run does. */
    readonly next: "format" | "mount" | "refuse-cutoff" | "refuse-otherlabel";
}

const cuts: readonly Cut[] = [
    { name: "before the first byte", type: "ext4", stage: ":", next: "format" },
    { name: "after the last byte", type: "ext4", stage: "mkfs", next: "mount" },
    { name: "after the last byte", type: "xfs", stage: "mkfs", next: "mount" },
    {
        name: "while its superblock says that it is in progress",
        type: "xfs",
        stage: "mkfs; put $d 126 '\\1'; put $d 83886080 '\\0\\0\\0\\0\\0\\0\\0\\0'",
        next: "format",
    },
    {
        name: "with a superblock, the rest not whole, never mounted",
        type: "ext4",
        stage: "mkfs; dd if=/dev/urandom of=$d bs=1K seek=68 count=64 conv=notrunc status=none",
        next: "format",
    },
    {
        name: "with a superblock, the rest not whole, and mounted by somebody since",
        type: "ext4",
        stage: "mkfs; mkdir -p /mnt; mount $d /mnt; echo data >/mnt/f; umount /mnt; dd if=/dev/urandom of=$d bs=1K seek=68 count=64 conv=notrunc status=none",
        next: "refuse-cutoff",
    },
    {
        name: "with bytes and no superblock",
        type: "ext4",
        stage: "mkfs; dd if=/dev/zero of=$d bs=4K count=1 conv=notrunc status=none",
        next: "refuse-cutoff",
    },
    {
        name: "and somebody else's file system made since",
        type: "ext4",
        stage: "/usr/sbin/mkfs.ext4 -q -L other $d",
        next: "refuse-otherlabel",
    },
    {
        name: "and somebody else's file system with this label made since",
        type: "ext4",
        stage: "/usr/sbin/mkfs.ext4 -q -L ms1-a $d",
        next: "mount",
    },
];

describe("data disks: a format that is killed", function () {
    this.timeout(120_000);
    before(function () {
        requireLoops(this);
    });
    after(() => {
        assert.deepEqual(detachAll(), []);
    });

    for (const { name, type, stage, next } of cuts) {
        it(`${type}, ${name}: ${next}`, function () {
            if (!hasProgram(`mkfs.${type}`)) {
                console.log(`skipped: mkfs.${type} is not installed`);
                this.skip();
            }
            const { out, err } = onLoops(
                `
                disk a ${sizeOf[type]}; manifest item a $a ${type} >m
                real=$(command -v mkfs.${type})
                { declare -f put; printf '%s\\n' "args=(\\"\\$@\\")" 'd=\${!#}' "mkfs() { $real \\"\\\${args[@]}\\"; }"; cat stage; echo 'fuser -s -k -KILL /run/lock/metalstream.lock'; } >/usr/local/sbin/mkfs.${type}
                sed -i '1i #!/bin/bash' /usr/local/sbin/mkfs.${type}; chmod 755 /usr/local/sbin/mkfs.${type}
                (ms converge token=A <m >/dev/null 2>&1) 2>/dev/null; echo killed=$?; cut -d ' ' -f 1-2 /var/lib/metalstream/disks/ms1-a
                rm /usr/local/sbin/mkfs.${type}; cut -d ' ' -f 3 /var/lib/metalstream/disks/ms1-a >uuid
                ms check <m | grep ^filesystem; sha256sum <ms-disks-*-a.img >before; ms converge token=B wait=20 <m 2>&1
                umount /srv/a 2>/dev/null || { sha256sum <ms-disks-*-a.img | cmp - before && echo untouched; }
                [[ $(blkid -p -s UUID -o value $a) == "$(cat uuid)" ]] && echo same-uuid; cut -d ' ' -f 1-2 /var/lib/metalstream/disks/ms1-a`,
                { stage: `${stage}\n` },
            );
            const said = `${out}\n${err}`;
            assert.match(out, new RegExp(`^killed=137\nbegun ${type}$`, "m"), said);
            assert.match(out, new RegExp(`^filesystem /srv/a ${next} `, "m"), said);
            if (next === "format") {
                assert.equal(out.includes("its own format that was cut off"), stage !== ":");
                assert.match(out, /^changed filesystem \/srv\/a: formatted /m, said);
                assert.match(out, new RegExp(`^converged .*\nmade ${type}$`, "m"), said);
            } else if (next === "mount") {
                assert.doesNotMatch(out, /^changed filesystem/m);
                assert.match(out, /^changed mount \/srv\/a: .*\nconverged/m, said);
            } else {
                assert.match(out, /^untouched$/m, said);
                assert.match(out, /1 items failed, the first: filesystem \/srv\/a: /);
            }
        });
    }
});

describe("data disks: formats", function () {
    this.timeout(120_000);
    before(function () {
        requireLoops(this);
    });
    after(() => {
        assert.deepEqual(detachAll(), []);
    });

    it("makes an XFS with the label, mounted with noatime; the next run changes nothing", function () {
        if (!hasProgram("mkfs.xfs")) {
            console.log("skipped: mkfs.xfs is not installed");
            this.skip();
        }
        const { out, err } = onLoops(
            `disk a 320M; manifest item a $a xfs >m; ms converge token=A <m; blkid -p -s TYPE -s LABEL -o value $a; grep ' /srv/a ' /proc/self/mounts
             ms check <m | grep -E '^(filesystem|drift filesystem)'; touch /srv/a/x; ms converge token=B <m`,
        );
        assert.match(out, /^ms1-a\nxfs\n\/dev\/loop\d+ \/srv\/a xfs rw,noatime,/m, err);
        assert.match(
            out,
            /^filesystem \/srv\/a keep device=\/dev\/loop\d+ type=xfs size-mib=320$/m,
        );
        assert.doesNotMatch(out, /^drift/m);
        assert.equal(out.match(/^changed filesystem/gm)?.length, 1);
    });

    it("looks again under the lock, right before the format", () => {
        const { out, err } = onLoops(
            `disk a 16M; manifest item a $a ext4 >m
             printf '#!/bin/bash\\n[[ $2 == 30 ]] && printf x | dd of=%s bs=1 seek=5000000 conv=notrunc status=none\\nexec /usr/bin/flock "$@"\\n' $a >/usr/local/sbin/flock
             chmod 755 /usr/local/sbin/flock; ms check <m | grep ^filesystem; ms converge <m; ls /var/lib/metalstream/disks; od -An -c -j 5000000 -N 1 $a; blkid -p $a`,
        );
        assert.match(out, /^filesystem \/srv\/a format /m);
        assert.match(err, /a: \/dev\/loop\d+ is not blank: byte 5000000 is not zero/);
        assert.match(out, /^ +x$/m);
        assert.doesNotMatch(out, /ext4"/);
    });

    it("waits for udev once, when all disks are formatted and none is locked any more: udev leaves locked ones alone", () => {
        const { out, err } = onLoops(
            `disk a 16M; disk b 16M; both() { item a $a ext4; item b $b ext4; }; manifest both >m; mkdir -p /run/udev; : >/run/udev/control
             printf '#!/bin/bash\\nfor d in %s %s; do flock -n $d blkid -p -s LABEL -o value $d || echo locked; done >>/run/udev/seen\\n' $a $b >/usr/local/sbin/udevadm
             chmod 755 /usr/local/sbin/udevadm; ms converge <m; cat /run/udev/seen`,
        );
        assert.match(out, /^converged .*\nms1-a\nms1-b\n$/m, err);
    });

    it("waits for nobody's lock longer than it must, and formats nothing that is locked", () => {
        const { out, err } = onLoops(
            `disk a 16M; manifest item a $a ext4 >m; (exec 9<$a; flock 9; exec sleep 600) & sleepers+=($!)
             printf '#!/bin/bash\\nargs=("\${@/#30/1}")\\nexec /usr/bin/flock "\${args[@]}"\\n' >/usr/local/sbin/flock; chmod 755 /usr/local/sbin/flock
             until ! /usr/bin/flock -n $a true; do sleep 0.05; done
             ms converge <m; cmp $a /dev/zero 2>&1 | grep EOF`,
        );
        assert.match(err, /filesystem \/srv\/a: another program has locked \/dev\/loop\d+/);
        assert.match(out, /EOF/, "all of it is zero");
    });

    it("uses no force: what the kernel has given to another alone is left alone", () => {
        const { out, err } = onLoops(
            `disk a 16M; manifest item a $a ext4 >m
             perl -MFcntl -e 'sysopen(F, $ARGV[0], O_RDONLY | O_EXCL) or die; sleep 600' $a & sleepers+=($!)
             sleep 1; ms converge <m; cmp $a /dev/zero 2>&1 | grep EOF`,
        );
        assert.match(err, /filesystem \/srv\/a: mkfs.ext4 ended with 1: .*in use by the system/);
        assert.match(out, /EOF/, "all of it is zero");
    });

    it("writes nothing before its note is on disk", () => {
        const { out, err } = onLoops(
            `disk a 16M; manifest item a $a ext4 >m; mkdir -p /var/lib/metalstream; touch /var/lib/metalstream/disks
             ms converge <m; cmp $a /dev/zero 2>&1 | grep EOF`,
        );
        assert.match(err, /the note of the format cannot be written: /);
        assert.match(out, /EOF/, "all of it is zero");
    });

    it("refuses a disk that it formatted and that is blank now", () => {
        const { out, err } = onLoops(
            `disk a 16M; manifest item a $a ext4 >m; ms converge <m >/dev/null; umount /srv/a; dd if=/dev/zero of=$a bs=1M status=none 2>/dev/null
             ms check <m | grep ^filesystem; ms converge <m; cmp $a /dev/zero 2>&1 | grep EOF; rm /var/lib/metalstream/disks/ms1-a; ms converge <m`,
        );
        assert.match(out, /^filesystem \/srv\/a refuse-vanished /m);
        assert.match(err, /was formatted here before and is blank now; .*remove \/var\/lib/);
        assert.match(out, /EOF[^]*^changed filesystem \/srv\/a: formatted/m);
    });

    it("formats a blank partition, and touches no other byte of the disk", () => {
        const { out, err } = onLoops(
            `disk a 40M; put $a 446 '${mbrTable(16, 16)}'; partx --add $a
             for n in $(seq 100); do [ -b \${a}p2 ] && break; sleep 0.05; done
             mkfs.ext4 -q \${a}p1; rest() { cat <(head -c 17825792 $a) <(tail -c +34603009 $a) | sha256sum; }; rest >before
             manifest item a \${a}p2 ext4 >m; ms converge <m; rest | cmp - before && echo same; umount /srv/a; partx --delete $a`,
        );
        assert.match(out, /^changed filesystem \/srv\/a: formatted \/dev\/loop\d+p2 /m, err);
        assert.match(out, /^same$/m);
    });

    it("leaves the data alone when the disk leaves the configuration", () => {
        const { out, err } = onLoops(
            `disk a 16M; manifest item a $a ext4 >m; printf 'metalstream 1\\nhost box\\n' >none; ms converge <m; echo data >/srv/a/f; ms converge <none
             grep ' /srv/a ' /proc/self/mounts; mount -o ro $a /mnt; cat /mnt/f; umount /mnt; ms converge <m; cat /srv/a/f; ms remove; mount -o ro $a /mnt; cat /mnt/f`,
        );
        assert.match(out, /^changed mount \/srv\/a: removed\nconverged .*\ndata\n/m, err);
        assert.equal(out.match(/^changed filesystem/gm)?.length, 1);
        assert.equal(out.match(/^data$/gm)?.length, 3);
    });
});
