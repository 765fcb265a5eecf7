// SPDX-License-Identifier: Apache-2.0
import grpc from "@grpc/grpc-js";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import type { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import type {
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    InvokeRequest,
    ProviderHandshakeRequest,
    ReadRequest,
    UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import { diffInputs, topLevel } from "./diff.ts";
import type { Change } from "./diff.ts";
import { Engine } from "./engine.ts";
import type {
    CheckFailure,
    FunctionKind,
    Operation,
    ProviderDefinition,
    ResourceKind,
} from "./resource.ts";
import { RpcError, unary } from "./serve.ts";
import { fromStruct, revealAll, toStruct } from "./wire.ts";
import type { WireObject } from "./wire.ts";

/**
 * A resource provider over the resources and functions of its definition: translates between the
 * engine's gRPC messages and {@link ResourceKind}. What all providers share is here: the comparison of
 * inputs, the check of names, reading (the state, as it is), and cancellation.
 */
export class Provider {
    readonly #definition: ProviderDefinition;
    readonly #cancelled = new AbortController();
    #engine: Engine | undefined;

    /** @param engineAddress `host:port`; undefined when it will come with the handshake */
    constructor(definition: ProviderDefinition, engineAddress: string | undefined) {
        this.#definition = definition;
        this.#engine = engineAddress === undefined ? undefined : new Engine(engineAddress);
    }

    /** The engine's `host:port`, once it is known. */
    get engineAddress(): string | undefined {
        return this.#engine?.address;
    }

    /** Ends every operation under way; they fail as cancelled. */
    cancel(): void {
        this.#cancelled.abort();
    }

    /** The gRPC methods of the service `ResourceProvider`. */
    methods(): UntypedServiceImplementation {
        return {
            handshake: unary((request: ProviderHandshakeRequest) => {
                this.#engine = new Engine(request.getEngineAddress());
                const response = new providerPb.ProviderHandshakeResponse();
                response.setAcceptSecrets(true);
                response.setAcceptResources(true);
                return response;
            }),
            attach: unary((request: PluginAttach) => {
                this.#engine = new Engine(request.getAddress());
                return new emptyPb.Empty();
            }),
            getPluginInfo: unary(() => {
                const info = new pluginPb.PluginInfo();
                info.setVersion(this.#definition.version);
                return info;
            }),
            getSchema: unary(() => {
                const response = new providerPb.GetSchemaResponse();
                response.setSchema(JSON.stringify(this.#definition.schema));
                return response;
            }),
            checkConfig: unary((request: CheckRequest) => {
                const response = new providerPb.CheckResponse();
                response.setInputs(request.getNews());
                return response;
            }),
            diffConfig: unary(() => new providerPb.DiffResponse()),
            configure: unary(() => {
                const response = new providerPb.ConfigureResponse();
                response.setAcceptsecrets(true);
                response.setSupportspreview(true);
                response.setAcceptresources(true);
                return response;
            }),
            check: unary((request: CheckRequest) => this.#check(request)),
            diff: unary((request: DiffRequest) => this.#diff(request)),
            create: unary((request: CreateRequest, call) => this.#create(request, call)),
            read: unary(read),
            update: unary((request: UpdateRequest, call) => this.#update(request, call)),
            delete: unary((request: DeleteRequest, call) => this.#delete(request, call)),
            invoke: unary((request: InvokeRequest, call) => this.#invoke(request, call)),
            cancel: unary(() => {
                this.cancel();
                return new emptyPb.Empty();
            }),
        };
    }

    #check(request: CheckRequest): unknown {
        const { inputs, failures } = this.#kind(request.getUrn()).check(
            fromStruct(request.getNews()),
            fromStruct(request.getOlds()),
        );
        const response = new providerPb.CheckResponse();
        response.setInputs(toStruct(inputs));
        for (const failure of failures) {
            response.addFailures(failureMessage(failure));
        }
        return response;
    }

    #diff(request: DiffRequest): DiffResponse {
        const kind = this.#kind(request.getUrn());
        const olds = revealAll(fromStruct(request.getOldInputs()));
        const news = revealAll(fromStruct(request.getNews()));
        for (const ignored of request.getIgnorechangesList()) {
            news[ignored] = olds[ignored];
        }
        const response = new providerPb.DiffResponse();
        const comparable = (inputs: WireObject): WireObject => kind.comparable?.(inputs) ?? inputs;
        const changes = diffInputs(comparable(olds), comparable(news));
        const { NONE, SOME } = {
            NONE: providerPb.DiffResponse.DiffChanges.DIFF_NONE,
            SOME: providerPb.DiffResponse.DiffChanges.DIFF_SOME,
        };
        response.setChanges(changes.size === 0 ? NONE : SOME);
        response.setHasdetaileddiff(true);
        for (const [path, change] of changes) {
            const name = topLevel(path);
            const replace = kind.replaceOn === "any" || kind.replaceOn.includes(name);
            response.addDiffs(name);
            if (replace) {
                response.addReplaces(name);
            }
            response.getDetaileddiffMap().set(path, propertyDiff(change, replace));
        }
        return response;
    }

    async #create(request: CreateRequest, call: Cancellable): Promise<unknown> {
        const result = await this.#kind(request.getUrn()).create(
            this.#operation(request.getUrn(), request.getPreview(), request.getTimeout(), call),
            fromStruct(request.getProperties()),
        );
        const response = new providerPb.CreateResponse();
        response.setId(result.id);
        response.setProperties(toStruct(result.properties));
        return response;
    }

    async #update(request: UpdateRequest, call: Cancellable): Promise<unknown> {
        const kind = this.#kind(request.getUrn());
        if (kind.update === undefined) {
            throw new RpcError(
                grpc.status.UNIMPLEMENTED,
                `Update is not implemented for resource ${request.getUrn()}`,
            );
        }
        const response = new providerPb.UpdateResponse();
        const properties = await kind.update(
            this.#operation(request.getUrn(), request.getPreview(), request.getTimeout(), call),
            fromStruct(request.getOlds()),
            fromStruct(request.getNews()),
        );
        response.setProperties(toStruct(properties));
        return response;
    }

    async #delete(request: DeleteRequest, call: Cancellable): Promise<unknown> {
        await this.#kind(request.getUrn()).delete?.(
            this.#operation(request.getUrn(), false, request.getTimeout(), call),
            fromStruct(request.getProperties()),
        );
        return new emptyPb.Empty();
    }

    async #invoke(request: InvokeRequest, call: Cancellable): Promise<unknown> {
        const result = await this.#function(request.getTok()).invoke(
            this.#operation("", request.getPreview(), 0, call),
            fromStruct(request.getArgs()),
        );
        const response = new providerPb.InvokeResponse();
        if (result.failures.length > 0) {
            for (const failure of result.failures) {
                response.addFailures(failureMessage(failure));
            }
        } else {
            response.setReturn(toStruct(result.outputs));
        }
        return response;
    }

    #kind(urn: string): ResourceKind {
        const type = urn.split("::")[2]?.split("$").pop() ?? "";
        const kind = this.#definition.resources[type];
        if (kind === undefined) {
            throw this.#unknownToken("resource", type, Object.keys(this.#definition.resources));
        }
        return kind;
    }

    #function(token: string): FunctionKind {
        const found = this.#definition.functions[token];
        if (found === undefined) {
            throw this.#unknownToken("function", token, Object.keys(this.#definition.functions));
        }
        return found;
    }

    #unknownToken(what: string, token: string, known: string[]): RpcError {
        const { name, version } = this.#definition;
        return new RpcError(
            grpc.status.NOT_FOUND,
            `the offline plugin ${name} ${version} has no ${what} "${token}"; ` +
                `it has: ${known.join(", ") || "none"}. The official plugin may have it.`,
        );
    }

    #operation(urn: string, preview: boolean, timeout: number, call: Cancellable): Operation {
        const signals = [this.#cancelled.signal, cancellationOf(call)];
        if (timeout > 0) {
            signals.push(AbortSignal.timeout(timeout * 1000));
        }
        return {
            name: urn.split("::").slice(3).join("::"),
            preview,
            signal: AbortSignal.any(signals),
            log: async (severity, message, ephemeral) => {
                await this.#engine?.log(severity, urn, message, ephemeral);
            },
        };
    }
}

/** The part of a gRPC call that tells of its cancellation by the engine. */
interface Cancellable {
    on(event: "cancelled", listener: () => void): unknown;
}

function cancellationOf(call: Cancellable): AbortSignal {
    const controller = new AbortController();
    call.on("cancelled", () => {
        controller.abort();
    });
    return controller.signal;
}

/** Nothing here can be asked of the outside, so reading answers with the state. */
function read(request: ReadRequest): unknown {
    const response = new providerPb.ReadResponse();
    response.setId(request.getId());
    response.setProperties(request.getProperties());
    response.setInputs(request.getInputs());
    return response;
}

function failureMessage(failure: CheckFailure): InstanceType<typeof providerPb.CheckFailure> {
    const message = new providerPb.CheckFailure();
    message.setProperty(failure.property);
    message.setReason(failure.reason);
    return message;
}

function propertyDiff(
    change: Change,
    replace: boolean,
): InstanceType<typeof providerPb.PropertyDiff> {
    const { Kind } = providerPb.PropertyDiff;
    const kinds = {
        add: replace ? Kind.ADD_REPLACE : Kind.ADD,
        delete: replace ? Kind.DELETE_REPLACE : Kind.DELETE,
        update: replace ? Kind.UPDATE_REPLACE : Kind.UPDATE,
    };
    const message = new providerPb.PropertyDiff();
    message.setKind(kinds[change]);
    return message;
}
