// SPDX-License-Identifier: Apache-2.0
// How units are taken away: under the gate of their service, in order; and how a roll that stopped goes on. With a systemd of the test's own.
import assert from "node:assert/strict";
import { unitBlock } from "../../lib/manifest.ts";
import { boxUnavailable, inBox, manifestOf } from "./box.ts";
import { callEach } from "./functions.ts";
import { fakeSystemd, unitLines } from "./systemd.ts";

const port = 18_431;

/** A Spark master that leads while /srv/leads is there, and counts this machine's worker. */
const master = `
'${process.execPath}' -e 'require("http").createServer((q, s) => s.end(JSON.stringify({
    workers: [{id: "worker-1", host: require("os").hostname().split(".")[0], state: "ALIVE"}],
    status: require("fs").existsSync("/srv/leads") ? "ALIVE" : "STANDBY"}, null, 1))).listen(${port}, "127.0.0.1")' & master=$!
for i in $(seq 50); do (: </dev/tcp/127.0.0.1/${port}) 2>/dev/null && break; sleep 0.1; done
`;
const digestOf = (name: string, setting = "a") =>
    unitBlock(name, { settings: setting, [`${name}.service`]: "[Service]\nExecStart=/bin/true" })
        .digest;
const spec = (name: string, setting?: string) =>
    `roll ${name}\ndigest ${digestOf(name, setting)}\ntimeout 1\ngate masters 127.0.0.1:${port}\n`;
const withWorker = (mode: string) =>
    manifestOf(`note removal ${mode}`, ...unitLines("spark-worker"));
const without = (mode: string) => manifestOf(`note removal ${mode}`);

function requireBox(this: Mocha.Context): void {
    const reason = boxUnavailable();
    if (reason !== undefined) {
        console.log(`skipped: ${reason}`);
        this.skip();
    }
}

describe("host program: removal of a unit", function () {
    this.timeout(90_000);
    before(requireBox);

    /** A worker that was converged and rolled, with a master that leads; then the script. */
    const rolled = (mode: string, script: string) =>
        inBox(
            `${fakeSystemd}${master} touch /srv/leads
             ms converge token=A <m >/dev/null && ms roll token=B <spec >/dev/null; log >/dev/null
             ${script}; kill $master`,
            {
                m: withWorker(mode),
                spec: spec("spark-worker"),
                gone: without(mode),
                free: without("free"),
            },
        );

    it("passes its gate first, with what the last roll noted", () => {
        const { out, err } = rolled(
            "gated",
            "cat /var/lib/metalstream/gates/spark-worker; ms converge token=C <gone; log; ls /var/lib/metalstream/gates",
        );
        assert.equal(err, "");
        assert.match(
            out,
            new RegExp(`^timeout 1\ngate masters 127.0.0.1:${port}\nremove spark-worker: asking`),
        );
        assert.match(out, /changed unit spark-worker: removed[^]*stop spark-worker\n$/);
    });

    for (const [what, command] of [
        ["a converge", "ms converge token=C <gone"],
        ["a removal of the host", "ms remove"],
    ] as const) {
        it(`is refused in ${what} while the gate says no: the unit runs, and the next run goes on`, () => {
            const { out, err } = rolled(
                "gated",
                `rm /srv/leads; ${command}; echo code=$?; cat /srv/units/spark-worker; ls /etc/metalstream; log
                 touch /srv/leads; ${command}; echo code=$?; log`,
            );
            assert.match(
                err,
                /remove spark-worker: refused: gate_before_spark_worker did not pass within 1 s, so it cannot be missed now; it still runs; bring the other members back/,
            );
            assert.match(out, /code=3\nactive\nspark-worker\n/);
            assert.match(out, /removed[^]*code=0\nstop spark-worker\n$/);
        });
    }

    it("asks nobody where removal is free, or became so with the same manifest", () => {
        const { out, err } = rolled("free", "rm /srv/leads; ms remove; echo code=$?; log");
        assert.match(out, /code=0\nstop spark-worker\n$/, err);
        const later = rolled(
            "gated",
            "rm /srv/leads; ms converge token=C <free; echo code=$?; log",
        );
        assert.match(later.out, /code=0\nstop spark-worker\n$/, later.err);
    });

    it("is refused where no roll ever noted what to ask, and a check asks for that roll", () => {
        const { out, err } = rolled(
            "gated",
            "rm /var/lib/metalstream/gates/spark-worker; ms check <m | grep ^unit; ms remove; echo code=$?; log",
        );
        assert.match(out, /^unit spark-worker active .* rolled=-\ncode=3\n$/);
        assert.match(err, /was never noted on this host/);
    });

    it("needs no gate when the unit does not run", () => {
        const { out } = rolled(
            "gated",
            "rm /srv/leads; echo inactive >/srv/units/spark-worker; ms remove; echo code=$?",
        );
        assert.match(out, /changed unit spark-worker: removed\nremoved 1 items\ncode=0\n/);
    });

    it("goes in an order in which each still has what it needs", () => {
        const units = [
            "zookeeper",
            "kafka-controller",
            "hdfs-datanode",
            "hdfs-zkfc",
            "kafka-broker",
            "ms-own",
            "hdfs-namenode",
        ];
        const { out } = inBox(
            `${fakeSystemd} ms converge <m >/dev/null; log >/dev/null; ms remove >/dev/null; log`,
            {
                m: manifestOf(...units.flatMap((name) => unitLines(name)), "link /srv/l /t"),
            },
        );
        assert.deepEqual(out.trim().split("\n"), [
            "stop ms-own",
            "stop kafka-broker",
            "stop hdfs-datanode",
            "stop hdfs-zkfc",
            "stop hdfs-namenode",
            "stop kafka-controller",
            "stop zookeeper",
        ]);
    });

    it("of a Kafka controller waits for brokers where everything goes", () => {
        const broker = `require("net").createServer().listen(${port + 1}, "127.0.0.1"); setTimeout(() => { require("fs").appendFileSync("/srv/log", "broker ended\\n"); process.exit() }, 1500)`;
        const { out } = inBox(
            `${fakeSystemd} ms converge <m >/dev/null; log >/dev/null; mkdir -p /var/lib/metalstream/gates
             printf 'timeout 1\ngate brokers 127.0.0.1:${port + 1}\n' >/var/lib/metalstream/gates/kafka-controller
             '${process.execPath}' -e '${broker}' & for i in $(seq 50); do (: </dev/tcp/127.0.0.1/${port + 1}) 2>/dev/null && break; sleep 0.1; done
             ms remove >/dev/null; log`,
            { m: manifestOf(...unitLines("kafka-controller")) },
        );
        assert.equal(out, "broker ended\nstop kafka-controller\n");
    });

    it("ranks every unit of the platform, and nothing else before them", () => {
        const rows = [
            ["file", "/x"],
            ["unit", "ms-own"],
            ["unit", "spark-worker"],
            ["unit", "zookeeper"],
        ];
        assert.deepEqual(callEach(rows.map((row) => ["removal_rank", ...row])), [
            "99",
            "00",
            "01",
            "10",
        ]);
    });
});

describe("host program: notes", function () {
    this.timeout(60_000);
    before(requireBox);

    it("are what was applied last, until the next converge ends, and go with the host's removal", () => {
        const { out } = inBox(
            `ms check <m | grep note; echo =; ms converge token=A <m; ms check <n | grep -E '^(note|drift)' | sort; ms converge token=B <n; ms check <n | grep -E '^(note|drift|token)'; ms remove; ls /var/lib/metalstream/notes`,
            {
                m: manifestOf("note members.zookeeper m1,m2", "note removal gated"),
                n: manifestOf("note members.zookeeper m1", "note removal gated"),
            },
        );
        assert.match(out, /^drift note members.zookeeper value\ndrift note removal value\n=\n/);
        assert.match(
            out,
            /2 changed, 0 unchanged\ndrift note members.zookeeper value\nnote members.zookeeper m1,m2\nnote removal gated\n/,
        );
        assert.match(
            out,
            /1 changed, 1 unchanged\ntoken B\n(note removal gated\nnote members.zookeeper m1|note members.zookeeper m1\nnote removal gated)\nremoved 0 items\n$/,
        );
    });
});

describe("host program: a roll that stopped", function () {
    this.timeout(60_000);
    before(requireBox);

    it("leaves what is behind untouched, and the next run does exactly the rest", () => {
        const of = (setting: string) =>
            manifestOf(...["ms-a", "ms-b", "ms-c"].flatMap((name) => unitLines(name, setting)));
        const rolls = ["ms-a", "ms-b", "ms-c"].map((name) => spec(name, "new")).join("");
        const { out, err } = inBox(
            `${fakeSystemd} ms converge token=A <old >/dev/null; ms converge token=B <new >/dev/null; log >/dev/null
             echo ms-b >/srv/broken; ms roll token=T1 <rolls >/dev/null 2>error; echo code=$?; log
             rm /srv/broken; ms roll token=T2 <rolls >/dev/null; echo code=$?; log
             ms roll token=T3 <rolls >/dev/null; echo code=$?; log; tail -n 1 error >&2`,
            { old: of("old"), new: of("new"), rolls },
        );
        assert.equal(
            out,
            "code=1\nrestart ms-a\nrestart ms-b\ncode=0\nstart ms-b\nrestart ms-c\ncode=0\n",
        );
        assert.match(
            err,
            /roll ms-b: systemctl restart failed; .*what was not rolled yet is untouched/,
        );
    });
});

describe("host program: a roll of a run that restarts nothing", function () {
    this.timeout(60_000);
    before(requireBox);

    it("starts what does not run, and refuses to restart what came up with another configuration meanwhile", () => {
        const of = (setting: string) => manifestOf(...unitLines("ms-a", setting));
        const { out, err } = inBox(
            `${fakeSystemd} ms converge token=A <old >/dev/null; log >/dev/null
             ms roll token=T,starts-only,ms-a <same >/dev/null; echo code=$?; log
             ms converge token=B <new >/dev/null; ms roll token=T,starts-only,ms-a <other >/dev/null; echo code=$?; log
             ms roll token=T,ms-a <other >/dev/null; echo code=$?; log`,
            {
                old: of("old"),
                new: of("new"),
                same: spec("ms-a", "old"),
                other: spec("ms-a", "new"),
            },
        );
        assert.equal(out, "code=0\ncode=3\ncode=0\nrestart ms-a\n");
        assert.match(
            err,
            /roll ms-a: refused: it came up with another configuration .*run up again/,
        );
    });
});

describe("host program: why a unit will restart", function () {
    this.timeout(60_000);
    before(requireBox);

    it("a check names the files that differ from what runs, with their lines; and nothing once it was rolled", () => {
        const of = (...files: string[]) =>
            manifestOf(
                "unit ms-a",
                ...files,
                "> ms-a.service",
                "| [Service]",
                "| ExecStart=/bin/true",
            );
        const [old, wanted] = [
            of("> conf", "| a=1", "| b=1", "> gone", "| x", "> same", "| s"),
            of("> conf", "| a=1", "| b=2", "> more", "| y", "> same", "| s"),
        ];
        const { out } = inBox(
            `${fakeSystemd} ms converge token=A <old >/dev/null; ms check <new | grep -A9 -E '^restart' | grep -E '^(restart|[|])'; echo =
             ms converge token=B <new >/dev/null; ms check <new | grep -c ^restart
             digest=$(ms check <new | sed -n 's/.*wanted=\\([0-9a-f]*\\) .*/\\1/p'); printf 'roll ms-a\\ndigest %s\\n' "$digest" >spec
             ms roll token=C <spec >/dev/null; ms check <new | grep -c ^restart
             echo - >/run/metalstream/ms-a.running; ms check <new | grep ^restart`,
            { old, new: wanted },
        );
        assert.equal(
            out,
            "restart ms-a conf\n| -b=1\n| +b=2\nrestart ms-a gone\n| -x\nrestart ms-a more\n| +y\n=\n3\n0\nrestart ms-a -\n",
        );
    });
});
