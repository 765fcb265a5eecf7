// SPDX-License-Identifier: Apache-2.0
/** A cold `npm run lab` with warm caches: how long its parts take, and how much memory the deploying side needs. */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readStack } from "../cli/stack.ts";
import type { Config } from "../lib/config/schema.ts";
import { command, project } from "./commands.ts";
import { unitsOf } from "./floor-scripts.ts";
import { type CpuTimes, cpuTimes, spent } from "./machine.ts";
import {
    firstStart,
    installed,
    type Installed,
    marks,
    type Parts,
    parts,
    startingMessage,
} from "./phases.ts";
import { engineTree, processes } from "./processes.ts";
import type { Ssh } from "./ssh.ts";

/** What the benchmark `lab` found. */
export interface Cold {
    /** Seconds. */
    readonly parts: Parts;
    readonly installed: Installed;
    /** Sum of the resident sizes of engine, language host, program and plugins at its highest. */
    readonly deployingPeakBytes: number;
    /** CPU seconds of the whole machine from the first unit started to the last gate passed. */
    readonly servicesCpu: CpuTimes;
}

const LIMIT = 900; // seconds for the whole run
const SAMPLE_EVERY = 500; // milliseconds

/** Looks at the machine twice a second while something runs. */
class Sampler {
    readonly #times: { at: number; cpu: CpuTimes }[] = [];
    #peak = 0;
    #timer: NodeJS.Timeout | undefined;

    start(ancestor: number): void {
        this.#timer = setInterval(() => {
            const tree = engineTree(processes(), ancestor);
            const sum = tree.reduce((bytes, { rssBytes }) => bytes + rssBytes, 0);
            this.#peak = Math.max(this.#peak, sum);
            this.#times.push({ at: Date.now(), cpu: cpuTimes() });
        }, SAMPLE_EVERY);
    }

    stop(): void {
        clearInterval(this.#timer);
    }

    get peak(): number {
        return this.#peak;
    }

    /** What was spent between two times, as near as the samples tell. */
    between(from: number, to: number): CpuTimes {
        const inside = this.#times.filter(({ at }) => at >= from && at <= to);
        const [first, last] = [inside[0], inside.at(-1)];
        if (first === undefined || last === undefined) return { busy: 0, idle: 0, steal: 0 };
        return spent(first.cpu, last.cpu);
    }
}

/** The engine's own output goes with the lab; it says why a run failed. */
const log = {
    written: join(project, ".lab", "pulumi-up.log"),
    kept: join(project, ".bench", "pulumi-up.log"),
};

function keepLog(): void {
    if (!existsSync(log.written)) return;
    mkdirSync(dirname(log.kept), { recursive: true });
    copyFileSync(log.written, log.kept);
}

async function firstUnitStart(config: Config, ssh: Ssh): Promise<number> {
    const starts = await Promise.all(
        config.hosts.map(async (host) => {
            const journal = await ssh.root(
                host.name,
                `journalctl --quiet --no-pager --output=json --output-fields=UNIT MESSAGE_ID=${startingMessage}`,
            );
            return firstStart(journal, new Set(unitsOf(host))) ?? Number.POSITIVE_INFINITY;
        }),
    );
    return Math.min(...starts);
}

/** Runs `npm run lab`. There must be no lab, and no state of one. Leaves the lab running, and connections to its hosts in `ssh`. */
export async function cold(ssh: Ssh, show: (line: string) => void): Promise<Cold> {
    const sampler = new Sampler();
    const run = command(["npm", "run", "lab"], {
        limit: LIMIT,
        show,
        started: (pid) => {
            sampler.start(pid);
        },
    });
    const { begin, lines, end } = await run.finally(() => {
        sampler.stop();
        keepLog();
    });
    // Only now: the stack's pinned host keys are the lab's.
    const { config } = await readStack("lab");
    await ssh.open(config.hosts.map(({ name }) => name));
    const at = marks(begin, lines, end);
    const firstUnit = await firstUnitStart(config, ssh);
    return {
        parts: parts(at, firstUnit),
        installed: installed(readFileSync(log.kept, "utf8")),
        deployingPeakBytes: sampler.peak,
        servicesCpu: sampler.between(firstUnit, at.lastGate),
    };
}
