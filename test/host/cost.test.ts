// SPDX-License-Identifier: Apache-2.0
// What a check costs: questions are asked in batches, so that hundreds of items start no more processes than a few.
import assert from "node:assert/strict";
import { inBox, manifestOf, requireBox } from "./box.ts";

/** So many items of every kind that a host has many of. */
const many = (count: number): string =>
    manifestOf(
        ...Array.from({ length: count }, (_, i) => [
            `group ms-g${i}`,
            `user ms-u${i} group=ms-g${i} home=/srv/u${i}`,
            `package ms-p${i}`,
            `directory /srv/d${i} owner=ms-u${i} group=ms-g${i} mode=0755`,
            `file /srv/f${i} owner=root group=root mode=0644`,
            "| x",
            `link /srv/l${i} /srv/f${i}`,
            `sysctl vm.ms_${i} 1`,
            `unit ms-unit${i}`,
            `> ms-unit${i}.service`,
            "| [Service]",
            `timer ms-timer${i}`,
            `> ms-timer${i}.timer`,
            "| [Timer]",
            `> ms-timer${i}.service`,
            "| [Service]",
            `dropin ms-other${i}.service.d/x.conf`,
            "| [Service]",
            `service ms-svc${i} restart-on=/srv/f${i}`,
            `port ${7000 + i} unit=ms-unit${i}`,
        ]).flat(),
    );

describe("host program: the cost of a check", function () {
    this.timeout(120_000);
    before(function () {
        requireBox(this);
    });

    it("starts as many processes for 40 items of each kind as for 2", () => {
        // In a PID namespace of its own the last number given out is the number of processes so far.
        const { out } = inBox(
            `for m in few many; do
                 unshare --pid --fork --mount-proc bash -c 'bash program check <'$m' | grep -c ^drift; read -r _ _ _ _ last </proc/loadavg; echo "$last"'
             done`,
            { few: many(2), many: many(40) },
        );
        const [fewDrifts, few, manyDrifts, processes] = out.trim().split("\n").map(Number);
        assert.ok(Number(manyDrifts) >= 40 * 9 && Number(fewDrifts) >= 2 * 9, out);
        assert.equal(processes, few);
        assert.ok(Number(few) < 60, out);
    });
});
