// SPDX-License-Identifier: Apache-2.0
import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";
import { CHANNEL_OPTIONS } from "./serve.ts";

/** How important a message is. */
export type Severity = "debug" | "info" | "warning" | "error";

const SEVERITY = {
    debug: enginePb.LogSeverity.DEBUG,
    info: enginePb.LogSeverity.INFO,
    warning: enginePb.LogSeverity.WARNING,
    error: enginePb.LogSeverity.ERROR,
};

/** The engine as a plugin sees it: the place where messages about a resource go. */
export class Engine {
    readonly address: string;
    readonly #client: InstanceType<typeof engineGrpc.EngineClient>;

    /** @param address `host:port` of the engine, from the command line or the handshake */
    constructor(address: string) {
        this.address = address;
        this.#client = new engineGrpc.EngineClient(
            address,
            grpc.credentials.createInsecure(),
            CHANNEL_OPTIONS,
        );
    }

    /**
     * Shows a message beside a resource. Never fails: a lost message must not fail the resource.
     *
     * @param urn the resource; empty for the stack
     * @param ephemeral only as the resource's current status, not kept in the output
     */
    async log(severity: Severity, urn: string, message: string, ephemeral = false): Promise<void> {
        const request = new enginePb.LogRequest();
        request.setSeverity(SEVERITY[severity]);
        request.setMessage(message);
        request.setUrn(urn);
        request.setEphemeral(ephemeral);
        await new Promise<void>((resolve) => {
            this.#client.log(request, () => {
                resolve();
            });
        });
    }
}
