// SPDX-License-Identifier: Apache-2.0
/** A program of its own: gives the lease of a run that has ended back (exclusive.ts starts it; hosts come by standard input). */
import { text } from "node:stream/consumers";
import { readTargets } from "../target.ts";
import { askLease } from "./exclusive.ts";
import { giveLease } from "./lease.ts";

const [run = ""] = process.argv.slice(2);
await giveLease(readTargets(await text(process.stdin)), run, askLease);
