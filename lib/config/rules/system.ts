// SPDX-License-Identifier: Apache-2.0
/** Rules about a platform team's own items. Paths of services are known to components only: components/host/system.ts. Pure. */
import { members, unitsOfRole } from "../../topology.ts";
import { didYouMean, type Diagnostic } from "../diagnostics.ts";
import { roles, type Config, type HostConfig } from "../schema.ts";
import { finding, type Rule } from "./finding.ts";

type Lists = Pick<
    Config["system"],
    "packages" | "directories" | "files" | "services" | "dropIns" | "timers"
>;
const lists: readonly (keyof Lists)[] = [
    "packages",
    "directories",
    "files",
    "services",
    "dropIns",
    "timers",
];

/** Is an item meant for a host: for all, or for its name or one of its roles? */
export const isOn = (item: { readonly on: readonly string[] }, host: HostConfig): boolean =>
    item.on.length === 0 ||
    item.on.some((word) => word === host.name || (host.roles as readonly string[]).includes(word));

/** `on` names hosts and roles. */
export const systemHosts: Rule = (config) => {
    const known = [...config.hosts.map(({ name }) => name), ...roles];
    return lists.flatMap((list) =>
        config.system[list].flatMap(({ on }, i) =>
            on
                .filter((word) => !known.includes(word))
                .map((word) => {
                    const near = didYouMean(word, known);
                    return finding(
                        `system.${list}[${i}].on`,
                        `${word} is neither a host nor a role`,
                        near === undefined ? "name hosts or roles" : `did you mean ${near}?`,
                    );
                }),
        ),
    );
};

/** Where an item writes, by the path of its key. */
function placesOf({ system }: Config): { key: string; place: string; on: readonly string[] }[] {
    const at = <T extends { readonly on: readonly string[] }>(
        list: string,
        items: readonly T[],
        place: (item: T) => string,
    ) =>
        items.map((item, i) => ({
            key: `system.${list}[${i}]`,
            place: place(item),
            on: item.on,
        }));
    return [
        ...at("packages", system.packages, ({ name }) => `package ${name}`),
        ...at("directories", system.directories, ({ path }) => path),
        ...at("files", system.files, ({ path }) => path),
        ...at("services", system.services, ({ name }) => `service ${name}`),
        ...at("dropIns", system.dropIns, (d) => `${units}/${d.unit}.d/${d.name}.conf`),
        ...at("timers", system.timers, ({ name }) => `${units}/${name}.timer`),
    ];
}
const units = "/etc/systemd/system";

/** Nothing is declared twice for a host. */
export const systemOnce: Rule = (config) => {
    const places = placesOf(config);
    return places.flatMap(({ key, place, on }, i) => {
        const twin = places
            .slice(0, i)
            .find(
                (other) =>
                    other.place === place &&
                    members(config).some((host) => isOn({ on }, host) && isOn(other, host)),
            );
        if (twin === undefined) return [];
        return [finding(key, `${place} is also ${twin.key}`, "declare it once for a host")];
    });
};

const ours = [
    "/etc/metalstream",
    "/opt/metalstream",
    "/var/lib/metalstream",
    "/var/cache/metalstream",
    "/run/metalstream",
    "/usr/local/lib/metalstream",
    "/proc",
    "/sys",
    "/dev",
];

/** The platform's own places, data disks among them, stay its own. */
export const systemPlaces: Rule = (config) => {
    const taken = [...ours, ...config.hardware.disks];
    return (["files", "directories"] as const).flatMap((list) =>
        config.system[list].flatMap(({ path }, i) => {
            const above = taken.find((place) => path === place || path.startsWith(`${place}/`));
            const key = `system.${list}[${i}].path`;
            const fix = "choose another place";
            if (above !== undefined)
                return [finding(key, `${path} lies in ${above}, which the platform manages`, fix)];
            if (path === "/etc/hosts") {
                const what = "/etc/hosts is made by the platform as a whole";
                return [finding(key, what, "name further hosts in system.names")];
            }
            return /^\/etc\/.*\/60-metalstream[^/]*$/.test(path)
                ? [finding(key, `${path} is made by the platform`, fix)]
                : [];
        }),
    );
};

/** Units of the platform are not a platform team's. */
export const systemUnits: Rule = ({ system }) => {
    const taken = Object.values(unitsOfRole).flat();
    const check = (key: string, unit: string): Diagnostic[] => {
        if (!taken.includes(unit.replace(/\.service$/, ""))) return [];
        const what = `${unit} is a unit of the platform`;
        return [
            finding(key, what, "its settings are keys of this file; see docs/configuration.md"),
        ];
    };
    return [
        ...system.services.flatMap(({ name }, i) => check(`system.services[${i}].name`, name)),
        ...system.timers.flatMap(({ name }, i) => check(`system.timers[${i}].name`, name)),
        ...system.dropIns.flatMap(({ unit }, i) => check(`system.dropIns[${i}].unit`, unit)),
    ];
};

/** What a service is restarted for is declared for the same hosts. */
export const systemRestarts: Rule = (config) =>
    config.system.services.flatMap((service, i) =>
        service.restartOn.flatMap((path, j) => {
            const { files, dropIns } = config.system;
            const of = [
                ...files.filter((file) => file.path === path),
                ...dropIns.filter(({ unit, name }) => `${unit}/${name}` === path),
            ];
            const lacking = members(config).filter(
                (host) => isOn(service, host) && !of.some((item) => isOn(item, host)),
            );
            if (lacking.length === 0) return [];
            const what = `${path} is neither a file of system.files nor unit/name of system.dropIns on ${lacking.map(({ name }) => name).join(", ")}`;
            return [finding(`system.services[${i}].restartOn[${j}]`, what, "declare it there too")];
        }),
    );

/** A member's name has one address, and never one of this machine's own: a daemon would listen on loopback only. */
export const systemNames: Rule = (config) =>
    Object.entries(config.system.names).flatMap(([name, address]) => {
        const key = `system.names.${name}`;
        if (members(config).some((host) => host.name === name))
            return [finding(key, "this is a host of the platform", "it is in /etc/hosts already")];
        if (name === "localhost" || /^(127\.|::1$)/.test(address))
            return [finding(key, `${address} is the host itself`, "name another host's address")];
        return [];
    });
