// SPDX-License-Identifier: Apache-2.0
import java.io.File;
import java.io.FileReader;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import kafka.server.KafkaConfig;
import org.apache.kafka.raft.DynamicVoters;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.storage.internals.log.LogConfig;

/**
 * Reads configuration as Kafka does and prints what comes out: {@code argument<TAB>key<TAB>value}. Arguments are directories with a
 * server.properties, {@code voters=LIST} (of --initial-controllers) or {@code topic=KEY=VALUE} (configuration of a topic).
 */
public class KafkaOracle {
    public static void main(String[] arguments) throws Exception {
        for (String argument : arguments) {
            if (argument.startsWith("voters=")) {
                DynamicVoters.parse(argument.substring(7)).voters()
                    .forEach((id, voter) -> print("voters", "voter", voter));
            } else if (argument.startsWith("topic=")) {
                String[] entry = argument.substring(6).split("=", 2);
                LogConfig.validate(Map.of(entry[0], entry[1]));
                print("topic", "valid", entry[0]);
            } else {
                report(argument);
            }
        }
    }

    private static void print(String subject, String key, Object value) {
        System.out.println(subject + "\t" + key + "\t" + value);
    }

    private static void report(String directory) throws Exception {
        Properties properties = new Properties();
        try (Reader reader = new FileReader(new File(directory, "server.properties"))) {
            properties.load(reader);
        }
        for (String key : properties.stringPropertyNames()) {
            if (!AbstractKafkaConfig.CONFIG_DEF.names().contains(key)) {
                print(directory, "unknown", key);
            }
        }
        KafkaConfig config = new KafkaConfig(properties, false);
        Map<String, Object> values = new TreeMap<>(config.values());
        List<String> keys = new ArrayList<>(properties.stringPropertyNames());
        for (String key : keys) {
            print(directory, key, values.getOrDefault(key, "-"));
        }
        print(directory, "rack", config.rack().orElse("-"));
        print(directory, "controller-listeners", config.controllerListenerNames());
    }
}
