// SPDX-License-Identifier: Apache-2.0
/** Values that are not known in a preview. */
import { UnknownValueError } from "@pulumi/policy";

/**
 * A text; undefined while it is absent or unknown. For checks that would otherwise say of every new resource that they cannot be made yet:
 * they are made in the update, before the resource is touched.
 */
export function known(read: () => unknown): string | undefined {
    try {
        const value = read();
        return typeof value === "string" ? value : undefined;
    } catch (error) {
        if (error instanceof UnknownValueError) return undefined;
        throw error;
    }
}
