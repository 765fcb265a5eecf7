// SPDX-License-Identifier: Apache-2.0
// What must hold over a boot, as the programs that read it at boot or install time understand it: systemd and apt themselves.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { boxUnavailable, inBox, manifestOf } from "./box.ts";
import { setUp, standIns } from "./standins.ts";

describe("host program: files that bring items back at boot", function () {
    this.timeout(60_000);
    before(function () {
        const missing = ["systemd-tmpfiles", "apt-cache"].find(
            (program) => spawnSync(program, ["--version"]).status !== 0,
        );
        const reason = missing === undefined ? boxUnavailable() : `${missing} is not here`;
        if (reason !== undefined) {
            console.log(`skipped: ${reason}`);
            this.skip();
        }
    });

    it("systemd sets kernel values and huge pages from them", () => {
        const { out } = inBox(
            `${setUp} ms converge <m >/dev/null; huge=/sys/kernel/mm/transparent_hugepage/enabled
             echo 0 >/proc/sys/vm/ms_a; echo 0 >/proc/sys/vm/ms_b; : >$huge
             /usr/lib/systemd/systemd-sysctl /etc/sysctl.d/60-metalstream.conf; systemd-tmpfiles --create /etc/tmpfiles.d/60-metalstream.conf; echo "code=$?"
             cat /proc/sys/vm/ms_a /proc/sys/vm/ms_b; echo "$(<$huge)"
             mount -o remount,ro /sys/kernel/mm/transparent_hugepage; systemd-tmpfiles --create /etc/tmpfiles.d/60-metalstream.conf 2>/dev/null; echo "code=$?"`,
            {
                ...standIns,
                m: manifestOf("sysctl vm.ms_a 5", "sysctl vm.ms_b 1 2", "hugepages enabled never"),
            },
        );
        assert.equal(
            out,
            "code=0\n5\n1 2\nnever\ncode=0\n",
            "a boot never fails by what cannot be set",
        );
    });

    it("apt keeps a pinned package at its version", () => {
        const { out } = inBox(
            `v=$(dpkg-query -W -f '\${Version}' bash); sed -i "s/VERSION/$v/" m; ms converge <m | tail -n 1
             apt-cache policy bash | grep -A 1 -F "*** $v" | head -n 1`,
            { m: manifestOf("package bash version=VERSION") },
        );
        assert.match(out, /^converged .*: 1 changed, 1 unchanged\n \*\*\* \S+ 1001\n$/);
    });
});
