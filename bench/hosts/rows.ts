// SPDX-License-Identifier: Apache-2.0
/** From the comparison's figures to rows and ratios, with the project's aims. Pure. */
import { median, type Row, seconds } from "../figures.ts";
import type { Measured } from "./compare.ts";

/** How many times faster this project wants to be. */
export const aims = { ansibleNothing: 20, ansibleChange: 10, pyinfraNothing: 1 } as const;

const several = (what: string, runs: readonly number[]): Row => ({
    what,
    measured: `${seconds(median(runs))} (${runs.map((run) => run.toFixed(1)).join(", ")})`,
});

function toolRows({ tool, scratch, nothing, change, preview }: Measured): Row[] {
    return [
        { what: `${tool}: from scratch`, measured: seconds(scratch) },
        several(`${tool}: nothing to change`, nothing),
        several(`${tool}: one file changed on every host`, change),
        ...(preview === undefined
            ? []
            : [
                  several(`${tool}: preview, nothing to change`, preview.nothing),
                  several(`${tool}: preview, one file changed`, preview.change),
              ]),
    ];
}

/** A row of a quotient of medians, which should be at least so much where there is an aim. */
function ratio(what: string, other: readonly number[], own: readonly number[], aim?: number): Row {
    const times = median(other) / median(own);
    const row = { what, measured: `${times.toFixed(1)} times faster` };
    return aim === undefined ? row : { ...row, aim: `≥ ${aim}`, reached: times >= aim };
}

/** The table's rows; ratios only of tools that were measured. */
export function hostsRows(measured: readonly Measured[]): Row[] {
    const of = (name: string) => measured.find(({ tool }) => tool === name);
    const [own, ansible, pyinfra] = [of("metalstream"), of("Ansible"), of("pyinfra")];
    const rows = measured.flatMap(toolRows);
    if (own?.preview !== undefined && ansible !== undefined)
        rows.push(
            ratio(
                "up against Ansible, nothing to change",
                ansible.nothing,
                own.nothing,
                aims.ansibleNothing,
            ),
            ratio(
                "preview against Ansible, nothing to change",
                ansible.nothing,
                own.preview.nothing,
                aims.ansibleNothing,
            ),
            ratio(
                "up against Ansible, one file changed",
                ansible.change,
                own.change,
                aims.ansibleChange,
            ),
        );
    if (own !== undefined && pyinfra !== undefined)
        rows.push(
            ratio(
                "up against pyinfra, nothing to change",
                pyinfra.nothing,
                own.nothing,
                aims.pyinfraNothing,
            ),
            ratio("up against pyinfra, one file changed", pyinfra.change, own.change),
        );
    return rows;
}

/** Packages of which two tools installed different versions: then they were not given the same work. */
export function unequalVersions(measured: readonly Measured[]): string[] {
    const all = measured.flatMap(({ versions }) => versions);
    const name = (line: string) => line.slice(0, line.indexOf(" "));
    return [
        ...new Set(all.filter((line) => all.some((o) => name(o) === name(line) && o !== line))),
    ];
}
