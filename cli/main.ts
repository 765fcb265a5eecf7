// SPDX-License-Identifier: Apache-2.0
/** `npx metalstream`: what `pulumi` has no word for. */
import { artifactsCommand } from "./artifacts.ts";
import { countsCommand } from "./counts.ts";
import { hostsCommand } from "./hosts.ts";
import { leaseCommand } from "./lease.ts";
import { preflightCommand } from "./preflight.ts";
import { statusCommand } from "./status.ts";

interface Command {
    readonly usage: string;
    readonly run: (args: string[]) => Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
    status: {
        usage: "status --stack S [--json]      hosts, services, roles, web pages",
        run: statusCommand,
    },
    preflight: {
        usage: "preflight --stack S            every finding of every host; touches nothing",
        run: preflightCommand,
    },
    hosts: {
        usage: "hosts keys --stack S           shows the keys of hosts and pins them (--host H, --replace H)",
        run: hostsCommand,
    },
    counts: {
        usage: "counts --stack S [--json]      what the logs job has counted so far",
        run: countsCommand,
    },
    lease: {
        usage: "lease show|break --stack S     which run may change the hosts now; break asks first (--yes)",
        run: leaseCommand,
    },
    artifacts: {
        usage: "artifacts build|list|verify|gc the cache of what the hosts get; build fills it",
        run: artifactsCommand,
    },
};

/** Runs one command. @returns the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function main(args: string[]): Promise<number> {
    const [name = "", ...rest] = args;
    const command = commands[name];
    if (command === undefined) {
        const lines = Object.values(commands).map(({ usage }) => `  npx metalstream ${usage}`);
        console.error(`usage:\n${lines.join("\n")}`);
        return name === "" || name === "--help" ? 0 : 2;
    }
    try {
        return await command.run(rest);
    } catch (error) {
        console.error(error instanceof Error ? error.message : error);
        return 1;
    }
}
