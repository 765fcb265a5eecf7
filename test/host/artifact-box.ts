// SPDX-License-Identifier: Apache-2.0
/** A tar, a mirror that serves it and other hosts that serve it on, on this machine and in a box. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boxUnavailable, inBox, manifestOf, type Outcome } from "./box.ts";
import { freePort } from "./ports.ts";

const server = join(import.meta.dirname, "tar-server.ts");
export const directory = mkdtempSync(join(tmpdir(), "ms-artifact-"));
after(() => {
    rmSync(directory, { recursive: true });
});

/** A tar of 40 kB: enough for a turn to count as progress. */
export const tar = join(directory, "a.tar");
writeFileSync(join(directory, "hello"), "hello\n");
writeFileSync(join(directory, "bulk"), randomBytes(40_000));
execFileSync("tar", ["-C", directory, "-cf", tar, "hello", "bulk"]);
const bytes = readFileSync(tar);
export const sha256 = createHash("sha256").update(bytes).digest("hex");
export const size = bytes.length;

/** `box` is this host, at 127.0.0.1; the others are in this order above or beside it. */
export const peers = (port: number) => [
    `artifacts 3 port=${port} peers=/etc/hosts`,
    "file /etc/hosts owner=root group=root mode=0644",
    ...["| 127.0.0.1 localhost", "| 127.0.0.1 box", "| 127.0.0.2 m2", "| 127.0.0.3 m3"],
];

/**
 * Shell: a peer at ADDRESS with a cache and places of its own, answering by the program's own code, as systemd's socket would have it run.
 * systemd-socket-activate does not set REMOTE_ADDR, as systemd does: `ss` knows.
 */
export const peer = (address: string, port: number) => `
mkdir -p ${address}/run/coming ${address}/cache
printf '%s\\n' 127.0.0.1 127.0.0.9 >${address}/run/members
: >${address}/run/place.1
{
    sed '$d' "$BOX/program"
    echo 'socket=$(readlink /proc/self/fd/0); socket=\${socket//[!0-9]/}'
    echo 'read -r _ _ _ REMOTE_ADDR _ < <(ss -Htne state established | grep "ino:$socket ")'
    echo 'REMOTE_ADDR=\${REMOTE_ADDR%:*} peer_answer "$1" "$2"'
} >answer
systemd-socket-activate --accept --inetd --listen=${address}:${port} bash answer "$BOX/${address}/run" "$BOX/${address}/cache" 2>${address}/log &
pids+=" $!"
for i in $(seq 100); do grep -q Listening ${address}/log && break; sleep 0.05; done
`;

/** Runs a script beside a mirror; `$mirror` is its address, `requests` what it was asked. */
export async function withMirror(
    script: (port: number) => string,
    items: (url: string, port: number) => string[],
): Promise<Outcome> {
    const [mirror, port] = [await freePort(), await freePort()];
    return inBox(
        `pids=""; '${process.execPath}' '${server}' '${tar}' ${mirror} 127.0.0.1 2>requests & pids+=" $!"
         for i in $(seq 100); do (: </dev/tcp/127.0.0.1/${mirror}) 2>/dev/null && break; sleep 0.05; done
         mirror=http://127.0.0.1:${mirror}; cache=/var/cache/metalstream; mkdir -p $cache
         ${script(port)}
         kill $pids`,
        { m: manifestOf(...items(`http://127.0.0.1:${mirror}`, port)) },
    );
}

export const item = (url: string, way: string, digest = sha256) =>
    `artifact a-1 sha256=${digest} size=${size} url=${url}/${way}/a.tar`;
export const converge =
    "ms converge token=A <m; echo code=$?; cat /opt/metalstream/a-1/hello; ls $cache; cat requests";

export function requireBox(this: Mocha.Context): void {
    const reason =
        boxUnavailable() ??
        (spawnSync("systemd-socket-activate", ["--version"]).status === 0
            ? undefined
            : "systemd-socket-activate is not here");
    if (reason !== undefined) {
        console.log(`skipped: ${reason}`);
        this.skip();
    }
}
