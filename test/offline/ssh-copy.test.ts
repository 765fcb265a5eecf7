// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WireObject } from "../../offline/plugin/wire.ts";
import { parseConnection } from "../../offline/ssh/connection.ts";
import { copyTo } from "../../offline/ssh/copy.ts";
import type { Source } from "../../offline/ssh/copy.ts";
import { withSftp } from "../../offline/ssh/sftp.ts";
import { NEVER, SshBox } from "./support/ssh-box.ts";

describe("ssh: copy", function () {
    this.timeout(20_000);
    const box = SshBox.use();

    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "offline-copy-"));
        mkdirSync(join(folder, "src/deep"), { recursive: true });
        writeFileSync(join(folder, "src/a"), "a");
        writeFileSync(join(folder, "src/deep/b"), "b");
        mkdirSync(join(folder, "there"));
    });

    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    async function copy(source: Source, target: string): Promise<void> {
        await withSftp(
            box.pool,
            parseConnection(box.server.connection() as WireObject),
            { signal: NEVER, status: () => undefined },
            (sftp) => copyTo(sftp, source, join(folder, target)),
        );
    }

    function content(path: string): string {
        return readFileSync(join(folder, path), "utf8");
    }

    it("copies a file, making parents, and into a directory that is there", async () => {
        await copy({ path: join(folder, "src/a") }, "new/dir/file");
        assert.equal(content("new/dir/file"), "a");
        await copy({ path: join(folder, "src/a") }, "there");
        assert.equal(content("there/a"), "a");
    });

    it("copies a directory by its name, or with a slash what is in it", async () => {
        await copy({ path: join(folder, "src") }, "there");
        assert.equal(content("there/src/deep/b"), "b");
        await copy({ path: `${join(folder, "src")}/` }, "flat");
        assert.equal(content("flat/deep/b"), "b");
    });

    it("writes a text, but not over a directory", async () => {
        await copy({ text: "text" }, "note");
        assert.equal(content("note"), "text");
        await assert.rejects(copy({ text: "text" }, "there"), /there is a directory/);
    });

    it("does not copy a directory over a file", async () => {
        await assert.rejects(
            copy({ path: join(folder, "src") }, "src/a"),
            /exists but is not a directory/,
        );
    });
});
