// SPDX-License-Identifier: Apache-2.0
import { configurationDocs } from "../../lib/config/docs.ts";
import { golden } from "../golden/golden.ts";

describe("docs/configuration.md", () => {
    it("says what the schema and the rules say", () => {
        golden("../../docs/configuration.md", configurationDocs());
    });
});
