// SPDX-License-Identifier: Apache-2.0
/** A NameNode that gets its image from the active one: what an earlier copy left there, and when it has caught up. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callEach } from "./functions.ts";

describe("a standby's first image", () => {
    const folder = mkdtempSync(join(tmpdir(), "ms-standby-"));
    after(() => {
        rmSync(folder, { recursive: true, force: true });
    });

    const gates = "GATE[namenodes]=m1:9870,m2:9870";
    /** The active NameNode is m1, and serves block pool BP-1; refusals are printed. */
    const active = [
        "active_namenode() { echo m1:9870; }",
        `jmx() { echo '"BlockPoolId" : "BP-1"'; }`,
        "step() { :; }",
        'refuse() { echo "refused: $2"; exit 3; }',
    ];
    const forget = (name: string, commands: string) => {
        const first = join(folder, name, "1");
        const second = join(folder, name, "2");
        const before = [
            ...active,
            `a=${first} b=${second}; mkdir -p $a $b`,
            commands,
            `${gates} GATE[namedirs]=${first},${second}`,
        ];
        const [said = ""] = callEach([["forget_unfinished"]], before.join("\n"));
        return { said, left: [readdirSync(first), readdirSync(second)] };
    };
    const unfinished = (pool: string) =>
        `for d in $a $b; do mkdir $d/current; touch $d/in_use.lock $d/current/{seen_txid,fsimage.ckpt_000,fsimage_000.md5}; echo blockpoolID=${pool} >$d/current/VERSION; done`;

    it("is begun anew where a copy of the same file system was cut off", () => {
        assert.deepEqual(forget("same", unfinished("BP-1")), { said: "", left: [[], []] });
    });

    it("goes into empty directories as they are", () => {
        assert.deepEqual(forget("empty", "mkdir $b/lost+found"), {
            said: "",
            left: [[], ["lost+found"]],
        });
    });

    it("is refused, and nothing removed, where one directory is of another file system", () => {
        const other = `${unfinished("BP-1")}; echo blockpoolID=BP-2 >$b/current/VERSION`;
        const { said, left } = forget("other", other);
        assert.match(said, /refused: .* hold part of an image, or differ/);
        assert.deepEqual(left, [
            ["current", "in_use.lock"],
            ["current", "in_use.lock"],
        ]);
    });

    it("is complete when the standby has applied what the active one had written when first asked", () => {
        const before = [
            "active_namenode() { echo m1:9870; }",
            `jmx() { if [[ $1 == m1 ]]; then echo '{\\"LastAppliedOrWrittenTxId\\":\\"'"$WRITTEN"'\\"}'; else echo '{\\"LastAppliedOrWrittenTxId\\":\\"'"$APPLIED"'\\"}'; fi; }`,
            `MS_HOST=m2 ${gates}`,
            "try() { WRITTEN=$1 APPLIED=$2; caught_up && echo -n yes || echo -n no; }",
            "all() { try '' 5; try 10 ''; try 20 5; try 30 10; }",
        ];
        assert.deepEqual(callEach([["all"]], before.join("\n")), ["nononoyes"]);
    });
});
