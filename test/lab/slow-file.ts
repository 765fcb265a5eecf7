// SPDX-License-Identifier: Apache-2.0
/** A file in HDFS whose writer, on m1, stops in the middle until it is told to go on. */
import assert from "node:assert/strict";
import { exec } from "../../lab/index.ts";
import { hadoopTool, until } from "./support.ts";

const fsShell = `${hadoopTool} org.apache.hadoop.fs.FsShell`;
/** Larger than any other replica in writing. */
const half = "head -c 3000000 /dev/urandom";
const goOn = "/tmp/slow-file-go-on";

export class SlowFile {
    readonly #path: string;
    readonly #writer: ReturnType<typeof exec>;

    private constructor(path: string) {
        this.#path = path;
        const pause = `for ((i = 0; i < 1000; i++)); do [[ ! -e ${goOn} ]] || break; sleep 0.2; done`;
        this.#writer = exec("m1", `(${half}; ${pause}; ${half}) | ${fsShell} -put -f - ${path}`);
    }

    /** Begins, and waits until the first half is on all three DataNodes. */
    static async begin(path: string): Promise<SlowFile> {
        await exec("m1", `rm -f ${goOn}`);
        const file = new SlowFile(path);
        await until("half a replica on each worker", 60, async () => {
            return (await file.unfinished()).length === 3 || undefined;
        });
        return file;
    }

    /** The workers that have a replica of it in writing. */
    async unfinished(): Promise<string[]> {
        const find = "sudo find /data -path '*/rbw/blk_*' -size +2M";
        const workers = ["w1", "w2", "w3"];
        const found = await Promise.all(workers.map((host) => exec(host, find)));
        return workers.filter((_, i) => found[i]?.stdout !== "");
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
