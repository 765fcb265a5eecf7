// SPDX-License-Identifier: Apache-2.0
/** How what is on a host differs from an item that is wanted: the words of host/compare.sh. And how to make it differ. Pure. */
import { unitDigest, type Item } from "./manifest.ts";
import type { UnitState } from "./state.ts";

const access = (have: Item, want: Item): string[] => {
    const mode = Number.parseInt(have.attributes["mode"] ?? "", 8);
    const owner = (item: Item) =>
        `${item.attributes["owner"] ?? ""}:${item.attributes["group"] ?? ""}`;
    return [
        ...(mode === Number.parseInt(want.attributes["mode"] ?? "", 8) ? [] : ["mode"]),
        ...(owner(have) === owner(want) ? [] : ["owner"]),
    ];
};

/** Words that say how an item other than a unit differs; none when it is as wanted. */
export function itemDrift(have: Item | undefined, want: Item): string[] {
    if (want.kind === "note") return have?.rest === want.rest ? [] : ["value"];
    if (have === undefined) return ["missing"];
    switch (want.kind) {
        case "file":
        case "secret":
            return [...(have.content === want.content ? [] : ["content"]), ...access(have, want)];
        case "directory":
            return access(have, want);
        case "link":
            return have.rest === want.rest ? [] : ["target"];
        case "sysctl":
            return have.rest === want.rest ? [] : ["value"];
        case "mount":
            return have.block === want.block ? [] : ["unit"];
        case "artifact":
            return have.attributes["sha256"] === want.attributes["sha256"] ? [] : ["missing"];
        case "user":
            return ["group", "home", "shell", "groups"].filter(
                (key) => have.attributes[key] !== want.attributes[key],
            );
        case "service":
            return have.content === "" ? [] : [have.content];
        default:
            return have.block === want.block ? [] : ["changed"];
    }
}

/** Words that say how a unit differs. That it runs an older digest is none: the roll compares that. */
export function unitDrift(unit: UnitState | undefined, want: Item): string[] {
    if (unit === undefined) return ["config", "current", "disabled", "inactive"];
    const wanted = unitDigest(want);
    const words = unit.directories.has(wanted) ? [] : ["config"];
    if (
        unit.current === undefined ||
        (unit.current !== wanted && unit.current !== (unit.running ?? "-"))
    ) {
        words.push("current");
    } else if (unit.edited) words.push("changed");
    if (unit.masked) words.push("masked");
    else if (!unit.enabled) words.push("disabled");
    if (unit.running === undefined) words.push("inactive");
    return words;
}

const damages: Readonly<Record<string, (item: Item) => Item>> = {
    content: (item) => ({ ...item, content: `${item.content}edited\n` }),
    mode: (item) => ({ ...item, attributes: { ...item.attributes, mode: "0666" } }),
    owner: (item) => ({ ...item, attributes: { ...item.attributes, owner: "nobody" } }),
    target: (item) => ({ ...item, rest: "/elsewhere" }),
    value: (item) => ({ ...item, rest: "0" }),
    home: (item) => ({ ...item, attributes: { ...item.attributes, home: "/elsewhere" } }),
    inactive: (item) => ({ ...item, content: "inactive" }),
};

/** An item after somebody changed it; undefined when it is gone. @throws Error for a word that no damage of this item makes. */
export function damaged(item: Item, word: string): Item | undefined {
    if (word === "missing") return undefined;
    const damage = damages[word];
    if (damage === undefined) throw new Error(`no damage makes '${item.kind} … ${word}'`);
    return damage(item);
}

/** Changes a unit so that it differs in one way. @throws Error for a word that no damage makes. */
export function damageUnit(unit: UnitState, word: string): void {
    if (word === "inactive") unit.running = undefined;
    else if (word === "disabled") unit.enabled = false;
    else if (word === "masked") unit.masked = true;
    else if (word === "changed") unit.edited = true;
    else if (word === "config" && unit.current !== undefined) unit.directories.delete(unit.current);
    else throw new Error(`no damage makes a unit '${word}'`);
}
