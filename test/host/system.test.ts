// SPDX-License-Identifier: Apache-2.0
// Timers, drop-ins and kernel values when everything of ours goes: what was there before is put back. With a real systemd: test/lab/system.test.ts.
import assert from "node:assert/strict";
import { inBox, manifestOf, requireBox } from "./box.ts";
import { setUp, standIns } from "./standins.ts";

const dropIn = "/etc/systemd/system/ms-svc.service.d/x.conf";
const m = manifestOf(
    "package ms-p version=1.0",
    "sysctl vm.ms_a 5",
    "hugepages enabled never",
    "limit ms-u:core 0",
    "dropin ms-svc.service.d/x.conf",
    "| [Service]",
    "timer ms-tick",
    "> ms-tick.timer",
    "| OnCalendar=daily",
    "> ms-tick.service",
    "| ExecStart=/bin/true",
);

describe("host program: timers, drop-ins and kernel values", function () {
    this.timeout(60_000);
    before(function () {
        requireBox(this);
    });

    it("are all taken back by remove; packages stay, and so does what others had there", () => {
        const { out, err } = inBox(
            `${setUp} mkdir -p ${dropIn.replace(/\/x.conf$/, "")}; echo theirs >${dropIn}
             ms converge token=T <m | tail -n 1; grep -c Service ${dropIn}; ls /srv/systemd/enabled; echo ===; ms remove; echo ===
             cat ${dropIn} /proc/sys/vm/ms_a /sys/kernel/mm/transparent_hugepage/enabled; ls /srv/dpkg /srv/systemd/*
             find /etc -name '*60-metalstream*' -o -name 'ms-tick*'`,
            { ...standIns, m },
        );
        assert.equal(err, "");
        const [applied, removed, left] = out.split("===\n");
        assert.match(applied ?? "", /^converged .*: 9 changed, 1 unchanged\n1\nms-tick.timer\n$/);
        for (const item of ["timer ms-tick", "dropin ms-svc.service.d/x.conf", "sysctl vm.ms_a"])
            assert.ok(removed?.includes(`changed ${item}: removed\n`), removed);
        assert.equal(
            left,
            "theirs\n0\nmadvise\n/srv/dpkg:\nms-p\n\n/srv/systemd/active:\n\n/srv/systemd/enabled:\n\n/srv/systemd/masked:\n",
        );
    });

    it("show the changed lines of a timer and of a drop-in", () => {
        const { out } = inBox(
            `${setUp} ms converge token=T <m >/dev/null; echo Nice=1 >>${dropIn}; echo OnBootSec=1 >>/etc/systemd/system/ms-tick.timer; ms check <m`,
            { ...standIns, m },
        );
        assert.match(out, /^diff dropin ms-svc.service.d\/x.conf\n\| -Nice=1$/m);
        assert.match(out, /^diff timer ms-tick ms-tick.timer\n\| -OnBootSec=1$/m);
    });
});
