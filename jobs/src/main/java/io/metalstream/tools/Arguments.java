// SPDX-License-Identifier: Apache-2.0
package io.metalstream.tools;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** Command-line arguments: {@code --name value} and {@code --flag}, nothing else. */
final class Arguments {
    /** The command line is wrong; the message says how it should be. */
    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    private final Map<String, String> values = new HashMap<>();

    Arguments(List<String> args, List<String> options, List<String> flags) throws UsageException {
        for (int i = 0; i < args.size(); i++) {
            String name = args.get(i);
            boolean flag = flags.contains(name);
            if (!flag && !options.contains(name)) {
                throw new UsageException("unknown argument " + name);
            }
            if (!flag && i + 1 == args.size()) {
                throw new UsageException(name + " needs a value");
            }
            if (values.put(name, flag ? "" : args.get(++i)) != null) {
                throw new UsageException(name + " is given twice");
            }
        }
    }

    boolean flag(String name) {
        return values.containsKey(name);
    }

    Optional<String> optional(String name) {
        return Optional.ofNullable(values.get(name));
    }

    String required(String name) throws UsageException {
        return optional(name).orElseThrow(() -> new UsageException(name + " is missing"));
    }

    int number(String name, int min, int otherwise) throws UsageException {
        String text = values.getOrDefault(name, Integer.toString(otherwise));
        try {
            int number = Integer.parseInt(text);
            if (number >= min) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, together with numbers that are too small.
        }
        throw new UsageException(name + ": found " + text + ", expected a whole number of at least " + min);
    }

    /** Further client settings (security) from a properties file, as Kafka's own tools take them. */
    Properties clientSettings() throws UsageException {
        Properties properties = new Properties();
        if (flag("--command-config")) {
            try (InputStream in = Files.newInputStream(Path.of(values.get("--command-config")))) {
                properties.load(in);
            } catch (IOException e) {
                throw new UsageException("--command-config: cannot be read: " + e);
            }
        }
        return properties;
    }
}
