// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.runner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/**
 * Who owns a job: which process, where.
 *
 * @param machine identifies one boot of one kernel and one process-id space in it, so that a process id has a meaning;
 *     empty where the system does not tell
 * @param processStart when the process began, since process ids are used again
 */
record OwnerId(String job, String host, String machine, long pid, String processStart, String since) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    static OwnerId ofThisProcess(String job) throws IOException {
        ProcessHandle self = ProcessHandle.current();
        return new OwnerId(
                job, InetAddress.getLocalHost().getHostName(), thisMachine(), self.pid(), started(self),
                Instant.now().toString());
    }

    static OwnerId fromJson(String json) throws IOException {
        JsonNode node = MAPPER.readTree(json);
        return new OwnerId(
                node.path("job").asText(), node.path("host").asText(), node.path("machine").asText(),
                node.path("pid").asLong(), node.path("processStart").asText(), node.path("since").asText());
    }

    String toJson() {
        ObjectNode node = MAPPER.createObjectNode();
        node.put("job", job).put("host", host).put("machine", machine).put("pid", pid);
        return node.put("processStart", processStart).put("since", since).toString();
    }

    /** True only when this very kernel knows that the process is gone; false where that cannot be known. */
    boolean surelyDead() throws IOException {
        if (machine.isEmpty() || !machine.equals(thisMachine())) {
            return false;
        }
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .filter(process -> started(process).equals(processStart))
                .isEmpty();
    }

    private static String started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toString).orElse("");
    }

    private static String thisMachine() throws IOException {
        Path boot = Path.of("/proc/sys/kernel/random/boot_id");
        Path pids = Path.of("/proc/self/ns/pid");
        if (!Files.isReadable(boot) || !Files.isSymbolicLink(pids)) {
            return "";
        }
        return Files.readString(boot).strip() + " " + Files.readSymbolicLink(pids);
    }
}
