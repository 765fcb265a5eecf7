// SPDX-License-Identifier: Apache-2.0
/** Whether a streaming job runs, and what is then done about it: every combination, one bash a table. */
import assert from "node:assert/strict";
import { combinations } from "../unit/answers.ts";
import { callEach, table } from "./functions.ts";

const both = ["yes", "no"] as const;

describe("host decisions: streaming jobs", () => {
    const records = ["there", "none", "unreadable"] as const;
    const states = [
        ...["SUBMITTED", "RUNNING", "RELAUNCHING", "FINISHED", "KILLED", "FAILED", "ERROR"],
        ...["UNKNOWN", "LOST", "none", "unreachable"],
    ];

    it("a driver that was started again under another id runs if it has an application, and is lost if nothing of it is left (44 combinations)", () => {
        table("settled_state", combinations(states, both, both), (state, app, lonely) => {
            if (["SUBMITTED", "RUNNING", "unreachable"].includes(state)) return state;
            if (app === "yes") return "RUNNING";
            if (lonely === "yes" && ["RELAUNCHING", "UNKNOWN"].includes(state))
                return "RELAUNCHING";
            return state === "RELAUNCHING" ? "LOST" : state;
        });
    });

    it("the master's page tells whether the job has an application, and whether a driver is without one", () => {
        const app = (name: string) => ({ id: `app-${name}`, name, cores: 2, state: "RUNNING" });
        const driver = (id: string) => ({ id, state: "RUNNING", worker: "worker-w1" });
        const gone = { id: "driver-0", state: "RELAUNCHING" };
        const cases: readonly (readonly [apps: object[], drivers: object[], expected: string])[] = [
            [[], [], "LOST"],
            [[], [driver("driver-1")], "RELAUNCHING"],
            [[app("logs")], [driver("driver-1")], "RUNNING"],
            [[app("other")], [driver("driver-1")], "LOST"],
            [[app("other")], [driver("driver-1"), driver("driver-2")], "RELAUNCHING"],
        ];
        const got = cases.map(([activeapps, activedrivers]) => {
            const lists = {
                activeapps,
                completedapps: [app("logs")],
                activedrivers,
                completeddrivers: [gone],
            };
            const page = JSON.stringify(
                { url: "spark://m1:7077", workers: [], ...lists, status: "ALIVE" },
                null,
                2,
            );
            const fakes = `driver_state() { printf RELAUNCHING; }; http_get() { printf '%s' '${page}'; }`;
            return callEach([["job_driver_state", "m1:6066", "driver-0", "logs"]], fakes)[0];
        });
        assert.deepEqual(
            got,
            cases.map(([, , expected]) => expected),
        );
        const silent = "driver_state() { printf RELAUNCHING; }; http_get() { false; }";
        assert.deepEqual(callEach([["job_driver_state", "m1:6066", "driver-0", "logs"]], silent), [
            "unreachable",
        ]);
    });

    it("a second instance is never begun on what is not known (66 combinations)", () => {
        const rows = combinations(records, states, both);
        table("job_decision", rows, (record, state, same) => {
            if (record === "none") return "submit";
            if (record === "unreadable" || state === "unreachable") return "unknown";
            if (!["SUBMITTED", "RUNNING", "RELAUNCHING"].includes(state)) return "submit";
            return same === "yes" ? "runs" : "replace";
        });
    });
});
