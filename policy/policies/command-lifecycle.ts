// SPDX-License-Identifier: Apache-2.0
/** Commands on hosts: replacement, time limits, and what must not be removed by accident. */
import { commandPolicy, resourcePolicy, commandType } from "../lib/policy.ts";
import { text, texts } from "../lib/settings.ts";

export const commandDeleteOrdered = commandPolicy({
    name: "command-delete-ordered",
    severity: "high",
    rule: "A command that can be replaced and has a delete program is deleted before it is replaced.",
    why: "By default the new command runs first, and then the old delete program undoes what it did.",
    remedy: "Set deleteBeforeReplace, or leave triggers or delete away.",
    settings: {},
    check: (inputs, _settings, { deleteBeforeReplace }) => {
        const replaceable = (inputs.triggers ?? []).length > 0;
        if (inputs.delete === undefined || !replaceable || deleteBeforeReplace === true) return [];
        const what = "delete and triggers are set without deleteBeforeReplace";
        return [{ where: "delete", what }];
    },
});

export const commandTimeLimited = commandPolicy({
    name: "command-time-limited",
    severity: "low",
    rule: "Every command has a time limit.",
    why: "A host that accepts the connection and then says nothing would hold the update up for ever.",
    remedy: "Set customTimeouts of create and update.",
    settings: {},
    check: (_inputs, _settings, { customTimeouts }) => {
        const missing = [
            ...(customTimeouts.createSeconds > 0 ? [] : ["create"]),
            ...(customTimeouts.updateSeconds > 0 ? [] : ["update"]),
        ];
        return missing.map((verb) => ({ where: `customTimeouts.${verb}`, what: "no time limit" }));
    },
});

export const bootstrapResourcesProtected = resourcePolicy({
    name: "bootstrap-resources-protected",
    severity: "critical",
    types: [
        commandType,
        "random:index/randomUuid:RandomUuid",
        "random:index/randomId:RandomId",
        "random:index/randomBytes:RandomBytes",
    ],
    rule: "What gave birth to a service's data is protected from deletion.",
    why: "Without its birth in the state the next update would take the cluster for a fresh one, or make it a new identity.",
    remedy: "Set protect; to remove it on purpose, run `pulumi state unprotect` first.",
    settings: {
        pattern: text(
            "(^|-)(format(?!-kafka-broker)|standby|birth|cluster-id)(-|$)",
            "Names of the resources, a regular expression",
        ),
        exempt: texts([], "Names that need no protection"),
    },
    check: ({ name, opts }, { pattern, exempt }) => {
        // What a lost host had is let go, and is left alone until then.
        const leftAlone = opts.ignoreChanges.includes("connection");
        if (opts.protect || leftAlone || exempt.includes(name)) return [];
        if (!new RegExp(pattern).test(name)) return [];
        return [{ where: name, what: "not protected" }];
    },
});

export const lifecyclePolicies = [
    commandDeleteOrdered,
    commandTimeLimited,
    bootstrapResourcesProtected,
];
