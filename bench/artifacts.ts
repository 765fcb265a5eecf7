// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run bench:artifacts`: how long N hosts take to fetch one artifact, and what the mirror serves for it, from the mirror alone and with
 * hosts that serve on. The hosts run the host program's own code (host/artifacts.sh, host/artifact-peers.sh) with its own constants; the
 * network is bench/artifact-network.ts. Figures go to .bench/artifacts.json.
 */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hostProgram } from "../lib/host-program.ts";
import { item, manifest } from "../lib/manifest.ts";
import { hostNode, Network } from "./artifact-network.ts";
import { type Row, seconds, table } from "./figures.ts";
import { machine } from "./machine.ts";

const { values } = parseArgs({
    options: {
        hosts: { type: "string", default: "6,30,100" },
        /** Seconds that one transfer takes at the full rate of a link: 440 MB over 1 Gbit/s. */
        unit: { type: "string", default: "4" },
        /** Slows everything down by this factor, the hosts' own pauses too: a hundred hosts that ask keep two cores busy. */
        scale: { type: "string", default: "1" },
        /** Takes what the mirror alone needs as hosts times one transfer, instead of measuring it. */
        reckon: { type: "boolean", default: false },
        port: { type: "string", default: "18499" },
    },
});
const SIZE = 4_000_000;
const unit = Number(values.unit);
const scale = Number(values.scale);
const rate = SIZE / (unit * scale);
const port = Number(values.port);
const MIRROR = "127.77.255.1";
const addressOf = (i: number) => `127.77.${Math.floor(i / 250)}.${(i % 250) + 1}`;

/** What one run gave. */
interface Run {
    readonly hosts: number;
    readonly peers: boolean;
    readonly mirrorPlaces: number | undefined;
    /** Seconds until the last host, and until half of them, had it; divided by the scale. */
    readonly all: number;
    readonly half: number;
    /** Copies of the artifact that the mirror sent. */
    readonly mirrorCopies: number;
}

const body = randomBytes(SIZE);
const sha256 = createHash("sha256").update(body).digest("hex");

/** Bash that makes one host fetch: everything of the program but its `main`. */
function script(folder: string): string {
    const call = [
        `MS_CACHE=${folder}/cache MS_PEER=${folder}/run MS_WORK=${folder}/work`,
        'mkdir -p "$MS_CACHE" "$MS_PEER" "$MS_WORK/artifact"',
        `parse_manifest ${folder}/manifest; MS_HOST=\${NAME[1]}; read_peers`,
        `item=\${INDEX["artifact a-1"]} from=nowhere`,
        'obtain "$item" || exit 1',
        'printf "%s\\n" "$from"',
    ];
    const slower = [
        `SLICE=$((SLICE * ${scale})) PATIENCE=$((PATIENCE * ${scale}))`,
        `sleep() { local i; for ((i = 0; i < ${scale}; i++)); do command sleep "$1"; done; }`,
    ];
    return hostProgram().text.replace(
        /main "\$@"; exit "\$\?"\n$/,
        () => `${[...slower, ...call].join("\n")}\n`,
    );
}

function manifestOf(i: number, hosts: number, peers: boolean): string {
    const names = Array.from({ length: hosts }, (_, n) => `${addressOf(n)} h${n}\n`).join("");
    const url = `http://${MIRROR}:${port}/a.tar`;
    return manifest(`h${i}`, [
        {
            items: [
                item.artifacts(3, peers ? { port, peers: "/etc/hosts" } : {}),
                item.file("/etc/hosts", { owner: "root", group: "root", mode: "0644" }, names),
                item.artifact("a-1", { sha256, size: SIZE, url }),
            ],
            units: [],
        },
    ]);
}

/** Starts one host. @returns when it had the artifact, in milliseconds of the machine's clock. */
function fetchOn(folder: string): Promise<number> {
    return new Promise((resolve, reject) => {
        const child = spawn("nice", ["-n", "5", "bash", "-s"], { stdio: ["pipe", "pipe", "pipe"] });
        let said = "";
        child.stdout.on("data", (data: Buffer) => (said += data.toString()));
        child.stderr.on("data", (data: Buffer) => (said += data.toString()));
        child.stdin.end(script(folder));
        child.on("close", (code) => {
            if (code === 0) resolve(Date.now());
            else reject(new Error(`${folder}: ended with ${code}: ${said}`));
        });
    });
}

async function run(hosts: number, peers: boolean, mirrorPlaces?: number): Promise<Run> {
    const folder = mkdtempSync(join(tmpdir(), "ms-bench-artifacts-"));
    const network = new Network(body, port, rate);
    try {
        await network.add({
            address: MIRROR,
            places: mirrorPlaces ?? Number.POSITIVE_INFINITY,
            has: () => "yes",
        });
        const folders = Array.from({ length: hosts }, (_, i) => join(folder, `${i}`));
        for (const [i, own] of folders.entries()) {
            mkdirSync(own);
            writeFileSync(join(own, "manifest"), manifestOf(i, hosts, peers));
            const mark = join(own, "run", "coming", sha256);
            if (peers)
                await network.add(
                    hostNode(addressOf(i), 2, join(own, "cache", `${sha256}.tar`), mark),
                );
        }
        const begin = Date.now();
        const ends = await Promise.all(folders.map(fetchOn));
        const after = ends.map((end) => (end - begin) / 1000 / scale).sort((a, b) => a - b);
        return {
            ...{ hosts, peers, mirrorPlaces },
            all: after.at(-1) ?? 0,
            half: after[Math.floor((hosts - 1) / 2)] ?? 0,
            mirrorCopies: Number((network.sent(MIRROR) / SIZE).toFixed(2)),
        };
    } finally {
        network.close();
        rmSync(folder, { recursive: true, force: true });
    }
}

function rows(alone: Run, shared: Run): Row[] {
    const what = `${alone.hosts} hosts`;
    return [
        {
            what: `${what}, mirror alone`,
            measured: `${seconds(alone.all)}${values.reckon ? " (reckoned)" : ""}, mirror sent ${alone.mirrorCopies} copies`,
        },
        {
            what: `${what}, hosts serve on`,
            measured: `${seconds(shared.all)}, mirror sent ${shared.mirrorCopies} copies`,
            aim: "not slower, and less from the mirror",
            reached: shared.all <= alone.all && shared.mirrorCopies < alone.mirrorCopies,
        },
    ];
}

const on = machine();
const runs: Run[] = [];
const lines: Row[] = [];
for (const hosts of values.hosts.split(",").map(Number)) {
    const shared = await run(hosts, true);
    console.log(JSON.stringify(shared));
    const reckoned = { all: hosts * unit, half: hosts * unit, mirrorCopies: hosts, reckoned: true };
    const alone = values.reckon
        ? { hosts, peers: false, mirrorPlaces: undefined, ...reckoned }
        : await run(hosts, false);
    console.log(JSON.stringify(alone));
    runs.push(shared, alone);
    lines.push(...rows(alone, shared));
}
mkdirSync(".bench", { recursive: true });
writeFileSync(
    ".bench/artifacts.json",
    `${JSON.stringify({ name: "artifacts", machine: on, unit, scale, runs }, null, 4)}\n`,
);
console.log(`\n${table(lines)}`);
