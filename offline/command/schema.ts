// SPDX-License-Identifier: Apache-2.0
import type { NamedType, NamedTypes, ObjectSpec, PropertySpec } from "../plugin/schema.ts";
import { COMMAND_VERSION } from "../versions.ts";

const TEXTS: PropertySpec = { type: "array", items: { type: "string" } };
const VARIABLES: PropertySpec = { type: "object", additionalProperties: { type: "string" } };

function text(description: string): PropertySpec {
    return { type: "string", description };
}

/** Inputs that all commands have. */
const lifecycle = {
    create: text("The command that runs on creation, and on an update if there is no `update`."),
    update: text("The command that runs when an input has changed. Default: `create`."),
    delete: text("The command that runs on deletion. Default: none."),
    triggers: {
        type: "array",
        items: { $ref: "pulumi.json#/Any" },
        replaceOnChanges: true,
        description: "Any values; when one of them changes, the resource is replaced.",
    },
} satisfies Record<string, PropertySpec>;

function processInputs(module: "local" | "remote"): Record<string, PropertySpec> {
    return {
        stdin: text("What the command reads from its standard input. Default: nothing."),
        environment: {
            ...VARIABLES,
            description:
                module === "remote"
                    ? "Environment variables. The SSH server must accept them (AcceptEnv)."
                    : "Environment variables, beside those of the Pulumi engine.",
        },
        addPreviousOutputInEnv: {
            type: "boolean",
            description:
                "Pass the output of the previous run as PULUMI_COMMAND_STDOUT and " +
                "PULUMI_COMMAND_STDERR. Default: true.",
        },
        logging: {
            $ref: `#/types/command:${module}:Logging`,
            description: "What is shown while the command runs. Default: stdoutAndStderr.",
        },
    };
}

const localOnly = {
    interpreter: {
        ...TEXTS,
        description:
            'The program, with arguments, that runs the command. Default: ["/bin/sh", "-c"].',
    },
    dir: text("The working directory. It must exist. Default: the folder of the project."),
    assetPaths: { ...TEXTS, description: "Globs of files to return as assets after the run." },
    archivePaths: {
        ...TEXTS,
        description: "Globs of files to return as one archive after the run.",
    },
} satisfies Record<string, PropertySpec>;

const connection = {
    $ref: "#/types/command:remote:Connection",
    secret: true,
    description: "How to connect to the host.",
} satisfies PropertySpec;

const output = {
    stdout: text("What the command wrote to standard output, less one line end."),
    stderr: text("What the command wrote to standard error, less one line end."),
};

const localOutput = {
    ...output,
    assets: {
        type: "object",
        additionalProperties: { $ref: "pulumi.json#/Asset" },
        description: "The files that `assetPaths` found, by path relative to `dir`.",
    },
    archive: { $ref: "pulumi.json#/Archive", description: "The files that `archivePaths` found." },
} satisfies Record<string, PropertySpec>;

/** Inputs of each resource, by token. */
export const INPUTS = {
    localCommand: {
        properties: { ...lifecycle, ...processInputs("local"), ...localOnly },
        required: [],
    },
    remoteCommand: {
        properties: { ...lifecycle, ...processInputs("remote"), connection },
        required: ["connection"],
    },
    copyToRemote: {
        properties: {
            connection,
            triggers: lifecycle.triggers,
            source: {
                $ref: "pulumi.json#/Asset",
                description: "A FileAsset, StringAsset, or FileArchive; archives are not unpacked.",
            },
            remotePath: text("Where to copy it to. Missing parent directories are made."),
        },
        required: ["connection", "source", "remotePath"],
    },
    copyFile: {
        properties: {
            connection,
            triggers: { type: "array", items: { $ref: "pulumi.json#/Any" } },
            localPath: text("The file to copy."),
            remotePath: text("Where to copy it to."),
        },
        required: ["connection", "localPath", "remotePath"],
    },
    run: {
        properties: {
            command: text("The command to run."),
            ...processInputs("local"),
            ...localOnly,
        },
        required: ["command"],
    },
} satisfies Record<string, ObjectSpec>;

function endpoint(what: string): Record<string, PropertySpec> {
    return {
        host: text(`The address of the ${what}.`),
        port: { type: "number", default: 22, description: `The SSH port of the ${what}.` },
        user: { type: "string", default: "root", description: "The user to log in as." },
        password: { type: "string", secret: true, description: "The password to log in with." },
        privateKey: {
            type: "string",
            secret: true,
            description: "The text of the private key to log in with. Tried before the password.",
        },
        privateKeyPassword: {
            type: "string",
            secret: true,
            description: "The passphrase of the private key.",
        },
        agentSocketPath: text(
            "The socket of the SSH agent; relative to the folder of the project. Default: SSH_AUTH_SOCK.",
        ),
        dialErrorLimit: {
            type: "integer",
            default: 10,
            description: "Retries after a failed attempt to connect; -1 means without end.",
        },
        perDialTimeout: {
            type: "integer",
            default: 15,
            description: "Seconds for one attempt to connect; 0 means no limit.",
        },
        hostKey: text(
            `The key that the ${what} must have, as in authorized_keys. Without it any key is accepted.`,
        ),
    };
}

const logging = {
    type: "string",
    description: "Which output is shown while the command runs.",
    enum: [
        { value: "stdout", description: "Show standard output only." },
        { value: "stderr", description: "Show standard error only." },
        { value: "stdoutAndStderr", description: "Show both." },
        { value: "none", description: "Show nothing." },
    ],
} satisfies NamedType;

/** Named types, by token. */
export const TYPES: NamedTypes = {
    "command:local:Logging": logging,
    "command:remote:Logging": logging,
    "command:remote:ProxyConnection": {
        type: "object",
        description: "How to connect to the machine in between.",
        properties: endpoint("proxy"),
        required: ["host"],
    },
    "command:remote:Connection": {
        type: "object",
        description: "How to connect to the host.",
        properties: {
            ...endpoint("host"),
            proxy: {
                $ref: "#/types/command:remote:ProxyConnection",
                description: "The machine to go through. Default: none.",
            },
        },
        required: ["host"],
    },
};

function resource(
    inputs: ObjectSpec,
    outputs: Record<string, PropertySpec>,
    description: string,
): object {
    return {
        description,
        inputProperties: inputs.properties,
        requiredInputs: inputs.required,
        properties: { ...inputs.properties, ...outputs },
        required: [
            ...inputs.required,
            ...Object.keys(outputs).filter((key) => key.startsWith("std")),
        ],
    };
}

/** The package schema, which the engine asks for by GetSchema. */
export const SCHEMA = {
    name: "command",
    version: COMMAND_VERSION,
    displayName: "Command",
    description: "Runs commands and copies files, here or on hosts that answer SSH.",
    license: "Apache-2.0",
    config: {},
    provider: {},
    types: TYPES,
    resources: {
        "command:local:Command": resource(
            INPUTS.localCommand,
            localOutput,
            "A command that runs on this machine as the resource is created, updated, and deleted.",
        ),
        "command:remote:Command": resource(
            INPUTS.remoteCommand,
            output,
            "A command that runs on a host over SSH as the resource is created, updated, and deleted.",
        ),
        "command:remote:CopyToRemote": resource(
            INPUTS.copyToRemote,
            {},
            "A file or directory that is copied to a host over SFTP.",
        ),
        "command:remote:CopyFile": {
            ...resource(INPUTS.copyFile, {}, "A file that is copied to a host once."),
            deprecationMessage: "Use CopyToRemote instead.",
        },
    },
    functions: {
        "command:local:run": {
            description: "Runs a command on this machine on every preview and update.",
            inputs: { ...INPUTS.run, type: "object" },
            outputs: {
                properties: { ...INPUTS.run.properties, ...localOutput },
                required: ["command", "stdout", "stderr"],
                type: "object",
            },
        },
    },
};
