// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from "node:util";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { endWithEngine } from "./lifetime.ts";
import { Provider } from "./provider.ts";
import type { ProviderDefinition } from "./resource.ts";
import { servePlugin } from "./serve.ts";

/**
 * The main program of a resource plugin: `pulumi-resource-<name> [flags] <engine address>`.
 *
 * @param close ends what must not outlive the engine, after all operations were cancelled
 */
export async function runProvider(
    definition: ProviderDefinition,
    close: () => Promise<void>,
): Promise<void> {
    const { values, positionals } = parseArgs({
        strict: false,
        allowPositionals: true,
        options: { version: { type: "boolean" }, tracing: { type: "string" } },
    });
    if (values.version === true) {
        process.stdout.write(`${definition.version}\n`);
        return;
    }
    const provider = new Provider(definition, positionals[0]);
    await servePlugin(providerGrpc.ResourceProviderService, provider.methods());
    endWithEngine(
        () => provider.engineAddress,
        () => {
            provider.cancel();
            return close();
        },
    );
}
