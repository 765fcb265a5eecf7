// SPDX-License-Identifier: Apache-2.0
import { homedir } from "node:os";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import type { ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import languagePb from "@pulumi/pulumi/proto/language_pb.js";
import type {
    AboutRequest,
    AboutResponse,
    GetProgramDependenciesRequest,
    GetProgramDependenciesResponse,
    GetRequiredPackagesRequest,
    GetRequiredPackagesResponse,
    InstallDependenciesRequest,
    InstallDependenciesResponse,
    LanguageHandshakeRequest,
    RunPluginRequest,
    RunPluginResponse,
    RunRequest,
} from "@pulumi/pulumi/proto/language_pb.js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import type { PackageDependency } from "@pulumi/pulumi/proto/plugin_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import { messageOf, RpcError, unary } from "../plugin/serve.ts";
import { fromStruct } from "../plugin/wire.ts";
import { interruptChildren } from "./child.ts";
import { installDependencies } from "./install.ts";
import { findNode } from "./node.ts";
import { parseOptions } from "./options.ts";
import { installedPackages, isInstalled } from "./packages.ts";
import type { RequiredPlugin } from "./packages.ts";
import { programInfo, runProgram } from "./program.ts";
import { runPlugin } from "./run-plugin.ts";

const FAILED_PRECONDITION = grpc.status.FAILED_PRECONDITION;
const UNKNOWN_ERROR = grpc.status.UNKNOWN;

/**
 * The language host for Node programs: what the engine asks of `pulumi-language-nodejs`.
 * It runs programs and plugins; what generates code (SDKs, converted programs) answers UNIMPLEMENTED.
 */
export class LanguageHost {
    #engineAddress: string | undefined;

    /** @param engineAddress `host:port` of the engine; undefined when it will come with the handshake */
    constructor(engineAddress: string | undefined) {
        this.#engineAddress = engineAddress;
    }

    /** The engine's `host:port`, once it is known. */
    get engineAddress(): string | undefined {
        return this.#engineAddress;
    }

    /** The gRPC methods of the service `LanguageRuntime`. */
    methods(version: string): UntypedServiceImplementation {
        return {
            handshake: unary((request: LanguageHandshakeRequest) => {
                this.#engineAddress = request.getEngineAddress();
                return new languagePb.LanguageHandshakeResponse();
            }),
            getPluginInfo: unary(() => {
                const info = new pluginPb.PluginInfo();
                info.setVersion(version);
                return info;
            }),
            getRequiredPackages: unary(requiredPackages),
            getProgramDependencies: unary(programDependencies),
            about: unary(about),
            run: unary((request: RunRequest, call) =>
                runProgram(request, this.#engine(), (cancel) => call.on("cancelled", cancel)),
            ),
            runPlugin: (call: ServerWritableStream<RunPluginRequest, RunPluginResponse>) => {
                finish(
                    call,
                    runPlugin(
                        call.request,
                        (response) => call.write(response),
                        (cancel) => call.on("cancelled", cancel),
                    ),
                );
            },
            installDependencies: (
                call: ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>,
            ) => {
                finish(
                    call,
                    installDependencies(call.request, (response) => call.write(response)),
                );
            },
            runtimeOptionsPrompts: unary(() => new languagePb.RuntimeOptionsResponse()),
            template: unary(() => new languagePb.TemplateResponse()),
            cancel: unary(() => {
                interruptChildren();
                return new emptyPb.Empty();
            }),
        };
    }

    #engine(): string {
        if (this.#engineAddress === undefined) {
            throw new RpcError(
                FAILED_PRECONDITION,
                "the engine's address is unknown: give it as an argument, or call Handshake before Run",
            );
        }
        return this.#engineAddress;
    }
}

/** Ends a stream when the work behind it has ended. */
function finish<Req, Res>(call: ServerWritableStream<Req, Res>, work: Promise<void>): void {
    work.then(
        () => {
            call.end();
        },
        (error: unknown) => {
            call.emit("error", { code: UNKNOWN_ERROR, details: messageOf(error) });
        },
    );
}

async function requiredPackages(
    request: GetRequiredPackagesRequest,
): Promise<GetRequiredPackagesResponse> {
    const response = new languagePb.GetRequiredPackagesResponse();
    const pulumiHome = process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");
    for (const installed of installedPackages(
        programInfo(request.getInfo()).getProgramDirectory(),
    )) {
        if (installed.plugin !== undefined && (await isInstalled(pulumiHome, installed.plugin))) {
            response.addPackages(packageDependency(installed.plugin));
        }
    }
    return response;
}

function packageDependency(plugin: RequiredPlugin): PackageDependency {
    const dependency = new pluginPb.PackageDependency();
    dependency.setName(plugin.name);
    dependency.setKind("resource");
    dependency.setVersion(plugin.version);
    dependency.setServer(plugin.server);
    if (plugin.parameterization !== undefined) {
        const parameterization = new pluginPb.PackageParameterization();
        parameterization.setName(plugin.parameterization.name);
        parameterization.setVersion(plugin.parameterization.version);
        parameterization.setValue(plugin.parameterization.value);
        dependency.setParameterization(parameterization);
    }
    return dependency;
}

function programDependencies(
    request: GetProgramDependenciesRequest,
): GetProgramDependenciesResponse {
    const response = new languagePb.GetProgramDependenciesResponse();
    const installed = installedPackages(programInfo(request.getInfo()).getProgramDirectory());
    for (const one of installed.sort((a, b) => a.name.localeCompare(b.name))) {
        const dependency = new languagePb.DependencyInfo();
        dependency.setName(one.name);
        dependency.setVersion(one.version);
        response.addDependencies(dependency);
    }
    return response;
}

async function about(request: AboutRequest): Promise<AboutResponse> {
    const info = programInfo(request.getInfo());
    const node = await findNode(info.getProgramDirectory());
    const response = new languagePb.AboutResponse();
    response.setExecutable(node.path);
    response.setVersion(node.version);
    const options = parseOptions(fromStruct(info.getOptions()));
    response.getMetadataMap().set("packagemanager", options.packagemanager);
    return response;
}
