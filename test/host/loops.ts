// SPDX-License-Identifier: Apache-2.0
/** Loop devices in a box (box.ts), for tests of what may happen to disks. Only devices made here are touched, and all are detached again. */
import { spawnSync } from "node:child_process";
import { crc32 } from "node:zlib";
import { boxUnavailable, inBox, type Outcome } from "./box.ts";

const mark = `ms-disks-${process.pid}`;

/**
 * Functions for scripts: `disk NAME SIZE` attaches a sparse file and puts its device into $NAME; `put DEVICE OFFSET ESCAPES` writes bytes.
 * `manifest item NAME DEVICE TYPE [MIB]` prints a manifest whose disk belongs on /srv/NAME, with the label ms1-NAME.
 * `systemctl` mounts what a mount unit says, by the means of mount(8): there is no systemd in the box.
 */
const prelude = `
loops=() sleepers=()
disk() {
    truncate -s "$2" "${mark}-$1.img"
    printf -v "$1" %s "$(losetup -f --show "$BOX/${mark}-$1.img")"
    loops+=("\${!1}")
}
put() { printf "$3" | dd of="$1" bs=64K oflag=seek_bytes seek="$2" conv=notrunc status=none; }
ended() {
    local loop watchdog
    # A run that was killed leaves its time limit waiting, in a process group of its own.
    for watchdog in $(pgrep -f "bash $BOX/program"); do kill -KILL -- "-$watchdog" 2>/dev/null; done
    ((\${#sleepers[@]} == 0)) || kill "\${sleepers[@]}"
    umount -R /srv /mnt 2>/dev/null
    for loop in "\${loops[@]}"; do losetup -d "$loop"; done
}
trap ended EXIT
cat >/usr/local/sbin/systemctl <<'DOUBLE'
#!/bin/bash
[[ $1 == reload-or-restart || " $* " == *" --now "* ]] || exit 0
. <(sed -n '/^\\[Mount\\]/,/^\\[Install\\]/s/^\\([A-Z][a-z]*\\)=\\(.*\\)/\\1="\\2"/p' "/etc/systemd/system/\${!#}")
[[ " $* " != *" --now "* ]] || exec umount "$Where"
# There is no udev in the box, so no links by label.
[[ $What != /dev/disk/by-label/* ]] || What=LABEL=\${What##*/}
mkdir -p "$Where" && exec mount -t "$Type" -o "$Options" "$What" "$Where"
DOUBLE
chmod 755 /usr/local/sbin/systemctl
item() {
    printf 'filesystem /srv/%s device=%s type=%s label=%s least-mib=%s\\n' "$1" "$2" "$3" "ms1-$1" "\${4:-12}"
    mounts+="mount /srv/$1 $3 noatime,nofail device=LABEL=ms1-$1"$'\\n'
}
manifest() {
    mounts=""
    printf 'metalstream 1\\nhost box\\n'
    "$@"
    printf '%s' "$mounts"
}
`;

/** Why there are no loop devices here, or undefined. */
function loopsUnavailable(): string | undefined {
    const reason = boxUnavailable();
    if (reason !== undefined) return reason;
    const { status } = spawnSync("losetup", ["-f"]);
    return status === 0 ? undefined : "there are no loop devices here";
}

/** Skips a suite, and says why, where there are no loop devices. */
export function requireLoops(context: Mocha.Context): void {
    const reason = loopsUnavailable();
    if (reason === undefined) return;
    console.log(`skipped: ${reason}`);
    context.skip();
}

/** Whether a program is on this machine. */
export const hasProgram = (name: string): boolean =>
    spawnSync("bash", ["-c", 'command -v "$1"', "bash", name]).status === 0;

/** Runs a bash script in a box with loop devices. */
export function onLoops(script: string, files: Readonly<Record<string, string>> = {}): Outcome {
    return inBox(prelude + script, files, 240_000);
}

/** Detaches what a script that was ended left attached; gives the names of what it was. */
export function detachAll(): string[] {
    const { stdout } = spawnSync("losetup", ["--noheadings", "--output", "NAME,BACK-FILE"], {
        encoding: "utf8",
    });
    const left = stdout.split("\n").filter((line) => line.includes(mark));
    for (const line of left) spawnSync("losetup", ["-d", line.split(" ")[0] ?? ""]);
    return left;
}

const escapes = (bytes: Buffer) => [...bytes].map((byte) => `\\x${byte.toString(16)}`).join("");

/** What LVM writes to a physical volume: its label in the second sector, with LVM's own checksum. */
export function lvmLabel(): string {
    const sector = Buffer.alloc(512);
    sector.write("LABELONE", 0);
    sector.writeBigUInt64LE(1n, 8);
    sector.writeUInt32LE(32, 20);
    sector.write("LVM2 001", 24);
    sector.write("0123456789abcdefghijklmnopqrstuv", 32);
    let crc = 0xf597a6cf;
    for (const byte of sector.subarray(20)) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    sector.writeUInt32LE(crc >>> 0, 16);
    return escapes(sector.subarray(0, 64));
}

/** A GPT header for the second sector of a disk, with one table of partitions that has no entry. */
export function gptHeader(sectors: number): string {
    const header = Buffer.alloc(92);
    header.write("EFI PART", 0);
    header.writeUInt32LE(0x10000, 8);
    header.writeUInt32LE(92, 12);
    header.writeBigUInt64LE(1n, 24);
    header.writeBigUInt64LE(BigInt(sectors - 1), 32);
    header.writeBigUInt64LE(34n, 40);
    header.writeBigUInt64LE(BigInt(sectors - 34), 48);
    header.writeUInt32LE(1, 56);
    header.writeBigUInt64LE(2n, 72);
    header.writeUInt32LE(128, 80);
    header.writeUInt32LE(128, 84);
    header.writeUInt32LE(crc32(Buffer.alloc(128 * 128)), 88);
    header.writeUInt32LE(crc32(header), 16);
    return escapes(header);
}

/** Entries of an MBR for offset 446, with its mark: partitions of so many MiB each, from the first MiB on. */
export function mbrTable(...sizes: readonly number[]): string {
    const table = Buffer.alloc(66);
    let start = 2048;
    for (const [i, size] of sizes.entries()) {
        table.writeUInt8(0x83, 16 * i + 4);
        table.writeUInt32LE(start, 16 * i + 8);
        table.writeUInt32LE(size * 2048, 16 * i + 12);
        start += size * 2048;
    }
    table.writeUInt16BE(0x55aa, 64);
    return escapes(table);
}

/** The superblock of a member of a RAID (version 1.2), for offset 4096. */
export function raidSuperblock(): string {
    const block = Buffer.alloc(256);
    block.writeUInt32LE(0xa92b4efc, 0);
    block.writeUInt32LE(1, 4);
    block.write("0123456789abcdef", 16);
    block.write("ms:0", 32);
    block.writeUInt32LE(1, 72);
    block.writeUInt32LE(2, 92);
    block.writeBigUInt64LE(2048n, 128);
    block.writeBigUInt64LE(8n, 144);
    let sum = 0n;
    for (let at = 0; at < 256; at += 4) sum += BigInt(block.readUInt32LE(at));
    block.writeUInt32LE(Number((sum & 0xffffffffn) + (sum >> 32n)), 216);
    return escapes(block);
}
