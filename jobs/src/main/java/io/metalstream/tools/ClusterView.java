// SPDX-License-Identifier: Apache-2.0
package io.metalstream.tools;

import io.metalstream.tools.GateDecision.Brokers;
import io.metalstream.tools.GateDecision.Partition;
import io.metalstream.tools.GateDecision.Quorum;
import io.metalstream.tools.GateDecision.Voter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;

/** Asks a Kafka cluster what the gate's decision needs. */
final class ClusterView {
    private static final String MIN_ISR = "min.insync.replicas";
    private final Admin admin;
    private final long callSeconds;

    /** @param callSeconds how long one question may take */
    ClusterView(Admin admin, long callSeconds) {
        this.admin = admin;
        this.callSeconds = callSeconds;
    }

    Quorum quorum(long fetchTimeoutMs) throws ExecutionException, TimeoutException, InterruptedException {
        QuorumInfo info = get(admin.describeMetadataQuorum().quorumInfo());
        List<Voter> voters = info.voters().stream()
                .map(voter -> new Voter(voter.replicaId(), voter.logEndOffset(), voter.lastCaughtUpTimestamp()))
                .toList();
        return new Quorum(info.leaderId(), voters, fetchTimeoutMs);
    }

    Brokers brokers() throws ExecutionException, TimeoutException, InterruptedException {
        int leader = get(admin.describeMetadataQuorum().quorumInfo()).leaderId();
        Set<Integer> live = ids(get(admin.describeCluster().nodes()));
        Set<String> names = get(admin.listTopics(new ListTopicsOptions().listInternal(true)).names());
        Map<String, TopicDescription> topics = get(admin.describeTopics(names).allTopicNames());
        Map<String, Integer> minIsr = minIsr(names);
        List<Partition> partitions = new ArrayList<>();
        topics.forEach((name, topic) -> topic.partitions().forEach(p -> partitions.add(partition(name, p, minIsr))));
        return new Brokers(leader, live, partitions);
    }

    private Map<String, Integer> minIsr(Set<String> names)
            throws ExecutionException, TimeoutException, InterruptedException {
        List<ConfigResource> resources =
                names.stream().map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
        Map<String, Integer> result = new HashMap<>();
        for (Map.Entry<ConfigResource, Config> entry : get(admin.describeConfigs(resources).all()).entrySet()) {
            result.put(entry.getKey().name(), Integer.valueOf(entry.getValue().get(MIN_ISR).value()));
        }
        return result;
    }

    private static Partition partition(String topic, TopicPartitionInfo info, Map<String, Integer> minIsr) {
        int leader = info.leader() == null || info.leader().isEmpty() ? -1 : info.leader().id();
        return new Partition(
                topic, info.partition(), List.copyOf(ids(info.replicas())), List.copyOf(ids(info.isr())), leader,
                minIsr.get(topic));
    }

    private static Set<Integer> ids(Collection<Node> nodes) {
        return nodes.stream().map(Node::id).collect(Collectors.toSet());
    }

    private <T> T get(KafkaFuture<T> future) throws ExecutionException, TimeoutException, InterruptedException {
        return future.get(callSeconds, TimeUnit.SECONDS);
    }
}
