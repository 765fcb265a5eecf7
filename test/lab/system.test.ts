// SPDX-License-Identifier: Apache-2.0
// Timers, drop-ins, masked and stopped units, what lies on an unmounted temporary disk, and what a lab host cannot have: with a real
// systemd, on w3, in a section of its own.
import assert from "node:assert/strict";
import { hasHost, ssh, verb } from "./verb.ts";

const systemd = "/etc/systemd/system";
const dropIn = "ms-other.service.d/x.conf";

const manifest = (nice: number, schedule: string) =>
    [
        "metalstream 1",
        "host w3",
        "section systemtest",
        "package chrony when=clock",
        "module ms-nosuch",
        "mount /srv/ms-system tmpfs size=8m,mode=0755",
        "directory /srv/ms-system/d owner=root group=root mode=0700",
        "file /srv/ms-system/d/x owner=root group=root mode=0600",
        "| x",
        "file /etc/chrony/chrony.conf owner=root group=root mode=0644 when=clock",
        "| server 192.0.2.1 iburst",
        "hugepages enabled madvise",
        "limit *:nofile 999999999999",
        `dropin ${dropIn}`,
        "| [Service]",
        `| Nice=${nice}`,
        "timer ms-tick",
        "> ms-tick.timer",
        "| [Timer]",
        `| OnCalendar=${schedule}`,
        "| [Install]",
        "| WantedBy=timers.target",
        "> ms-tick.service",
        "| [Service]",
        "| Type=oneshot",
        "| ExecStart=/bin/true",
        "service chrony restart-on=/etc/chrony/chrony.conf when=clock",
        `service ms-other restart-on=${systemd}/${dropIn}`,
        "",
    ].join("\n");

const nothing = "metalstream 1\nhost w3\nsection systemtest\n";
const first = manifest(3, "yearly");
const drifts = (output: string): string[] => output.match(/^drift .*$/gm) ?? [];
const property = (unit: string, name: string) =>
    ssh(`systemctl show -p ${name} --value ${unit}`).out.trim();

function cleanUp(): void {
    verb("converge", nothing);
    ssh(
        `sudo sh -c 'systemctl disable --now ms-other; systemctl unmask ms-other; rm -f /usr/lib/systemd/system/ms-other.service /var/lib/metalstream/*.systemtest
         systemctl daemon-reload; rmdir /srv/ms-system' 2>/dev/null`,
    );
}

describe("lab: timers, drop-ins, and what a host cannot have", function () {
    this.timeout(180_000);
    before(function () {
        if (!hasHost()) {
            console.log("skipped: no lab host w3 answers (npm run lab)");
            this.skip();
        }
        // Where packages put their units, so that it can be masked.
        ssh(
            `printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' | sudo tee /usr/lib/systemd/system/ms-other.service >/dev/null`,
        );
    });
    after(cleanUp);

    it("applies, is in force, and is clean and unchanged after that", () => {
        const { code, err } = verb("converge token=T1", first);
        assert.equal(code, 0, err);
        assert.deepEqual(
            [property("ms-other", "Nice"), property("ms-tick.timer", "ActiveState")],
            ["3", "active"],
        );
        const { out } = verb("check", first);
        assert.deepEqual(drifts(out), []);
        assert.match(verb("converge token=T2", first).out, /: 0 changed, \d+ unchanged\n$/);
    });

    it("leaves the machine's clock, modules and limits alone, and says so", () => {
        const { out } = verb("check", first);
        assert.match(out, /^warning clock: left alone, since this host is a container/m);
        assert.match(
            out,
            /^warning module ms-nosuch: not loaded, and a container cannot load it$/m,
        );
        assert.match(out, /^warning limit \*:nofile: this host cannot raise it/m);
        const { out: there } = ssh(
            "dpkg-query -W -f '${db:Status-Status}\\n' chrony | grep -x installed; ls /etc/chrony; pgrep -x chronyd; ls /etc/security/limits.d /etc/modules-load.d | grep systemtest",
        );
        assert.equal(there, "");
    });

    const tick = `${systemd}/ms-tick.timer`;
    const damages: [string, string[]][] = [
        ["systemctl stop ms-tick.timer", ["timer ms-tick inactive"]],
        ["systemctl disable ms-tick.timer", ["timer ms-tick disabled"]],
        [`sh -c "echo >>${tick}; systemctl daemon-reload"`, ["timer ms-tick content"]],
        [`touch ${tick}`, ["timer ms-tick reload"]],
        [
            `sh -c "ln -sf /dev/null ${tick}; systemctl daemon-reload"`,
            ["timer ms-tick content", "timer ms-tick masked"],
        ],
        [
            `sh -c "echo >>${systemd}/${dropIn}; systemctl daemon-reload"`,
            [`dropin ${dropIn} content`, "service ms-other restart"],
        ],
        [
            `sh -c "rm -r ${systemd}/ms-other.service.d; systemctl daemon-reload"`,
            [`dropin ${dropIn} missing`, "service ms-other restart"],
        ],
        ["systemctl stop ms-other", ["service ms-other inactive"]],
        ["systemctl mask --now ms-other", ["service ms-other masked", "service ms-other inactive"]],
        ["systemctl mask --runtime ms-other", ["service ms-other masked"]],
        [
            "umount /srv/ms-system",
            [
                "mount /srv/ms-system missing",
                "directory /srv/ms-system/d hidden",
                "file /srv/ms-system/d/x hidden",
            ],
        ],
    ];
    for (const [damage, expected] of damages) {
        it(`finds, and repairs what it found: ${damage}`, () => {
            ssh(`sudo ${damage}`);
            const found = drifts(verb("check", first).out);
            for (const text of expected) assert.ok(found.includes(`drift ${text}`), found.join());
            const repair = verb("converge token=R", first);
            assert.equal(repair.code, 0, repair.err);
            const items = (lines: readonly string[]) =>
                [...new Set(lines.map((line) => line.split(/[ :]/).slice(1, 3).join(" ")))].sort();
            const changed = repair.out.match(/^changed .*$/gm) ?? [];
            assert.deepEqual(items(changed), items(found));
            assert.deepEqual(drifts(verb("check", first).out), []);
        });
    }

    it("a new schedule and a new drop-in are in force", () => {
        const before = property("ms-other", "MainPID");
        const { code, err } = verb("converge token=T3", manifest(4, "hourly"));
        assert.equal(code, 0, err);
        assert.match(property("ms-tick.timer", "TimersCalendar"), /OnCalendar=\*-\*-\* \*:00:00/);
        assert.equal(property("ms-other", "Nice"), "4");
        assert.notEqual(property("ms-other", "MainPID"), before);
    });

    it("removes what is wanted no more, and only that", () => {
        const { code, out } = verb("converge", nothing);
        assert.equal(code, 0, out);
        const { out: left } = ssh(
            `ls ${systemd} | grep -E 'ms-(tick|other.service.d)'; systemctl is-active ms-tick.timer ms-other; grep ms-system /proc/mounts`,
        );
        assert.equal(left, "inactive\nactive\n");
    });
});
