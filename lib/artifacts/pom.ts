// SPDX-License-Identifier: Apache-2.0
import type { Coordinate } from "./coordinate.ts";

const dependencyPlugin = { artifact: "maven-dependency-plugin", version: "3.8.1" };

/** The goal of the pinned plugin, as Maven's command line takes it. */
export function goal(name: "copy" | "copy-dependencies"): string {
    return `org.apache.maven.plugins:${dependencyPlugin.artifact}:${dependencyPlugin.version}:${name}`;
}

/** A pom whose dependencies are these coordinates: Maven resolves what they need in turn. */
export function pomOfDependencies(roots: readonly Coordinate[]): string {
    const items = roots.map((root) => `<dependency>${elements(root)}</dependency>`);
    return pom(`<dependencies>\n${items.join("\n")}\n</dependencies>`);
}

/** A pom that copies exactly these jars into a folder and resolves nothing. */
export function pomOfCopies(jars: readonly Coordinate[], folder: string): string {
    const items = jars.map((jar) => `<artifactItem>${elements(jar)}</artifactItem>`);
    return pom(
        `<build><plugins><plugin>
<groupId>org.apache.maven.plugins</groupId><artifactId>${dependencyPlugin.artifact}</artifactId>
<version>${dependencyPlugin.version}</version>
<configuration><outputDirectory>${escape(folder)}</outputDirectory><artifactItems>
${items.join("\n")}
</artifactItems></configuration></plugin></plugins></build>`,
    );
}

function pom(body: string): string {
    return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>metalstream</groupId><artifactId>artifacts</artifactId><version>1</version>
<packaging>pom</packaging>
${body}
</project>
`;
}

function elements(c: Coordinate): string {
    const classifier = c.classifier ? `<classifier>${c.classifier}</classifier>` : "";
    return (
        `<groupId>${c.group}</groupId><artifactId>${c.artifact}</artifactId>` +
        `<version>${c.version}</version>${classifier}`
    );
}

function escape(text: string): string {
    return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
