// SPDX-License-Identifier: Apache-2.0
/** How a policy is made: its words and its pure check become what the engine calls. */
import type {
    PolicyResource,
    PolicyResourceOptions,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationPolicy,
} from "@pulumi/policy";
import type { Config } from "../../lib/config/schema.ts";
import type { CommandInputs } from "./command.ts";
import { withExemptions, type Exemption } from "./exemptions.ts";
import { configSchema, valuesOf, type Settings, type Values } from "./settings.ts";

/** What is wrong, and where. */
export interface Finding {
    /** Key of the configuration, property of the resource, or a part of it. */
    readonly where: string;
    /** What was found and what was expected. Never a secret's value. */
    readonly what: string;
    /** The resource, where a stack policy finds it. */
    readonly urn?: string;
}

/** The words of a policy and what can be configured of it. */
export interface Definition<S extends Settings> {
    /** `<service>-<object>-<rule>`. */
    readonly name: string;
    /** What must be, as one sentence. */
    readonly rule: string;
    /** What happens otherwise. */
    readonly why: string;
    /** What to do about a finding. */
    readonly remedy: string;
    readonly severity: Severity;
    readonly settings: S;
}

/** Type of the component whose inputs are the whole validated configuration. */
export const platformType = "metalstream:platform:Platform";
/** Type of a command on a host. */
export const commandType = "command:remote:Command";

/** The parts of a policy that the engine shows; a definition's sentences are joined to its description. */
export function metadata<S extends Settings>(definition: Definition<S>) {
    const { name, rule, why, remedy, severity, settings } = definition;
    return {
        name,
        description: `${rule} ${why}`,
        remediationSteps: remedy,
        severity,
        configSchema: configSchema(settings),
    };
}

function report<S extends Settings>(
    definition: Definition<S>,
    findings: readonly Finding[],
    args: Pick<ResourceValidationArgs, "getConfig">,
    resource: string,
    reportViolation: ReportViolation,
): void {
    const { exemptions = [] } = args.getConfig<{ exemptions?: readonly Exemption[] }>();
    for (const { where, what, urn } of withExemptions(findings, exemptions, resource, new Date())) {
        reportViolation(`${where}: ${what}. ${definition.remedy}`, urn);
    }
}

/** A policy over resources of one of `types`. Its check reads inputs; an unknown one ends it with UnknownValueError, which the pack reports. */
export function resourcePolicy<S extends Settings>(
    definition: Definition<S> & {
        readonly types: readonly string[];
        readonly check: (args: ResourceValidationArgs, settings: Values<S>) => Finding[];
    },
): ResourceValidationPolicy {
    const validateResource = (args: ResourceValidationArgs, reportViolation: ReportViolation) => {
        if (!definition.types.includes(args.type)) return;
        const values = valuesOf(definition.settings, args.getConfig());
        report(definition, definition.check(args, values), args, args.name, reportViolation);
    };
    // The pack asks for this mark before it decodes a resource's properties, which it does anew for each policy.
    const [only, ...others] = definition.types;
    const marked = others.length === 0 ? { __pulumiType: only } : {};
    return { ...metadata(definition), validateResource: Object.assign(validateResource, marked) };
}

/** A policy over the configuration of the platform. */
export function platformPolicy<S extends Settings>(
    definition: Definition<S> & {
        readonly check: (config: Config, settings: Values<S>) => Finding[];
    },
): ResourceValidationPolicy {
    return resourcePolicy({
        ...definition,
        types: [platformType],
        check: (args, settings) => definition.check(args.props as Config, settings),
    });
}

/** A policy over a command on a host. */
export function commandPolicy<S extends Settings>(
    definition: Definition<S> & {
        /** @default only commands; copies to hosts have a connection too */
        readonly types?: readonly string[];
        readonly check: (
            inputs: CommandInputs,
            settings: Values<S>,
            options: PolicyResourceOptions,
        ) => Finding[];
    },
): ResourceValidationPolicy {
    return resourcePolicy({
        ...definition,
        types: definition.types ?? [commandType],
        check: (args, settings) =>
            definition.check(args.props as CommandInputs, settings, args.opts),
    });
}

/** A policy over all resources' outputs together. */
export function stackPolicy<S extends Settings>(
    definition: Definition<S> & {
        readonly check: (resources: readonly PolicyResource[], settings: Values<S>) => Finding[];
    },
): StackValidationPolicy {
    return {
        ...metadata(definition),
        validateStack: (args, reportViolation) => {
            const values = valuesOf(definition.settings, args.getConfig());
            const findings = definition.check(args.resources, values);
            report(definition, findings, args, "stack", reportViolation);
        },
    };
}
