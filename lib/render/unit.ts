// SPDX-License-Identifier: Apache-2.0
/** systemd units and JVM argument files of our daemons. */

/** What differs between the units of the daemons. */
export interface DaemonUnit {
    readonly name: string;
    readonly description: string;
    readonly user: string;
    /** Directories below which the daemon may write, besides its own /run and /var/log. */
    readonly writable: readonly string[];
    /** Paths that must exist before the daemon may start: the evidence of its bootstrap. */
    readonly conditions?: readonly string[];
    /** Patterns (glob), at least one of which must match something before the daemon may start. */
    readonly anyOf?: readonly string[];
    /** Mounts that must be there. */
    readonly mounts?: readonly string[];
    /** Commands run before the start, as root. */
    readonly prepare?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    /** How long a stop may take, seconds. @default 90 */
    readonly stopSeconds?: number;
}

/** Open files of each daemon; preflight asks whether a host gives them. */
export const openFiles = 65536;

const lines = (key: string, values: readonly string[] = []) =>
    values.map((value) => `${key}=${value}`);

/**
 * Renders a unit. Everything that the process loads comes from `/etc/metalstream/<unit>/current`, whose digest is recorded before each
 * start, so that a roll can tell what runs. Java exits with 143 on SIGTERM. `Restart=always`, since a Spark master that
 * loses its leadership ends with status 0 (Master.scala, revokedLeadership).
 */
export function systemdUnit(unit: DaemonUnit): string {
    const current = `/etc/metalstream/${unit.name}/current`;
    const text = [
        "[Unit]",
        `Description=${unit.description} (metalstream)`,
        "After=network-online.target",
        "Wants=network-online.target",
        ...lines("RequiresMountsFor", unit.mounts),
        ...lines("ConditionPathExists", unit.conditions),
        // `|`: systemd joins conditions by "and", these by "or".
        ...lines(
            "ConditionPathExistsGlob",
            unit.anyOf?.map((pattern) => `|${pattern}`),
        ),
        // A daemon that waits for others restarts until they are there; it must not give up.
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        `User=${unit.user}`,
        `Group=${unit.user}`,
        ...lines(
            "ExecStartPre",
            unit.prepare?.map((command) => `+${command}`),
        ),
        `ExecStartPre=+/bin/sh -c 'mkdir -p /run/metalstream && basename "$(readlink ${current})" >/run/metalstream/${unit.name}.running'`,
        `ExecStart=/usr/bin/java @${current}/java.args`,
        ...Object.entries(unit.environment ?? {}).map(
            ([key, value]) => `Environment=${key}=${value}`,
        ),
        "SuccessExitStatus=143",
        "Restart=always",
        "RestartSec=1",
        `TimeoutStopSec=${unit.stopSeconds ?? 90}`,
        `LimitNOFILE=${openFiles}`,
        "UMask=0027",
        `LogsDirectory=metalstream/${unit.name}`,
        `WorkingDirectory=/var/log/metalstream/${unit.name}`,
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        `ReadWritePaths=${unit.writable.join(" ")}`,
        "PrivateTmp=yes",
        // Lines in the journal, and so in the logs job, carry the service's name instead of "java".
        `SyslogIdentifier=${unit.name}`,
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ];
    return text.join("\n");
}

/** What a JVM of ours is started with. */
export interface JavaCommand {
    readonly unit: string;
    readonly heapMiB: number;
    readonly options?: readonly string[];
    readonly systemProperties?: Readonly<Record<string, string>>;
    /** Absolute paths; explicit and sorted, since class-data archives do not work with wildcards. */
    readonly classpath: readonly string[];
    readonly main: string;
    readonly args?: readonly string[];
}

/** One token of an argument file: quoted, backslashes doubled (JDK documentation of `java @argfiles`). */
const quote = (token: string) =>
    /^[\w./:=,@%+-]+$/.test(token)
        ? token
        : `"${token.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;

/** Renders a `java @argfile`, an argument a line, so that a diff shows which changed. */
export function javaArguments(command: JavaCommand): string {
    const properties = Object.entries(command.systemProperties ?? {});
    const tokens = [
        `-Xmx${command.heapMiB}m`,
        "-XX:+ExitOnOutOfMemoryError",
        `-XX:ErrorFile=/var/log/metalstream/${command.unit}/hs_err_%p.log`,
        ...(command.options ?? []),
        ...properties.map(([key, value]) => `-D${key}=${value}`),
        "-cp",
        command.classpath.join(":"),
        command.main,
        ...(command.args ?? []),
    ];
    return tokens.map((token) => `${quote(token)}\n`).join("");
}
