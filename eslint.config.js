import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

/** Imports point one way: lib <- components <- index (docs/decisions/0001-layout.md). */
const oneWay = (files, patterns) => ({
    files,
    rules: { "no-restricted-imports": ["error", { patterns }] },
});

export default tseslint.config(
    {
        ignores: [
            "node_modules",
            "jobs/target",
            ".lab",
            ".lab-tests",
            ".state",
            ".bench",
            "test/reporter.cjs",
        ],
    },
    eslint.configs.recommended,
    ...tseslint.configs.strictTypeChecked,
    {
        languageOptions: {
            parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
        },
        rules: {
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
        },
    },
    {
        files: ["test/**/*.ts"],
        rules: {
            // describe() and it() of mocha return values that nobody awaits.
            "@typescript-eslint/no-floating-promises": "off",
        },
    },
    { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
    oneWay(["lib/**/*.ts"], [{ group: ["**/components/**", "**/lab/**", "**/offline/**"] }]),
    oneWay(["offline/**/*.ts", "lab/**/*.ts"], [{ group: ["**/components/**"] }]),
    oneWay(
        ["components/**/config.ts", "lib/render/**/*.ts", "lib/config/**/*.ts"],
        [{ group: ["@pulumi/*", "node:fs", "node:fs/promises", "node:child_process", "node:net"] }],
    ),
    oneWay(["components/**/*.ts"], [{ group: ["@pulumi/command"] }]),
);
