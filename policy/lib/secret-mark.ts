// SPDX-License-Identifier: Apache-2.0
/** Whether a property is marked as secret. Only remediations are given the marks, behind two proxies that take them off again. */
import { Secret } from "@pulumi/policy";

/** How both proxies of @pulumi/policy 1.21 (proxy.js, secret.js) hand out what they stand for. */
const target = "__getSpecialProxyTarget";

/** What a proxy stands for; the value itself where it is none. */
function behind(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const inner = value[target];
    return typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : value;
}

/** Whether a property of a remediation's properties is marked as secret. Where that cannot be seen it is taken for unmarked. */
export function isMarkedSecret(props: Readonly<Record<string, unknown>>, key: string): boolean {
    return behind(behind(props))[key] instanceof Secret;
}

/** Marks a property of a remediation's properties as secret. */
export function markSecret(props: Record<string, unknown>, key: string, value: string): void {
    props[key] = new Secret(value);
}
