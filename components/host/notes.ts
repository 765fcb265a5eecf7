// SPDX-License-Identifier: Apache-2.0
/** What every host is told of the platform and keeps for later: who is a member of what, and how removals are done. Pure. */
import type { Config } from "../../lib/config/schema.ts";
import { membersNote, watchedRoles } from "../../lib/facts/membership.ts";
import { item, type Section } from "../../lib/manifest.ts";
import { withRole } from "../../lib/topology.ts";

/** Notes of the platform: the same on all hosts, so that any of them can say what was so before. */
export function notesSection(config: Config): Section {
    return {
        items: [
            item.note("removal", config.protect ? "gated" : "free"),
            ...watchedRoles.map((role) => {
                const names = withRole(config, role).map(({ name }) => name);
                return item.note(membersNote(role), names.join(",") || "-");
            }),
        ],
        units: [],
    };
}
