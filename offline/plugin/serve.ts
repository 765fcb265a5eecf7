// SPDX-License-Identifier: Apache-2.0
import grpc from "@grpc/grpc-js";
import type {
    handleUnaryCall,
    Server,
    ServerUnaryCall,
    ServiceDefinition,
    UntypedServiceImplementation,
} from "@grpc/grpc-js";

/** The engine sends and takes messages of up to 400 MB; the default of gRPC is 4 MB. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** Options for every gRPC client and server here, so that a long output is no transport error. */
export const CHANNEL_OPTIONS = {
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
};

/** An error that reaches the engine with this gRPC status instead of UNKNOWN. */
export class RpcError extends Error {
    readonly code: grpc.status;

    /**
     * @param code a gRPC status code (`grpc.status`)
     * @param message what the engine shows to the user
     */
    constructor(code: grpc.status, message: string) {
        super(message);
        this.code = code;
    }
}

/**
 * Turns an async function into a gRPC handler.
 * A rejected promise becomes an error with its message; its stack stays here.
 */
export function unary<Req, Res>(
    handler: (request: Req, call: ServerUnaryCall<Req, Res>) => Promise<Res> | Res,
): handleUnaryCall<Req, Res> {
    return (call, callback) => {
        Promise.resolve()
            .then(() => handler(call.request, call))
            .then(
                (response) => {
                    callback(null, response);
                },
                (error: unknown) => {
                    callback({ code: codeOf(error), details: messageOf(error) });
                },
            );
    };
}

function codeOf(error: unknown): grpc.status {
    return error instanceof RpcError ? error.code : grpc.status.UNKNOWN;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}

/**
 * Starts a gRPC server for one service on a free port of the loopback address.
 * Methods that `implementation` leaves out answer UNIMPLEMENTED.
 *
 * @returns the server and the port it listens on
 */
export async function listen(
    service: ServiceDefinition,
    implementation: UntypedServiceImplementation,
): Promise<{ server: Server; port: number }> {
    const server = new grpc.Server(CHANNEL_OPTIONS);
    server.addService(service, implementation);
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
            if (error) {
                reject(error);
            } else {
                resolve(bound);
            }
        });
    });
    return { server, port };
}

/**
 * Serves one service the way the engine expects it of a plugin: the first line on stdout is the port.
 *
 * @returns the server
 */
export async function servePlugin(
    service: ServiceDefinition,
    implementation: UntypedServiceImplementation,
): Promise<Server> {
    const { server, port } = await listen(service, implementation);
    process.stdout.write(`${port}\n`);
    return server;
}
