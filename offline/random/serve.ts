// SPDX-License-Identifier: Apache-2.0
import { runProvider } from "../plugin/main.ts";
import { RANDOM_PROVIDER } from "./resources.ts";

await runProvider(RANDOM_PROVIDER, () => Promise.resolve());
