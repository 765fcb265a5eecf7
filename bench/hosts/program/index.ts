// SPDX-License-Identifier: Apache-2.0
/** The comparison's items as a Pulumi program: facts, tokens and one converge a host, as the platform's own program has them. */
import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { host } from "../../../lib/config/schema/machines.ts";
import { gatherFacts } from "../../../lib/facts/gather.ts";
import { driftReport } from "../../../lib/facts/report.ts";
import { convergeToken, manifestDigest } from "../../../lib/facts/token.ts";
import { hostKeyOf, parseKnownHosts } from "../../../lib/known-hosts.ts";
import { hostCommand } from "../../../lib/ops/command.ts";
import type { BenchHost } from "../items.ts";
import { items } from "../items.ts";
import { hostManifest } from "../manifest.ts";

const config = new pulumi.Config();
const hosts = config.requireObject<BenchHost[]>("hosts");
const known = parseKnownHosts(readFileSync(config.require("knownHosts"), "utf8"));
const set = items(config.requireNumber("interval"));

const questions = hosts.map(({ name, address }, i) => {
    const hostKey = hostKeyOf(known, address, 22);
    if (hostKey === undefined) throw new pulumi.RunError(`no pinned host key of ${address}`);
    const endpoint = { host: address, port: 22, user: "ops", hostKey };
    const timeouts = { connect: 15, question: 60, command: 900 };
    const machine = host.parse({ id: i + 1, name, address, rack: "r1" });
    const target = { config: machine, endpoint, timeouts };
    return { target, payload: hostManifest(set, { name, address }, hosts) };
});
const answers = await gatherFacts(questions, !pulumi.runtime.isDryRun());
const now = new Date();

for (const { target, payload } of questions) {
    const { name } = target.config;
    const answer = answers.get(name);
    if (answer?.kind !== "facts")
        throw new pulumi.RunError(`${name}: ${answer?.reason ?? "not asked"}`);
    const drift = driftReport(name, answer.facts);
    if (drift !== undefined && pulumi.runtime.isDryRun()) await pulumi.log.info(drift);
    const token = convergeToken(answer.facts, manifestDigest(payload), now);
    hostCommand(`converge-${name}`, target, { verb: "converge", payload, token }, {});
}
