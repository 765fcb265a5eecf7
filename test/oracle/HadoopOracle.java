// SPDX-License-Identifier: Apache-2.0
import java.io.File;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.ha.NodeFencer;
import org.apache.hadoop.hdfs.DFSUtil;
import org.apache.hadoop.hdfs.DFSUtilClient;
import org.apache.hadoop.hdfs.HAUtil;
import org.apache.hadoop.hdfs.server.common.Util;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.FSNamesystem;
import org.apache.hadoop.net.TableMapping;

/**
 * Reads configuration directories (arguments) as Hadoop's own daemons do and prints what comes out:
 * {@code directory<TAB>key<TAB>value}. A key that Hadoop does not know is printed as {@code unknown}.
 */
public class HadoopOracle {
    private static final String[] KEY_CLASSES = {
        "org.apache.hadoop.hdfs.DFSConfigKeys",
        "org.apache.hadoop.hdfs.client.HdfsClientConfigKeys",
        "org.apache.hadoop.hdfs.client.HdfsClientConfigKeys$Failover",
        "org.apache.hadoop.fs.CommonConfigurationKeys",
        "org.apache.hadoop.fs.CommonConfigurationKeysPublic",
        "org.apache.hadoop.ha.ZKFailoverController",
        "org.apache.hadoop.ha.SshFenceByTcpPort",
    };

    public static void main(String[] directories) throws Exception {
        Set<String> known = knownKeys();
        for (String directory : directories) {
            new HadoopOracle(new File(directory)).report(known);
        }
    }

    private final File directory;
    private final Configuration conf = new Configuration(false);

    private HadoopOracle(File directory) {
        this.directory = directory;
        conf.addResource("core-default.xml");
        conf.addResource("hdfs-default.xml");
        conf.addResource(new Path(new File(directory, "core-site.xml").toURI()));
        conf.addResource(new Path(new File(directory, "hdfs-site.xml").toURI()));
    }

    private void print(String key, Object value) {
        System.out.println(directory + "\t" + key + "\t" + value.toString().replace("\n", "\\n"));
    }

    private void report(Set<String> known) throws Exception {
        for (String site : new String[] {"core-site.xml", "hdfs-site.xml"}) {
            Configuration only = new Configuration(false);
            only.addResource(new Path(new File(directory, site).toURI()));
            for (Map.Entry<String, String> entry : only) {
                if (!isKnown(entry.getKey(), known)) {
                    print("unknown", site + ": " + entry.getKey());
                }
            }
        }
        reportNameservice();
        reportDirectories();
        reportFencing();
        reportRacks();
        print("replication", conf.getInt("dfs.replication", -1));
        print("zookeeper", conf.get("ha.zookeeper.quorum"));
        print("session-timeout", conf.getInt("ha.zookeeper.session-timeout.ms", -1));
        print("tail-edits", conf.getTimeDuration("dfs.ha.tail-edits.period", -1, java.util.concurrent.TimeUnit.SECONDS));
    }

    private void reportNameservice() throws Exception {
        print("defaultFS", org.apache.hadoop.fs.FileSystem.getDefaultUri(conf));
        for (String nameservice : DFSUtilClient.getNameServiceIds(conf)) {
            print("nameservice", nameservice);
            print("ha", HAUtil.isHAEnabled(conf, nameservice));
        }
        print("automatic-failover", conf.getBoolean("dfs.ha.automatic-failover.enabled", false));
        DFSUtil.getNNServiceRpcAddresses(conf).forEach((nameservice, nodes) ->
            nodes.forEach((id, address) -> print("rpc", id + " " + text(address))));
        String journal = conf.get("dfs.namenode.shared.edits.dir");
        for (InetSocketAddress address : Util.getAddressesList(new URI(journal), conf)) {
            print("journal", text(address));
        }
        String proxy = conf.get("dfs.client.failover.proxy.provider." + conf.get("dfs.nameservices"));
        print("proxy-provider", Class.forName(proxy).getSimpleName());
    }

    private void reportDirectories() throws Exception {
        for (URI uri : FSNamesystem.getNamespaceDirs(conf)) {
            print("name-dir", uri);
        }
        List<?> locations = DataNode.getStorageLocations(conf);
        for (Object location : locations) {
            print("data-dir", location);
        }
        int tolerated = conf.getInt("dfs.datanode.failed.volumes.tolerated", 0);
        print("volumes-left", locations.size() - tolerated);
    }

    private void reportFencing() throws Exception {
        Object fencer = NodeFencer.create(conf, "dfs.ha.fencing.methods");
        for (Object method : (List<?>) read(fencer, "methods")) {
            print("fencing", read(method, "method").getClass().getSimpleName() + " " + read(method, "arg"));
        }
    }

    /** Racks as the NameNode resolves them, where the directory is a NameNode's. */
    private void reportRacks() throws Exception {
        File table = new File(directory, "topology.table");
        if (!table.exists()) {
            return;
        }
        conf.set("net.topology.table.file.name", table.getPath());
        TableMapping mapping = new TableMapping();
        mapping.setConf(conf);
        List<String> names = new ArrayList<>();
        for (String line : java.nio.file.Files.readAllLines(table.toPath())) {
            names.add(line.split("\\s")[0]);
        }
        List<String> racks = mapping.resolve(names);
        for (int i = 0; i < names.size(); i++) {
            print("rack", names.get(i) + " " + racks.get(i));
        }
    }

    private static String text(InetSocketAddress address) {
        return address.getHostString() + ":" + address.getPort();
    }

    private static Object read(Object object, String name) throws Exception {
        Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(object);
    }

    /** Keys of the *-default.xml files and the constants of the key classes. */
    private static Set<String> knownKeys() throws Exception {
        Configuration defaults = new Configuration(false);
        defaults.addResource("core-default.xml");
        defaults.addResource("hdfs-default.xml");
        Set<String> known = new HashSet<>();
        defaults.forEach(entry -> known.add(entry.getKey()));
        for (String name : KEY_CLASSES) {
            for (Field field : Class.forName(name).getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class) {
                    field.setAccessible(true);
                    known.add((String) field.get(null));
                }
            }
        }
        return known;
    }

    /** A key itself, or with the nameservice and the NameNode's id at its end. */
    private static boolean isKnown(String key, Set<String> known) {
        String rest = key;
        for (int suffixes = 0; suffixes <= 2; suffixes++) {
            if (known.contains(rest)) {
                return true;
            }
            rest = rest.substring(0, Math.max(0, rest.lastIndexOf('.')));
        }
        return false;
    }
}
