// SPDX-License-Identifier: Apache-2.0
/** Policies on commands: a good command passes all of them; each refuses its case in its own words. */
import assert from "node:assert/strict";
import { policies } from "../../policy/policies/index.ts";
import { findings, policy, unknown, type Resource } from "./helpers.ts";

const type = "command:remote:Command";
const hostKey = `ssh-ed25519 ${"A".repeat(68)}`;
const connection = { host: "203.0.113.11", user: "ops", hostKey };
const timeouts = { customTimeouts: { createSeconds: 900, updateSeconds: 900, deleteSeconds: 900 } };
const manifest = [
    "metalstream 1",
    "host m1",
    `artifact hadoop-3.5.0 sha256=${"0".repeat(64)} size=123 url=https://artifacts.example.internal/hadoop.tar`,
    "file /etc/hosts owner=root group=root mode=0644",
    "| 127.0.0.1 localhost",
    "secret /var/lib/hdfs/.ssh/id_fence owner=hdfs group=hdfs mode=0600",
    "| -----BEGIN EC PRIVATE KEY-----",
    "unit zookeeper",
    "> zookeeper.service",
    "| LoadCredential=fence:/etc/fence",
    "",
].join("\n");

const props = {
    connection: { ...connection, proxy: { ...connection, host: "203.0.113.2" } },
    create: "sudo -n /usr/local/lib/metalstream/host-0123 converge limit=900 token=2026-11-22T22:18:00.000Z,secret_/etc/x",
    stdin: manifest,
    environment: { LC_ALL: "C.UTF-8", PASSWORD_FILE: "/etc/password" },
};
const good: Resource = { type, props, opts: timeouts };

interface Case {
    readonly policy: string;
    readonly why: string;
    readonly resource: Partial<Resource>;
    readonly says: readonly string[];
    readonly tolerant?: Readonly<Record<string, unknown>>;
}

const command = (changed: object, opts = {}): Partial<Resource> => ({
    props: { ...props, ...changed },
    opts: { ...timeouts, ...opts },
});
const via = (changed: object) => command({ connection: { ...connection, ...changed } });
const { host, user } = connection;
const unpinned = { host, user };
const nobody = { host, hostKey };

const cases: readonly Case[] = [
    {
        policy: "command-hostkey-pinned",
        why: "no host key",
        resource: command({ connection: unpinned }),
        says: ["connection.hostKey: no host key is pinned"],
    },
    {
        policy: "command-hostkey-pinned",
        why: "no host key of the bastion, none of the copied-to host's",
        resource: {
            ...command({ connection: { ...unpinned, proxy: { ...connection, hostKey: "" } } }),
            type: "command:remote:CopyToRemote",
        },
        says: [
            "connection.hostKey: no host key is pinned",
            "connection.proxy.hostKey: no host key is pinned",
        ],
    },
    {
        policy: "command-hostkey-pinned",
        why: "a fingerprint instead of a key",
        resource: via({ hostKey: "SHA256:abc" }),
        says: ["connection.hostKey: not a public key such as `ssh-ed25519 AAAA…`"],
    },
    {
        policy: "command-connection-passwordless",
        why: "a password",
        resource: via({ password: "hunter2" }),
        says: ["connection.password: a password is given"],
    },
    {
        policy: "command-connection-agent",
        why: "a private key",
        resource: via({ privateKey: "hunter2" }),
        says: ["connection.privateKey: a private key is given"],
    },
    {
        policy: "command-login-unprivileged",
        why: "root",
        resource: via({ user: "root", proxy: { ...connection, user: "root" } }),
        says: ["connection.user: found root", "connection.proxy.user: found root"],
        tolerant: { users: [] },
    },
    {
        policy: "command-login-unprivileged",
        why: "no user",
        resource: command({ connection: nobody }),
        says: ["connection.user: no user, which means root"],
    },
    {
        policy: "command-text-no-secrets",
        why: "an option, an assignment, an address, a key",
        resource: command({
            create: "kafka-configs --password hunter2",
            update: "SASL_PASSWORD=hunter2 run; curl https://me:hunter2@example.org/",
            delete: "echo '-----BEGIN OPENSSH PRIVATE KEY-----' | sshpass -p x ssh h",
        }),
        says: [
            "create: holds a password or secret as an option",
            "update: holds a password or secret in clear text",
            "update: holds a credential in an address",
            "delete: holds a private key",
            "delete: holds a password for sshpass",
        ],
    },
    {
        policy: "command-environment-no-secrets",
        why: "a secret by name, a secret by its looks",
        resource: command({ environment: { DB_PASSWORD: "x", OPTS: "--passphrase=hunter2" } }),
        says: [
            "environment[DB_PASSWORD]: holds a secret by its name",
            "environment[OPTS]: holds a password or secret in clear text",
        ],
        tolerant: { ignored: ["DB_PASSWORD", "OPTS"] },
    },
    {
        policy: "host-secrets-private",
        why: "a secret for everybody",
        resource: command({ stdin: manifest.replace("mode=0600", "mode=0640") }),
        says: ["stdin: secret /var/lib/hdfs/.ssh/id_fence has mode 0640, expected at most 0600"],
        tolerant: { mode: "0640" },
    },
    {
        policy: "host-files-no-secrets",
        why: "a secret in a file and in a unit's file",
        resource: command({
            stdin: manifest
                .replace("127.0.0.1 localhost", "password=hunter2")
                .replace("LoadCredential=fence:", "Environment=API_KEY=hunter2"),
        }),
        says: [
            "stdin: /etc/hosts holds a password or secret in clear text",
            "stdin: zookeeper.service holds a password or secret in clear text",
        ],
    },
    {
        policy: "artifacts-downloads-pinned",
        why: "no checksum, no size, a download into a shell",
        resource: command({
            stdin: manifest.replace(/sha256=\S+ size=123/, "sha256=0 size=0"),
            create: "curl -s https://example.org/install | sudo -n sh",
        }),
        says: [
            "stdin: artifact hadoop-3.5.0 has no valid sha256",
            "stdin: artifact hadoop-3.5.0 has no valid size",
            "create: a download is piped into a shell",
        ],
    },
    {
        policy: "command-delete-ordered",
        why: "delete and triggers",
        resource: command({ delete: "remove", triggers: ["a"] }),
        says: ["delete: delete and triggers are set without deleteBeforeReplace"],
    },
    {
        policy: "command-time-limited",
        why: "no time limits",
        resource: { opts: {} },
        says: ["customTimeouts.create: no time limit", "customTimeouts.update: no time limit"],
    },
    {
        policy: "bootstrap-resources-protected",
        why: "a format and a cluster id that anybody may delete",
        resource: { name: "kafka-format-kafka-controller-m1" },
        says: ["kafka-format-kafka-controller-m1: not protected"],
        tolerant: { exempt: ["kafka-format-kafka-controller-m1"] },
    },
];

describe("policies on commands", () => {
    for (const one of policies) {
        it(`${one.name} passes a good command`, () => {
            assert.deepEqual(findings(one, [good]), []);
        });

        it(`${one.name} does not stumble over what is absent`, () => {
            const said = findings(one, [{ type, props: {}, opts: timeouts }]);
            assert.deepEqual(said, []);
        });
    }

    for (const { policy: name, why, resource, says, tolerant } of cases) {
        it(`${name} refuses ${why}`, () => {
            const spoilt = [{ ...good, ...resource }];
            const remedy = policy(name).remediationSteps ?? "";
            assert.deepEqual(
                findings(policy(name), spoilt),
                says.map((what) => `${what}. ${remedy}`),
            );
            assert.doesNotMatch(findings(policy(name), spoilt).join(), /hunter2/);
            if (tolerant !== undefined) {
                assert.deepEqual(findings(policy(name), spoilt, tolerant), []);
            }
        });
    }

    const unknowns: Readonly<Record<string, object>> = {
        "command-hostkey-pinned": { connection: { ...connection, hostKey: unknown } },
        "command-connection-passwordless": { connection: unknown },
        "command-login-unprivileged": { connection: { ...connection, user: unknown } },
        "command-text-no-secrets": { create: unknown },
        "command-environment-no-secrets": { environment: { OPTS: unknown } },
        "artifacts-downloads-pinned": { update: unknown },
    };
    for (const [name, changed] of Object.entries(unknowns)) {
        it(`${name} leaves an unknown value to the pack, which reports it`, () => {
            assert.throws(
                () => findings(policy(name), [{ ...good, ...command(changed) }]),
                /can't be known during preview/,
            );
        });
    }

    it("manifests that are not known yet are judged in the update, without a word in the preview", () => {
        const later = [{ ...good, ...command({ stdin: unknown }) }];
        for (const one of policies) assert.deepEqual(findings(one, later), [], one.name);
    });

    it("bootstrap-resources-protected is content with protect", () => {
        const protectedBirth = { ...good, name: "zookeeper-birth-m1", opts: { protect: true } };
        assert.deepEqual(findings(policy("bootstrap-resources-protected"), [protectedBirth]), []);
    });

    it("bootstrap-resources-protected lets go what is left alone, and a broker, which can begin again", () => {
        const ofLostHost = {
            ...good,
            name: "zookeeper-birth-m1",
            opts: { ...timeouts, ignoreChanges: ["connection", "create"] },
        };
        const broker = { ...good, name: "kafka-format-kafka-broker-w1" };
        assert.deepEqual(
            findings(policy("bootstrap-resources-protected"), [ofLostHost, broker]),
            [],
        );
    });
});

describe("command-outputs-no-secrets", () => {
    const value = "c0rrect-horse-battery";
    const password: Resource = {
        type: "random:index/randomPassword:RandomPassword",
        name: "scram",
        props: { result: value },
    };
    const say = (...resources: Resource[]) =>
        findings(policy("command-outputs-no-secrets"), resources);
    const leaking = { ...good, name: "leak", props: { ...props, stdout: `made ${value}` } };

    it("finds a generated secret in an output, a command and the environment", () => {
        const spoilt = {
            ...good,
            name: "leak",
            props: { ...props, update: `set ${value}`, environment: { X: value } },
        };
        const said = [...say(password, leaking), ...say(password, spoilt)];
        assert.deepEqual(
            said.map((text) => text.split(". ")[0]),
            [
                "leak stdout: holds the secret that scram generated",
                "leak update: holds the secret that scram generated",
                "leak environment[X]: holds the secret that scram generated",
            ],
        );
        assert.ok(said.every((text) => !text.includes(value)));
    });

    it("is content where the output is a secret, or the secret is not known yet", () => {
        const opts = { ...timeouts, additionalSecretOutputs: ["stdout", "stderr"] };
        assert.deepEqual(say(password, { ...leaking, opts }), []);
        assert.deepEqual(say({ ...password, props: { result: unknown } }, leaking), []);
        assert.deepEqual(say({ ...password, props: {} }, leaking), []);
    });
});
