// SPDX-License-Identifier: Apache-2.0
/**
 * `npm test`: does the set-up that tests need, runs every suite, and ends with one line `N passed, N failed, N skipped`.
 * `npm test` runs all, `npm run test:unit` the quick part, `node test/run.ts NAME…` the named suites.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
    describeMissing,
    missingPrerequisites,
    status as labStatus,
    tryToInstall,
} from "../lab/index.ts";

interface Count {
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
}

const project = path.join(import.meta.dirname, "..");
const environment = {
    ...process.env,
    PATH: `${path.join(project, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`,
    NO_COLOR: "1",
};
const work = mkdtempSync(path.join(tmpdir(), "metalstream-run-"));

const none: Count = { passed: 0, failed: 0, skipped: 0 };
const passed: Count = { passed: 1, failed: 0, skipped: 0 };
const failed: Count = { passed: 0, failed: 1, skipped: 0 };

/** Runs a program, its output passed on and returned. */
function run(args: readonly string[], cwd = project): Promise<{ code: number; output: string }> {
    const [program = "", ...rest] = args;
    return new Promise((resolve) => {
        const child = spawn(program, rest, {
            cwd,
            env: { ...environment, METALSTREAM_TEST_STATS: stats },
            stdio: ["ignore", "pipe", "pipe"],
        });
        let output = "";
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding("utf8");
            stream.on("data", (text: string) => {
                output += text;
                process.stdout.write(text);
            });
        }
        child.once("error", (error) => {
            console.log(`${program}: ${error.message}`);
            resolve({ code: 127, output });
        });
        child.once("close", (code) => {
            resolve({ code: code ?? 1, output });
        });
    });
}

const stats = path.join(work, "stats.json");

/** One command that passes or fails as a whole. */
async function check(...args: string[]): Promise<Count> {
    console.log(`\n$ ${args.join(" ")}`);
    return (await run(args)).code === 0 ? passed : failed;
}

/** mocha over files. A run that ends without numbers has failed. */
async function mocha(...files: string[]): Promise<Count> {
    rmSync(stats, { force: true });
    const { code } = await run(["mocha", "--reporter", "test/reporter.cjs", "--exit", ...files]);
    try {
        const count = JSON.parse(readFileSync(stats, "utf8")) as Count;
        return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
    } catch {
        return failed;
    }
}

/** The Java code's own tests, counted from Surefire's last line. */
async function maven(): Promise<Count> {
    const { code, output } = await run(["mvn", "-B", "-ntp", "test"], path.join(project, "jobs"));
    const lines = [
        ...output.matchAll(
            /Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)(?!.*Time elapsed)/g,
        ),
    ];
    const [, runs = "0", failures = "0", errors = "0", skipped = "0"] = lines.at(-1) ?? [];
    const bad = Number(failures) + Number(errors);
    if (Number(runs) === 0) return code === 0 ? passed : failed;
    return {
        passed: Number(runs) - bad - Number(skipped),
        failed: code !== 0 && bad === 0 ? 1 : bad,
        skipped: Number(skipped),
    };
}

async function all(...steps: (() => Promise<Count>)[]): Promise<Count> {
    let sum = none;
    for (const step of steps) sum = add(sum, await step());
    return sum;
}

const add = (a: Count, b: Count): Count => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
});

/** In this order: what the roll leaves behind, the destruction takes away. */
const onThePlatform = [
    ...[
        "converge",
        "system",
        "access",
        "platform",
        "cut-off",
        "life",
        "recovery",
        "roll",
        "destroy",
    ],
].map((name) => `test/lab/${name}.test.ts`);

/** The platform on six real hosts: up from nothing, its tests, and down again; a lab that was there before stays. */
async function lab(): Promise<Count> {
    // What is only a package is installed by `lab/cli.ts up`.
    const missing = (await missingPrerequisites()).filter(
        ({ packageName }) => packageName === undefined,
    );
    if (missing.length > 0) {
        console.log(`lab: skipped:\n${describeMissing(missing)}`);
        return { passed: 0, failed: 0, skipped: 1 };
    }
    const before = labStatus().hosts.some(({ on }) => on);
    const cutOff = before ? none : await mocha("test/lab/interrupted.test.ts");
    const up = add(cutOff, await check("npm", "run", "lab"));
    const tests = up.failed > 0 ? up : add(up, await mocha(...onThePlatform));
    const down = before ? none : await check("node", "lab/cli.ts", "down");
    return add(add(tests, down), await mocha("test/lab/lab.test.ts"));
}

/** What tests of the host program use beside what every machine has. */
const tools = [
    ["shellcheck", "shellcheck"],
    ["mkfs.xfs", "xfsprogs"],
] as const;

const suites: Readonly<Record<string, () => Promise<Count>>> = {
    static: () =>
        all(
            () => check("tsc", "--noEmit"),
            () => check("eslint", "."),
            () => check("prettier", "--check", "--log-level", "warn", "."),
        ),
    unit: () => mocha("test/unit/**/*.test.ts", "test/golden/**/*.test.ts"),
    host: async () => {
        await tryToInstall(tools, console.log);
        return mocha("test/host/**/*.test.ts");
    },
    setup: () =>
        all(
            () => check("node", "offline/seed.ts", "ensure"),
            () => check("node", "bin/metalstream.ts", "artifacts", "build"),
        ),
    policy: () => mocha("test/policy/**/*.test.ts"),
    oracle: () => mocha("test/oracle/**/*.test.ts"),
    jobs: maven,
    offline: () => mocha("test/offline/**/*.test.ts"),
    sim: () => mocha("test/sim/**/*.test.ts"),
    lab,
};

const asked = process.argv.slice(2);
const names = asked.length > 0 ? asked : Object.keys(suites);
let total = none;
try {
    for (const name of names) {
        const suite = suites[name];
        if (suite === undefined)
            throw new Error(
                `there is no suite ${name}; there are: ${Object.keys(suites).join(", ")}`,
            );
        const begin = performance.now();
        console.log(`\n=== ${name}`);
        const count = await suite();
        console.log(
            `=== ${name}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped, ${((performance.now() - begin) / 1000).toFixed(0)} s`,
        );
        total = add(total, count);
    }
} catch (error) {
    console.log(error instanceof Error ? error.message : error);
    total = add(total, failed);
} finally {
    rmSync(work, { recursive: true, force: true });
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
