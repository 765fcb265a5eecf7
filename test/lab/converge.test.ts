// SPDX-License-Identifier: Apache-2.0
// The host program on a lab host, with a real systemd: mounts, units of ours, services of packages, the frame of rolls.
// It uses names of its own on w3 and a section of its own, so that a deployed platform is left alone.
import assert from "node:assert/strict";
import { hasHost, ssh, verb } from "./verb.ts";

const unit = "metalstream-selftest";

function manifest(value: number, ...more: string[]): string {
    return [
        "metalstream 1",
        "host w3",
        "section selftest",
        "group ms-selftest",
        "user ms-selftest group=ms-selftest home=/var/lib/ms-selftest",
        "mount /srv/ms-selftest tmpfs size=8m,mode=0750,uid=ms-selftest,gid=ms-selftest",
        "directory /srv/ms-selftest/data owner=ms-selftest group=ms-selftest mode=0700",
        "file /etc/ms-selftest.conf owner=root group=root mode=0644",
        `| value=${value}`,
        "sysctl vm.swappiness 1",
        `unit ${unit}`,
        "> x.conf",
        `| value=${value}`,
        `> ${unit}.service`,
        "| [Service]",
        `| ExecStartPre=+/bin/sh -c 'mkdir -p /run/metalstream && basename "$(readlink /etc/metalstream/${unit}/current)" >/run/metalstream/${unit}.running'`,
        "| ExecStart=/bin/sleep infinity",
        "| [Install]",
        "| WantedBy=multi-user.target",
        ...more,
        "",
    ].join("\n");
}

const service = "service ms-selftest-package restart-on=/etc/ms-selftest.conf";
const packageUnit = `printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n'`;
const state = (output: string) => (output.match(/^(drift|unit|token) .*$/gm) ?? []).join("\n");
const wanted = (output: string) => / wanted=(\w+)/.exec(output)?.[1] ?? "";
const pid = (name: string) => ssh(`systemctl show -p MainPID --value ${name}`).out.trim();

function cleanUp(): void {
    verb("converge", "metalstream 1\nhost w3\nsection selftest\n");
    ssh(
        `sudo sh -c 'systemctl disable --now ms-selftest-package; rm -f /etc/systemd/system/ms-selftest-package.service /var/lib/metalstream/*.selftest
         systemctl daemon-reload; userdel ms-selftest; rmdir /srv/ms-selftest' 2>/dev/null`,
    );
}

describe("lab: the host program with systemd", function () {
    this.timeout(180_000);
    before(function () {
        if (!hasHost()) {
            console.log("skipped: no lab host w3 answers (npm run lab)");
            this.skip();
        }
        ssh(`${packageUnit} | sudo tee /etc/systemd/system/ms-selftest-package.service >/dev/null`);
    });
    after(cleanUp);

    it("applies everything, starts the unit, and is clean and unchanged after that", () => {
        const first = verb("converge token=T1", manifest(1, service));
        assert.equal(first.code, 0, first.err);
        assert.match(first.out, /^warning sysctl vm.swappiness: /m);
        const second = verb("converge token=T2", manifest(1, service));
        assert.match(second.out, /: 0 changed, \d+ unchanged\n$/);
        const { out } = verb("check", manifest(1, service));
        assert.match(
            state(out),
            new RegExp(`^token T2\nunit ${unit} active running=(\\w+) current=\\1 wanted=\\1`),
        );
        assert.doesNotMatch(out, /^drift/m);
    });

    const damages: [string, string][] = [
        [`systemctl stop ${unit}`, `unit ${unit} inactive`],
        [`systemctl disable ${unit}`, `unit ${unit} disabled`],
        [
            `sh -c "systemctl stop ${unit}; ln -sf /dev/null /etc/systemd/system/${unit}.service; systemctl daemon-reload"`,
            `unit ${unit} masked`,
        ],
        [`ln -sfn 000000000000 /etc/metalstream/${unit}/current`, `unit ${unit} current`],
        [`sh -c "echo >>/etc/metalstream/${unit}/current/x.conf"`, `unit ${unit} config`],
        [`sh -c "echo >>/etc/systemd/system/${unit}.service"`, `unit ${unit} changed`],
        ["umount /srv/ms-selftest", "mount /srv/ms-selftest missing"],
        ["mount -o remount,size=4m /srv/ms-selftest", "mount /srv/ms-selftest options"],
        ["systemctl disable srv-ms\\\\x2dselftest.mount", "mount /srv/ms-selftest disabled"],
        ["systemctl stop ms-selftest-package", "service ms-selftest-package inactive"],
    ];
    for (const [damage, drift] of damages) {
        it(`finds and repairs: ${drift}`, () => {
            ssh(`sudo ${damage}`);
            const found = verb("check", manifest(1, service));
            assert.match(found.out, new RegExp(`^drift ${drift}$`, "m"));
            const repair = verb("converge token=R", manifest(1, service));
            assert.equal(repair.code, 0, repair.err);
            assert.doesNotMatch(verb("check", manifest(1, service)).out, /^drift/m);
        });
    }

    it("leaves a running unit alone, restarts the package's service, and rolls when it is told", () => {
        const before = [pid(unit), pid("ms-selftest-package")];
        assert.equal(verb("converge token=T3", manifest(2, service)).code, 0);
        assert.equal(pid(unit), before[0]);
        assert.notEqual(pid("ms-selftest-package"), before[1]);
        const checked = verb("check", manifest(2, service)).out;
        assert.doesNotMatch(checked, /^drift/m);
        const specification = `roll ${unit}\ndigest ${wanted(checked)}\ntimeout 20\n`;
        const rolled = verb(`roll ${unit} token=R1`, specification);
        assert.match(rolled.out, /: restart \(running \w+, wanted \w+\)\n.*done\n$/);
        assert.notEqual(pid(unit), before[0]);
        const after = verb("check", manifest(2, service)).out;
        assert.match(
            after,
            new RegExp(`running=${wanted(checked)} current=${wanted(checked)} .*rolled=R1`),
        );
        assert.match(verb(`roll ${unit} token=R2`, specification).out, /: nothing /);
    });

    it("refuses to roll to a configuration that is not there", () => {
        const { code, err } = verb(`roll ${unit}`, `roll ${unit}\ndigest 000000000000\n`);
        assert.equal(code, 1);
        assert.match(
            err,
            /configuration 000000000000 is not on this host; let converge succeed first/,
        );
    });

    it("removes units and mounts that the manifest has no more", () => {
        const { code, out } = verb("converge", "metalstream 1\nhost w3\nsection selftest\n");
        assert.equal(code, 0);
        assert.match(out, new RegExp(`^changed unit ${unit}: removed$`, "m"));
        const left = ssh(
            `ls -d /etc/metalstream/${unit} /etc/systemd/system/${unit}.service; systemctl is-active ${unit}; grep ms-selftest /proc/mounts`,
        ).out;
        assert.equal(left, "inactive\n");
    });
});
