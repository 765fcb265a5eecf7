// SPDX-License-Identifier: Apache-2.0
/** Another login on the hosts: a user whose sudo wants a password, through the hosts' own sshd and sudo. Needs `node lab/cli.ts up` before. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { exec, status } from "../../lab/index.ts";
import { StackFile } from "./stack-file.ts";
import { project, requireLab } from "./support.ts";

const user = "deploy";
const password = `it's a "Tr0ub4dor" word $1`;

/** All that the engine keeps of the stack. */
function stateText(): string {
    const folder = path.join(project, ".state/.pulumi/stacks/metalstream");
    const files = readdirSync(folder).filter((file) => file.startsWith("lab."));
    return files.map((file) => readFileSync(path.join(folder, file), "utf8")).join("\n");
}

describe("a user whose sudo wants a password", function () {
    this.timeout(300_000);
    this.slow(60_000);
    const stack = new StackFile();
    const onEveryHost = (command: string) =>
        Promise.all(
            status().hosts.map(async ({ name }) => {
                const { code, stderr } = await exec(name, command);
                assert.equal(code, 0, `${name}: ${stderr}`);
            }),
        );

    before(async function () {
        requireLab(this);
        const quoted = `'${`${user}:${password}`.replaceAll("'", String.raw`'\''`)}'`;
        await onEveryHost(
            `sudo useradd --create-home --shell /bin/bash ${user} && printf '%s\n' ${quoted} | sudo chpasswd &&
             sudo install -D -o ${user} -m 0600 /etc/ssh/lab-authorized/ops /home/${user}/.ssh/authorized_keys &&
             sudo chown ${user}: /home/${user}/.ssh &&
             echo '${user} ALL=(ALL:ALL) ALL' | sudo tee /etc/sudoers.d/${user} >/dev/null`,
        );
    });
    after(async function () {
        if (status().hosts.some(({ on }) => !on)) return;
        stack.write(() => undefined);
        await stack.succeeds("up", "--yes", "--skip-preview");
        await onEveryHost(
            `sudo userdel --force --remove ${user} 2>/dev/null; sudo rm /etc/sudoers.d/${user}`,
        );
        stack.remove();
    });

    async function asUser(word: string): Promise<void> {
        stack.write((config) => {
            config["metalstream:ssh"] = { ...(config["metalstream:ssh"] as object), user };
        });
        await stack.succeeds("config", "set", "--secret", "sudoPassword", word);
    }

    it("is refused with a wrong password, before anything is touched, and the password is not said", async () => {
        await asUser("wrong word");
        const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0);
        assert.match(output, /sudo: deploy: refused: /);
        assert.doesNotMatch(output, /wrong word|updated/);
    });

    it("does all that an up does, and the password is nowhere in clear", async () => {
        await asUser(password);
        const up = await stack.succeeds("up", "--yes", "--skip-preview");
        assert.match(up, /converge-m1 updated/);
        const preview = await stack.succeeds("preview", "--diff", "--expect-no-changes");
        for (const text of [up, preview, stateText()]) {
            assert.ok(!text.includes("Tr0ub4dor"), "the password shows");
        }
    });
});
