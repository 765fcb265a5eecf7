// SPDX-License-Identifier: Apache-2.0
import java.util.Set;
import java.util.TreeMap;
import org.apache.zookeeper.server.persistence.FilePadding;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;

/**
 * Parses zoo.cfg files (arguments) as a member does and prints what comes out: {@code file<TAB>key<TAB>value}. ZooKeeper turns a key
 * that its parser does not know into a system property; those that no part of ZooKeeper reads are printed as {@code unknown}.
 */
public class ZooKeeperOracle {
    private static final Set<String> READ_AS_SYSTEM_PROPERTY =
        Set.of("zookeeper.4lw.commands.whitelist", "zookeeper.admin.enableServer");

    public static void main(String[] files) throws Exception {
        Set<Object> before = Set.copyOf(System.getProperties().keySet());
        for (String file : files) {
            QuorumPeerConfig config = new QuorumPeerConfig();
            config.parse(file);
            config.checkValidity();
            report(file, config);
            for (Object key : Set.copyOf(System.getProperties().keySet())) {
                String name = key.toString();
                // Servers are parsed a second time, as the quorum.
                boolean read = READ_AS_SYSTEM_PROPERTY.contains(name) || name.startsWith("zookeeper.server.");
                if (name.startsWith("zookeeper.") && !before.contains(key) && !read) {
                    print(file, "unknown", name.substring("zookeeper.".length()));
                }
            }
        }
        print("jvm", "preAllocSize", FilePadding.getPreAllocSize());
    }

    private static void print(String subject, String key, Object value) {
        System.out.println(subject + "\t" + key + "\t" + value);
    }

    private static void report(String file, QuorumPeerConfig config) {
        print(file, "serverId", config.getServerId());
        print(file, "distributed", config.isDistributed());
        print(file, "tickTime", config.getTickTime());
        print(file, "maxSessionTimeout", config.getMaxSessionTimeout());
        print(file, "purgeInterval", config.getPurgeInterval());
        print(file, "clientPort", config.getClientPortAddress().getPort());
        print(file, "logWithData", config.getDataLogDir().equals(config.getDataDir()));
        new TreeMap<>(config.getQuorumVerifier().getVotingMembers()).forEach((id, server) ->
            print(file, "voter", id + " " + server.hostname));
    }
}
