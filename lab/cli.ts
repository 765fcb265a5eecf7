// SPDX-License-Identifier: Apache-2.0
/** The lab's command line; `npm run lab` and `npm run lab:down` end here. */

import { parseArgs } from "node:util";
import {
    boot,
    down,
    isolate,
    kill,
    type LabOptions,
    type LabStatus,
    rejoin,
    reinstall,
    status,
    up,
} from "./index.ts";
import { deploy, forgetState, prepare } from "./platform.ts";

const USAGE = `usage: node lab/cli.ts COMMAND [options]

  up [--hosts-only]     boot the six hosts and bring the platform onto them; what is there already stays
  down                  take the lab away, without a trace but caches and host keys
  status [--json]       show hosts, addresses, racks
  kill HOST             cut the host's power
  boot HOST             switch it on again
  reinstall HOST        install the host anew, its data disks kept (--disks: new, too)
  isolate HOST          cut the host off from the network
  rejoin HOST           connect it again

options: --subnet 10.77.0  --bridge mslab0  --disk-mib 4096  --dir .lab`;

const report = (line: string): void => {
    console.log(line);
};

function table({ hosts, agent, mirror, mirrorUrl }: LabStatus): string {
    const rows = hosts.map(({ name, address, rack, on, connected }) => {
        const state = !on ? "off" : connected ? "on" : "isolated";
        return `  ${name}  ${address.padEnd(15)}  ${rack}  ${state}`;
    });
    const services = `  agent ${agent ? "on" : "off"}, artifact mirror ${mirror ? mirrorUrl : "off"}`;
    return [...rows, services].join("\n");
}

async function main(): Promise<void> {
    const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: {
            "hosts-only": { type: "boolean", default: false },
            json: { type: "boolean", default: false },
            disks: { type: "boolean", default: false },
            subnet: { type: "string" },
            bridge: { type: "string" },
            "disk-mib": { type: "string" },
            dir: { type: "string" },
        },
    });
    const options: LabOptions = {
        ...(values.subnet === undefined ? {} : { subnet: values.subnet }),
        ...(values.bridge === undefined ? {} : { bridge: values.bridge }),
        ...(values["disk-mib"] === undefined ? {} : { diskMiB: Number(values["disk-mib"]) }),
        ...(values.dir === undefined ? {} : { dir: values.dir }),
    };
    const [command, host] = positionals;
    const anew = (name: string) => reinstall(name, values.disks, options);
    const onHost = { kill, boot, isolate, rejoin, reinstall: anew };
    if (command === "up" && positionals.length === 1) {
        const platform = !values["hosts-only"];
        if (platform) await prepare(report);
        report("lab: hosts");
        report(table(await up(options, report)));
        if (platform) await deploy(report);
        else report("  try: ssh -F .lab/ssh_config m1");
    } else if (command === "down" && positionals.length === 1) {
        report("lab: down");
        await down(options, report);
        if (values.dir === undefined) await forgetState(report);
    } else if (command === "status" && positionals.length === 1) {
        const seen = status(options);
        report(values.json ? JSON.stringify(seen, null, 4) : table(seen));
    } else if (
        command !== undefined &&
        command in onHost &&
        host !== undefined &&
        positionals.length === 2
    ) {
        await onHost[command as keyof typeof onHost](host, options);
        report(table(status(options)));
    } else {
        throw new Error(USAGE);
    }
}

try {
    await main();
} catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
}
