// SPDX-License-Identifier: Apache-2.0
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Before anything else is loaded: it saves a third of the start.
enableCompileCache(fileURLToPath(new URL("../compile-cache", import.meta.url)));
await import("./serve.ts");
