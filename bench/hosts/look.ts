// SPDX-License-Identifier: Apache-2.0
/** An independent look at a host: what is really there, whoever put it there. Scripts and their answers; pure. */
import { createHash } from "node:crypto";
import { renderFiles, sysctlText } from "./files.ts";
import type { BenchHost, Items, Place } from "./items.ts";

/** Lines of a look at a host, each a fact: `file PATH MODE OWNER:GROUP SHA256`, `unit …`. What differs between two looks differs in lines. */
export interface Look {
    /** What must be so, in every look at any host by whichever tool. */
    readonly state: readonly string[];
    /** Traces of work: times of files and starts of units. Equal in two looks when nothing was done between them. */
    readonly traces: readonly string[];
    /** `name version` of the packages. */
    readonly versions: readonly string[];
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const words = (values: readonly string[]) => values.join(" ");

/** The script of a look, for root's bash. Its output is for {@link parseLook}. */
export function lookScript(set: Items): string {
    const files = [...Object.values(set.files).flat(), set.sysctlFile].map(({ path }) => path);
    const directories = set.directories.map(({ path }) => path);
    const keys = set.sysctls.map(({ key }) => key);
    return `
for path in ${words(files)}; do
    [ -f "$path" ] && [ ! -L "$path" ] || { echo "state file $path missing"; continue; }
    read -r sum _ < <(sha256sum "$path")
    echo "state file $(stat -c '%n %a %U:%G' "$path") $sum"
    echo "trace $(stat -c '%n %i %y %z' "$path")"
done
stat -c 'state directory %n %a %U:%G %F' ${words(directories)}
echo "state account $(getent passwd ${set.account.name} | cut -d: -f1,6,7) $(id -gn ${set.account.name})"
for key in ${words(keys)}; do echo "state sysctl $key $(sysctl -n "$key")"; done
for unit in ${words(set.units)}; do
    echo "state unit $unit $(systemctl is-enabled "$unit") $(systemctl show -P ActiveState "$unit") reload=$(systemctl show -P NeedDaemonReload "$unit")"
    echo "trace $unit started $(systemctl show -P ActiveEnterTimestampMonotonic "$unit") $(systemctl show -P MainPID "$unit")"
done
dpkg-query -W -f 'version \${Package} \${Version} \${db:Status-Status}\\n' ${words(set.packages)}
true
`;
}

/** Reads what {@link lookScript} printed. */
export function parseLook(output: string): Look {
    const of = (key: string) =>
        lines(output)
            .filter((line) => line.startsWith(`${key} `))
            .map((line) => line.slice(key.length + 1));
    return { state: of("state"), traces: of("trace"), versions: of("version") };
}

const bare = (mode: string) => mode.replace(/^0+/, "");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const fileLine = ({ path, mode, owner, group }: Place, text: string) =>
    `file ${path} ${bare(mode)} ${owner}:${group} ${sha256(text)}`;

/** The state that every tool has to reach on a host. */
export function wantedState(set: Items, host: BenchHost, hosts: readonly BenchHost[]): string[] {
    const { name, home, shell } = set.account;
    return [
        ...renderFiles(set, host, hosts).map((file) => fileLine(file, file.text)),
        fileLine(set.sysctlFile, sysctlText(set)),
        ...set.directories.map(
            ({ path, mode, owner, group }) =>
                `directory ${path} ${bare(mode)} ${owner}:${group} directory`,
        ),
        `account ${name}:${home}:${shell} ${name}`,
        ...set.sysctls.map(({ key, value }) => `sysctl ${key} ${value}`),
        ...set.units.map((unit) => `unit ${unit} enabled active reload=no`),
    ];
}

/** How a host differs from what is wanted, line by line: nothing when it is in the wanted state, packages included. */
export function deviations(look: Look, wanted: readonly string[], set: Items): string[] {
    const installed = (name: string) =>
        look.versions.some((line) => line.startsWith(`${name} `) && line.endsWith(" installed"));
    return [
        ...wanted.filter((line) => !look.state.includes(line)).map((line) => `lacks: ${line}`),
        ...look.state.filter((line) => !wanted.includes(line)).map((line) => `has: ${line}`),
        ...set.packages.filter((name) => !installed(name)).map((name) => `lacks: package ${name}`),
    ];
}

/** First words of the traces that differ between two looks: paths of files written, names of units started. */
export function touched(before: Look, after: Look): string[] {
    const changed = after.traces.filter((line) => !before.traces.includes(line));
    return changed.map((line) => line.slice(0, line.indexOf(" ")));
}
