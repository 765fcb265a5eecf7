// SPDX-License-Identifier: Apache-2.0
import type { Severity } from "./engine.ts";
import type { WireObject } from "./wire.ts";

/** What a running operation can ask for. */
export interface Operation {
    /** The resource's logical name; empty in an invoke. */
    readonly name: string;
    /** Nothing may be changed; outputs that only a run would tell are unknown. */
    readonly preview: boolean;
    /** Aborted when the engine cancels, the resource's time limit is over, or the engine is gone. */
    readonly signal: AbortSignal;
    /**
     * Shows a message beside the resource.
     *
     * @param ephemeral as its current status only
     */
    readonly log: (severity: Severity, message: string, ephemeral?: boolean) => Promise<void>;
}

/** An input that is wrong, and why. */
export interface CheckFailure {
    readonly property: string;
    readonly reason: string;
}

/** What one type of resource does. Properties carry secret marks and unknowns as on the wire. */
export interface ResourceKind {
    /** The inputs whose change replaces the resource. */
    readonly replaceOn: readonly string[] | "any";
    /** Fills in defaults, marks secrets, and finds what is wrong. `olds` is empty for a new resource. */
    check(
        news: WireObject,
        olds: WireObject,
    ): { inputs: WireObject; failures: readonly CheckFailure[] };
    /** The inputs as they are compared with others: with the defaults that a check leaves out. */
    comparable?(inputs: WireObject): WireObject;
    /** Creates it, or says in a preview what is known of it. */
    create(
        operation: Operation,
        inputs: WireObject,
    ): Promise<{ id: string; properties: WireObject }>;
    /** Changes it in place and returns its new properties. Absent: every change replaces. */
    update?(operation: Operation, state: WireObject, inputs: WireObject): Promise<WireObject>;
    /** Removes it. Absent: there is nothing to remove. */
    delete?(operation: Operation, state: WireObject): Promise<void>;
}

/** What one function (invoke) does. */
export interface FunctionKind {
    invoke(
        operation: Operation,
        args: WireObject,
    ): Promise<{ outputs: WireObject; failures: readonly CheckFailure[] }>;
}

/** A provider: its name, its schema, and what its resources and functions do, by token. */
export interface ProviderDefinition {
    readonly name: string;
    /** Without a leading `v`. */
    readonly version: string;
    /** Pulumi package schema. */
    readonly schema: object;
    readonly resources: Readonly<Record<string, ResourceKind>>;
    readonly functions: Readonly<Record<string, FunctionKind>>;
}
