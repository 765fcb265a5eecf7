// SPDX-License-Identifier: Apache-2.0
// Plain JavaScript, because Pulumi's run-policy-pack always puts ts-node (with type checks) before files that are required as TypeScript,
// whatever PulumiPolicy.yaml says. From an ES module, Node itself loads the pack and strips its types.
import "./pack.ts";
