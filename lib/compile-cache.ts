// SPDX-License-Identifier: Apache-2.0
/**
 * Loaded before the program (`nodeargs` in Pulumi.yaml): node keeps what it compiled, the stripped TypeScript included, and the next run starts
 * faster. The cache lies beside the packages that it is made of, where nobody else can write, and goes with them.
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

enableCompileCache(join(import.meta.dirname, "..", "node_modules", ".cache", "compiled"));
