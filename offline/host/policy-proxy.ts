// SPDX-License-Identifier: Apache-2.0
import grpc from "@grpc/grpc-js";
import type {
    handleUnaryCall,
    MethodDefinition,
    Server,
    ServiceDefinition,
    UntypedServiceImplementation,
} from "@grpc/grpc-js";
import analyzerGrpc from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import analyzerPb from "@pulumi/pulumi/proto/analyzer_pb.js";
import type { AnalyzerStackConfigureRequest } from "@pulumi/pulumi/proto/analyzer_pb.js";
import { deferred } from "../plugin/deferred.ts";
import { CHANNEL_OPTIONS, listen, unary } from "../plugin/serve.ts";

type RawMethod = MethodDefinition<Buffer, Buffer>;

/**
 * Stands between the engine and a policy pack.
 *
 * The pack learns about the stack from environment variables, which must be known when it starts; the
 * engine says them in a call, which it makes after the start. So the proxy is what the engine first
 * talks to, and the pack is started when the call has come. All other calls are passed on, byte for byte.
 */
export class PolicyProxy {
    readonly port: number;
    /** The stack that the engine named, or undefined when it asked something else first. */
    readonly configured: Promise<AnalyzerStackConfigureRequest | undefined>;
    readonly #server: Server;
    readonly #attach: (port: number) => void;

    private constructor(
        server: Server,
        port: number,
        configured: Promise<AnalyzerStackConfigureRequest | undefined>,
        attach: (port: number) => void,
    ) {
        this.#server = server;
        this.port = port;
        this.configured = configured;
        this.#attach = attach;
    }

    /** Starts to listen. */
    static async start(): Promise<PolicyProxy> {
        const configured = deferred<AnalyzerStackConfigureRequest | undefined>();
        const pack = deferred<grpc.Client>();
        const awaitPack = (): Promise<grpc.Client> => {
            configured.resolve(undefined);
            return pack.promise;
        };

        const service = rawService(analyzerGrpc.AnalyzerService);
        const handlers: UntypedServiceImplementation = {};
        for (const [name, method] of Object.entries(service)) {
            handlers[name] = forward(method as RawMethod, awaitPack);
        }
        handlers["handshake"] = unary(() =>
            Buffer.from(new analyzerPb.AnalyzerHandshakeResponse().serializeBinary()),
        );
        handlers["configureStack"] = unary((request: Buffer) => {
            configured.resolve(analyzerPb.AnalyzerStackConfigureRequest.deserializeBinary(request));
            return Buffer.from(new analyzerPb.AnalyzerStackConfigureResponse().serializeBinary());
        });
        const { server, port } = await listen(service, handlers);
        return new PolicyProxy(server, port, configured.promise, (packPort) => {
            pack.resolve(connectTo(packPort));
        });
    }

    /** Lets the waiting calls through to the pack that listens on this port. */
    attach(port: number): void {
        this.#attach(port);
    }

    /** Stops listening; calls under way fail. */
    close(): void {
        this.#server.forceShutdown();
    }
}

function connectTo(port: number): grpc.Client {
    return new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), CHANNEL_OPTIONS);
}

function forward(
    method: RawMethod,
    awaitPack: () => Promise<grpc.Client>,
): handleUnaryCall<Buffer, Buffer> {
    return (call, callback) => {
        void awaitPack().then((client) =>
            client.makeUnaryRequest(
                method.path,
                method.requestSerialize,
                method.responseDeserialize,
                call.request,
                call.metadata,
                (error, response) => {
                    callback(error, response);
                },
            ),
        );
    };
}

/** The same service with messages left as bytes. */
function rawService(service: ServiceDefinition): ServiceDefinition {
    const same = (bytes: Buffer): Buffer => bytes;
    return Object.fromEntries(
        Object.entries(service).map(([name, method]) => [
            name,
            {
                ...method,
                requestSerialize: same,
                requestDeserialize: same,
                responseSerialize: same,
                responseDeserialize: same,
            },
        ]),
    );
}
