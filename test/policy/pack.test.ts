// SPDX-License-Identifier: Apache-2.0
/** The pack as a process, started as Pulumi's language hosts start it and asked over gRPC as the engine asks. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import analyzerGrpc from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import type { AnalyzeResponse, AnalyzerInfo } from "@pulumi/pulumi/proto/analyzer_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { platformType } from "../../policy/lib/policy.ts";
import { policies } from "../../policy/policies/index.ts";
import { stack, unknown } from "./helpers.ts";

const folder = fileURLToPath(new URL("../../policy", import.meta.url));
const runner = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack");

type Json = Parameters<typeof struct.Struct.fromJavaScript>[0];

describe("policy pack as a process", function () {
    this.timeout(30_000);
    let child: ChildProcess;
    let client: InstanceType<typeof analyzerGrpc.AnalyzerClient>;

    before(async () => {
        const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
        const pack = spawn(process.execPath, [runner, "127.0.0.1:1", folder], {
            cwd: folder,
            stdio,
        });
        child = pack;
        const [port] = (await once(pack.stdout, "data")) as [Buffer];
        const address = `127.0.0.1:${port.toString().trim()}`;
        client = new analyzerGrpc.AnalyzerClient(address, grpc.credentials.createInsecure());
    });

    after(() => {
        client.close();
        child.kill();
    });

    async function analyze(type: string, props: object): Promise<string[]> {
        const request = new analyzer.AnalyzeRequest();
        request.setType(type);
        request.setName("it");
        request.setUrn(`urn:pulumi:test::metalstream::${type}::it`);
        request.setOptions(new analyzer.AnalyzerResourceOptions());
        request.setProperties(
            struct.Struct.fromJavaScript(JSON.parse(JSON.stringify(props)) as Json),
        );
        const call = promisify<typeof request, AnalyzeResponse>(client.analyze.bind(client));
        const response = await call(request);
        return response
            .getDiagnosticsList()
            .map(
                (one) => `${one.getEnforcementlevel()} ${one.getPolicyname()}: ${one.getMessage()}`,
            );
    }

    it("names every policy with description, remedy and schema", async () => {
        const empty = new (
            await import("google-protobuf/google/protobuf/empty_pb.js")
        ).default.Empty();
        const call = promisify<typeof empty, AnalyzerInfo>(client.getAnalyzerInfo.bind(client));
        const info = await call(empty);
        assert.equal(info.getName(), "metalstream");
        assert.deepEqual(
            info.getPoliciesList().map((one) => one.getName()),
            policies.map(({ name }) => name),
        );
        for (const one of info.getPoliciesList()) {
            assert.match(one.getName(), /^[a-z]+(-[a-z]+){2,}$/);
            assert.ok(one.getDescription().length > 40, one.getName());
            assert.ok(one.getConfigschema() !== undefined, one.getName());
        }
    });

    it("says nothing of prod and advises on a bad platform", async () => {
        const config = stack("prod");
        assert.deepEqual(await analyze(platformType, config), []);
        config.hdfs.replication = 2;
        const [said, ...more] = await analyze(platformType, config);
        assert.deepEqual(more, []);
        assert.match(said ?? "", /^0 hdfs-blocks-replicated: At least three copies/);
        assert.match(said ?? "", /\nhdfs\.replication: found 2, expected at least 3\. Set /);
    });

    it("takes levels and values from the engine", async () => {
        const request = new analyzer.ConfigureAnalyzerRequest();
        const strict = new analyzer.PolicyConfig();
        strict.setEnforcementlevel(analyzer.EnforcementLevel.MANDATORY);
        strict.setProperties(struct.Struct.fromJavaScript({ minimum: 4 }));
        request.getPolicyconfigMap().set("hdfs-blocks-replicated", strict);
        await promisify<typeof request, unknown>(client.configure.bind(client))(request);
        const [said] = await analyze(platformType, stack("prod"));
        assert.match(
            said ?? "",
            /^1 hdfs-blocks-replicated: [^\n]*\n.*found 3, expected at least 4\./,
        );
        await promisify<typeof request, unknown>(client.configure.bind(client))(
            new analyzer.ConfigureAnalyzerRequest(),
        );
    });

    it("says which policies cannot be asked yet in a preview, and asks the others", async () => {
        const hostKey = unknown;
        const said = await analyze("command:remote:Command", {
            connection: { host: "203.0.113.11", hostKey, user: "root" },
        });
        const pinned = said.filter((text) => text.includes("command-hostkey-pinned"));
        assert.equal(pinned.length, 1);
        assert.match(pinned[0] ?? "", /^0 .*can't run policy .* during preview: .*hostKey/);
        assert.ok(said.some((text) => text.includes("command-login-unprivileged")));
    });
});
