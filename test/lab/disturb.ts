// SPDX-License-Identifier: Apache-2.0
/** An `up` that is disturbed in the middle, and how the lab's hosts are afterwards: for tests, and for the campaign of drill.ts. */
import { boot, exec, isolate, kill, rejoin, status } from "../../lab/index.ts";
import { labStack } from "../../lab/platform.ts";
import { awaitEngine } from "../../lab/stack-lock.ts";
import { run, type Cut, type Result } from "./support.ts";

const everyHost = () => status().hosts.map(({ name }) => name);

/** Something to do on every host: a file that is shipped to all is gone, and one that a broker has loaded. */
export async function spoil(): Promise<void> {
    for (const host of everyHost())
        await exec(host, "sudo rm -f /etc/rsyslog.d/90-metalstream-kafka.conf");
    await exec("w1", "sudo rm -f /etc/metalstream/kafka-broker/current/log4j2.yaml");
}

/** Digests of all configuration and units of all hosts, and which processes serve them. */
export async function state(): Promise<string> {
    const looks = everyHost().map(
        async (host) =>
            (
                await exec(
                    host,
                    "sudo find /etc/metalstream /etc/rsyslog.d /etc/systemd/system /etc/hosts -type f -exec sha256sum {} + | sort -k 2; sudo sh -c 'head -qc 12 /run/metalstream/*.running'",
                )
            ).stdout,
    );
    return (await Promise.all(looks)).join("\n");
}

/** What happens to an `up`, or to a host beside it. */
export const ways = ["kill -9", "Ctrl-C", "no network", "no power"] as const;
export type Way = (typeof ways)[number];

const later = (seconds: number, act: () => Promise<void>) =>
    new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000)).then(act);

/** The network comes back after 15 s, the power after 5 s: while `up` is still at work. */
function onHost(way: Way, host: string): Promise<void> {
    if (way === "no network") return isolate(host).then(() => later(15, () => rejoin(host)));
    return kill(host).then(() => later(5, () => boot(host)));
}

/**
 * Runs `up` and disturbs it; ends when the host is back and no engine is at work any more.
 * @param at when: after so many milliseconds, or as soon as the output has this.
 * @param host that loses its network or power.
 */
export async function disturbedUp(way: Way, at: Cut["at"], host: string): Promise<Result> {
    let mended: Promise<void> = Promise.resolve();
    const act = () => {
        mended = onHost(way, host);
    };
    const cuts: Readonly<Record<Way, Cut>> = {
        "kill -9": { at, signal: "SIGKILL" },
        "Ctrl-C": { at, signal: "SIGINT" },
        "no network": { at, act },
        "no power": { at, act },
    };
    const up = ["pulumi", "up", "--yes", "--skip-preview", "--stack", "lab"];
    const result = await run(up, cuts[way]);
    await mended;
    await awaitEngine(labStack, () => undefined);
    return result;
}
