// SPDX-License-Identifier: Apache-2.0
/** Answers that are the same for every host of a configuration, worked out once: with 1,000 hosts they are asked for 1,000 times each. */

/** The same pure function, which remembers its answer for each argument as long as that lives. The answer must not be changed. */
export function remembered<A extends object, T>(work: (of: A) => T): (of: A) => T {
    const answers = new WeakMap<A, { readonly value: T }>();
    return (of) => {
        const known = answers.get(of) ?? { value: work(of) };
        answers.set(of, known);
        return known.value;
    };
}
