// SPDX-License-Identifier: Apache-2.0
import java.io.File;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.master.MasterArguments;
import org.apache.spark.deploy.worker.WorkerArguments;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.internal.config.ConfigReader;
import org.apache.spark.launcher.SparkLauncher;
import org.apache.spark.util.Utils;

/**
 * Reads directories (arguments) with a spark-defaults.conf and an arguments file (one program argument a line; -Dkey=value lines are
 * the daemon's system properties) as Spark does, and prints what comes out: {@code directory<TAB>key<TAB>value}.
 */
public class SparkOracle {
    private static final List<String> ENTRIES = List.of(
        "package$", "Deploy$", "History$", "Kryo$", "Network$", "Status$", "UI$", "Worker$");

    public static void main(String[] directories) throws Exception {
        for (String name : ENTRIES) {
            Class.forName("org.apache.spark.internal.config." + name);
        }
        for (String directory : directories) {
            report(directory);
        }
    }

    private static void print(String subject, String key, Object value) {
        System.out.println(subject + "\t" + key + "\t" + value);
    }

    private static void report(String directory) throws Exception {
        String file = new File(directory, "spark-defaults.conf").getPath();
        Map<String, String> values = new TreeMap<>(
            scala.jdk.javaapi.CollectionConverters.asJava(Utils.getPropertiesFromFile(file)));
        List<String> lines = Files.readAllLines(new File(directory, "arguments").toPath());
        for (String line : lines) {
            if (line.startsWith("-Dspark.")) {
                String[] pair = line.substring(2).split("=", 2);
                values.put(pair[0], pair[1]);
            }
        }
        checkTypes(directory, values);
        for (String master : Utils.parseStandaloneMasterUrls(values.get("spark.master"))) {
            print(directory, "master", master);
        }
        String[] arguments = lines.stream().filter(line -> !line.startsWith("-D")).toArray(String[]::new);
        if (directory.endsWith("spark-worker")) {
            reportWorker(directory, new WorkerArguments(arguments, new SparkConf(false)));
        } else if (directory.endsWith("spark-master")) {
            MasterArguments master = new MasterArguments(arguments, new SparkConf(false));
            print(directory, "bind", master.host() + ":" + master.port() + " " + master.webUiPort());
        }
    }

    /** Reads each key through its own entry, which throws on a value of the wrong type; keys without an entry are unknown. */
    private static void checkTypes(String directory, Map<String, String> values) {
        ConfigReader reader = new ConfigReader(values);
        values.forEach((key, value) -> {
            ConfigEntry<?> entry = ConfigEntry.findEntry(key);
            // The master's URL is read by name everywhere and has no entry.
            if (entry == null && !key.equals(SparkLauncher.SPARK_MASTER)) {
                print(directory, "unknown", key);
            } else if (entry != null) {
                print(directory, key, entry.readFrom(reader));
            }
        });
    }

    private static void reportWorker(String directory, WorkerArguments worker) {
        print(directory, "bind", worker.host() + ":" + worker.port() + " " + worker.webUiPort());
        print(directory, "cores", worker.cores());
        print(directory, "memory", worker.memory());
        print(directory, "work-dir", worker.workDir());
        for (String master : worker.masters()) {
            print(directory, "worker-master", master);
        }
    }
}
