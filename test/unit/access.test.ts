// SPDX-License-Identifier: Apache-2.0
/** Who may go where: pinned host keys, ways to hosts, and the key that fences a NameNode. */
import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import fc from "fast-check";
import { authorizedKeysLine, fencingKey } from "../../components/hdfs/fencing-key.ts";
import { ConfigError } from "../../lib/config/diagnostics.ts";
import { takeSecrets } from "../../lib/config/secrets.ts";
import { hostKeyOf, parseKnownHosts } from "../../lib/known-hosts.ts";
import { rawConfig } from "../../lib/stack.ts";
import { targets } from "../../lib/target.ts";
import { loadStack } from "./stacks.ts";

describe("pinned host keys", () => {
    const known = parseKnownHosts(
        [
            "# a comment",
            "a,10.0.0.1 ssh-ed25519 AAAA comment",
            "[a]:2222 ssh-ed25519 BBBB",
            "|1|hash|hash ssh-ed25519 CCCC",
            "@revoked b ssh-ed25519 DDDD",
            "c ssh-ed25519",
            "  d\tecdsa-sha2-nistp256   EEEE  ",
            "",
        ].join("\r\n"),
    );

    for (const [address, port, expected] of [
        ["a", 22, "ssh-ed25519 AAAA"],
        ["10.0.0.1", 22, "ssh-ed25519 AAAA"],
        ["a", 2222, "ssh-ed25519 BBBB"],
        ["a", 2223, undefined],
        ["10.0.0.1", 2222, undefined],
        ["b", 22, undefined],
        ["c", 22, undefined],
        ["d", 22, "ecdsa-sha2-nistp256 EEEE"],
        ["e", 22, undefined],
    ] as const) {
        it(`${address}, port ${port}: ${expected ?? "none"}`, () => {
            assert.equal(hostKeyOf(known, address, port), expected);
        });
    }

    it("come from any text without a throw", () => {
        fc.assert(fc.property(fc.string(), (text) => parseKnownHosts(text).size >= 0));
    });
});

describe("targets", () => {
    const config = loadStack("lab");
    const pin = (...addresses: string[]) =>
        parseKnownHosts(addresses.map((name) => `${name} ssh-ed25519 AAAA\n`).join(""));
    const addresses = config.hosts.map((host) => host.address);

    it("name host, port, user, pinned key and the agent's socket", () => {
        const [first] = targets(config, pin(...addresses));
        assert.deepEqual(first?.endpoint, {
            host: "10.77.0.11",
            port: 22,
            user: "ops",
            hostKey: "ssh-ed25519 AAAA",
            agentSocketPath: ".lab/agent.sock",
        });
        assert.equal(first.bastion, undefined);
    });

    it("leave lost hosts out, and keep those that are down", () => {
        const states = ["present", "down", "lost", "present", "present", "present"] as const;
        const hosts = config.hosts.map((host, i) => ({ ...host, state: states[i] ?? "present" }));
        const names = targets({ ...config, hosts }, pin(...addresses)).map((t) => t.config.name);
        assert.deepEqual(names, ["m1", "m2", "w1", "w2", "w3"]);
    });

    it("go through a bastion with a key of its own, and by each host's port", () => {
        const ssh = { ...config.ssh, bastion: { address: "gate", port: 2022, user: "jump" } };
        const hosts = config.hosts.map((host) => ({ ...host, port: 2200 + host.id }));
        const ports = hosts.map(({ address, port }) => `[${address}]:${port}`);
        const [first] = targets({ ...config, ssh, hosts }, pin(...ports, "[gate]:2022"));
        assert.equal(first?.endpoint.port, 2201);
        assert.equal(first.bastion?.host, "gate");
        assert.equal(first.bastion.user, "jump");
    });

    it("are refused with every host that has no pinned key, and the command that helps", () => {
        const check = () => targets(config, pin(...addresses.slice(2)));
        assert.throws(check, (error) => {
            assert.ok(error instanceof ConfigError);
            assert.match(error.message, /host m1[\s\S]*host m2/);
            assert.match(error.message, /npx metalstream hosts keys/);
            assert.doesNotMatch(error.message, /host m3/);
            return true;
        });
    });
});

describe("secrets of the configuration", () => {
    const take = (values: Record<string, string>, encrypted = true) =>
        takeSecrets(values, () => encrypted, "stacks/Pulumi.x.yaml");

    it("are taken out of it, and other keys are not", () => {
        const secrets = take({ sudoPassword: "a b", sshKey: "k", hosts: "[]" });
        assert.deepEqual(Object.keys(secrets), ["sudoPassword", "sshKey"]);
        assert.equal(secrets.sudoPassword?.reveal(), "a b");
        assert.deepEqual(
            rawConfig({ "metalstream:sudoPassword": "x", "metalstream:facts": "on" }),
            {
                facts: "on",
            },
        );
    });

    for (const [what, values, expected] of [
        [
            "a password of two lines",
            { sudoPassword: "hunter2\nhunter2" },
            "sudoPassword: is empty or has more than one line",
        ],
        ["an empty password", { sudoPassword: "" }, "sudoPassword: is empty or has more"],
        [
            "a passphrase alone",
            { sshKeyPassphrase: "hunter2" },
            "sshKeyPassphrase: there is no sshKey that it belongs to",
        ],
    ] as const) {
        it(`${what} is refused without being shown`, () => {
            assert.throws(
                () => take(values),
                ({ message }: Error) => message.includes(expected) && !message.includes("hunter2"),
            );
        });
    }

    it("are refused in clear text, each without being shown", () => {
        const clear = () => take({ sudoPassword: "hunter2", sshKey: "hunter2" }, false);
        assert.throws(clear, ({ message }: Error) => {
            assert.match(message, /2 findings/);
            assert.match(message, /sudoPassword: stands there in clear text/);
            assert.match(message, /pulumi config set --secret metalstream:sshKey/);
            return !message.includes("hunter2");
        });
    });

    it("reach hosts and bastion alike", () => {
        const config = loadStack("prod");
        const lines = [...config.hosts.map(({ address }) => address), "203.0.113.2"];
        const known = parseKnownHosts(lines.map((name) => `${name} ssh-ed25519 AAAA`).join("\n"));
        const [first] = targets(config, known, take({ sudoPassword: "p", sshKey: "k" }));
        assert.equal(first?.sudoPassword?.reveal(), "p");
        assert.equal(first.endpoint.privateKey?.reveal(), "k");
        assert.equal(first.bastion?.privateKey?.reveal(), "k");
        assert.deepEqual(first.timeouts, { connect: 15, question: 60, command: 900 });
    });
});

describe("fencing key", () => {
    const bytes = (text: string) => createHash("sha256").update(text).digest("base64");

    it("is the same for the same bytes, and another for others", () => {
        assert.deepEqual(fencingKey(bytes("a")), fencingKey(bytes("a")));
        assert.notEqual(fencingKey(bytes("a")).publicKey, fencingKey(bytes("b")).publicKey);
    });

    it("is a pair, in the one form that JSch 0.1.55 reads", () => {
        fc.assert(
            fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (random) => {
                fc.pre(random[0] !== 0xff && random.some((byte) => byte !== 0));
                const pair = fencingKey(Buffer.from(random).toString("base64"));
                assert.match(pair.privateKey, /^-----BEGIN EC PRIVATE KEY-----\n/);
                const jwk = createPublicKey(createPrivateKey(pair.privateKey)).export({
                    format: "jwk",
                });
                const [type, blob = ""] = pair.publicKey.split(" ");
                assert.equal(type, "ecdsa-sha2-nistp256");
                const point = Buffer.from(blob, "base64").subarray(-64).toString("hex");
                const own = Buffer.concat([
                    Buffer.from(jwk.x ?? "", "base64url"),
                    Buffer.from(jwk.y ?? "", "base64url"),
                ]);
                assert.equal(point, own.toString("hex"));
            }),
            { numRuns: 30 },
        );
    });

    it("refuses bytes outside of the curve's order", () => {
        for (const byte of [0, 0xff])
            assert.throws(() => fencingKey(Buffer.alloc(32, byte).toString("base64")));
    });

    it("may do one thing, from the NameNodes only", () => {
        const line = authorizedKeysLine("ecdsa-sha2-nistp256 AAAA", ["10.0.0.1", "10.0.0.2"]);
        assert.equal(
            line,
            'restrict,from="10.0.0.1,10.0.0.2",command="PATH=/usr/sbin:/usr/bin:/sbin:/bin fuser -v -k -n tcp 8020" ecdsa-sha2-nistp256 AAAA\n',
        );
    });
});
