// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from "node:util";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { endWithEngine } from "../plugin/lifetime.ts";
import { servePlugin } from "../plugin/serve.ts";
import { PULUMI_VERSION } from "../versions.ts";
import { killChildren } from "./child.ts";
import { LanguageHost } from "./language-host.ts";

const { values, positionals } = parseArgs({
    strict: false,
    allowPositionals: true,
    options: {
        version: { type: "boolean" },
        tracing: { type: "string" },
        runtime: { type: "string", default: "nodejs" },
    },
});

if (values.version === true) {
    process.stdout.write(`v${PULUMI_VERSION}\n`);
} else if (values.runtime !== "nodejs") {
    process.stderr.write(
        `pulumi-language-nodejs: unsupported runtime: ${String(values.runtime)}\n`,
    );
    process.exitCode = 1;
} else {
    const host = new LanguageHost(positionals[0]);
    await servePlugin(languageGrpc.LanguageRuntimeService, host.methods(`v${PULUMI_VERSION}`));
    endWithEngine(
        () => host.engineAddress,
        () => {
            killChildren();
            return Promise.resolve();
        },
    );
}
