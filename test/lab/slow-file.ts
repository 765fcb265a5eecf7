// SPDX-License-Identifier: Apache-2.0
/** A file of one block in HDFS whose writer, on m1, stops in the middle until it is told to go on. */
import assert from "node:assert/strict";
import { exec } from "../../lab/index.ts";
import { hadoopTool, until } from "./support.ts";

const fsShell = `${hadoopTool} org.apache.hadoop.fs.FsShell`;
const fsck = `${hadoopTool} org.apache.hadoop.hdfs.tools.DFSck`;
const half = "head -c 3000000 /dev/urandom";
const goOn = "/tmp/slow-file-go-on";
const workers = ["w1", "w2", "w3"];

export class SlowFile {
    readonly #path: string;
    readonly #writer: ReturnType<typeof exec>;
    #block = "";

    private constructor(path: string) {
        this.#path = path;
        const pause = `for ((i = 0; i < 1000; i++)); do [[ ! -e ${goOn} ]] || break; sleep 0.2; done`;
        this.#writer = exec("m1", `(${half}; ${pause}; ${half}) | ${fsShell} -put -d - ${path}`);
    }

    /** Begins, and waits until the first half is on all three DataNodes. */
    static async begin(path: string): Promise<SlowFile> {
        await exec("m1", `rm -f ${goOn}; ${fsShell} -rm -f -skipTrash ${path}`);
        const file = new SlowFile(path);
        file.#block = await until("the file's block", 60, async () => {
            const { stdout } = await exec("m1", `${fsck} ${path} -files -blocks -openforwrite`);
            return /blk_\d+/.exec(stdout)?.[0];
        });
        const find = `sudo find /data -path '*/rbw/${file.#block}' -size +2M`;
        await until("half a replica on each worker", 60, async () => {
            const found = await Promise.all(workers.map((host) => exec(host, find)));
            return found.every(({ stdout }) => stdout !== "") || undefined;
        });
        return file;
    }

    /** What the NameNode says of each replica, such as `w1 HEALTHY`. */
    async replicas(): Promise<string[]> {
        const { stdout } = await exec("m1", `${fsck} -blockId ${this.#block}`);
        const lines = stdout.matchAll(/^Block replica on datanode\/rack: (\w+)\/\w+ is (\w+)/gm);
        return [...lines].map(([, host = "", state = ""]) => `${host} ${state}`).sort();
    }

    /** Lets the writer end. */
    async end(): Promise<void> {
        await exec("m1", `touch ${goOn}`);
        const { code, stderr } = await this.#writer;
        assert.equal(code, 0, stderr);
    }

    async remove(): Promise<void> {
        await exec("m1", `rm -f ${goOn}; ${fsShell} -rm -skipTrash ${this.#path}`);
    }
}
