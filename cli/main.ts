// SPDX-License-Identifier: Apache-2.0
/** `npx metalstream`: what `pulumi` has no word for. */
import { artifactsCommand } from "./artifacts.ts";
import { countsCommand } from "./counts.ts";
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
    counts: {
        usage: "counts --stack S [--json]      what the logs job has counted so far",
        run: countsCommand,
    },
    artifacts: {
        usage: "artifacts build                fetches and builds what the hosts get",
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
