// SPDX-License-Identifier: Apache-2.0
/** The journals of all hosts go to Kafka through rsyslog. Pure. */
import type { Config } from "../../lib/config/schema.ts";
import { item, type Section } from "../../lib/manifest.ts";
import { firstContacts } from "../../lib/topology.ts";

const configFile = "/etc/rsyslog.d/90-metalstream-kafka.conf";

/** One JSON object a line of the journal. Names are those of the job's schema (jobs/examples/logs.json). */
function rsyslogConfig(config: Config): string {
    const brokers = firstContacts(config).map((broker) => `"${broker}"`);
    const field = (name: string, property: string, extra = "") =>
        `  property(outname="${name}" name="${property}"${extra} format="jsonf")`;
    return `# Every line of every service, as JSON, to the topic ${config.streaming.logs.topic}.
module(load="omkafka")

template(name="metalstream_json" type="list") {
  constant(value="{")
${[
    field("time", "timereported", ' dateFormat="rfc3339"'),
    field("host", "hostname"),
    field("service", "programname"),
    field("severity", "syslogseverity-text"),
    field("facility", "syslogfacility-text"),
    field("pid", "procid"),
    field("message", "msg", ' controlcharacters="escape"'),
].join('\n  constant(value=",")\n')}
  constant(value="}")
}

# Lines wait on disk while no broker answers; rsyslog itself is never blocked.
action(
  type="omkafka"
  name="metalstream_kafka"
  topic="${config.streaming.logs.topic}"
  broker=[${brokers.join(",")}]
  template="metalstream_json"
  partitions.auto="on"
  confParam=["compression.codec=lz4", "request.required.acks=-1", "enable.idempotence=true", "queue.buffering.max.ms=500"]
  topicConfParam=["message.timeout.ms=300000"]
  resubmitOnFailure="on"
  keepFailedMessages="on"
  failedMsgFile="/var/spool/rsyslog/metalstream-kafka.failed"
  action.resumeRetryCount="-1"
  action.resumeInterval="5"
  queue.type="LinkedList"
  queue.filename="metalstream_kafka"
  queue.size="50000"
  queue.maxDiskSpace="256m"
  queue.saveOnShutdown="on"
  queue.timeoutEnqueue="0"
)
`;
}

/** What a host needs to send its journal. */
export function logShippingSection(config: Config): Section {
    if (!config.streaming.logs.enabled) return { items: [], units: [] };
    return {
        items: [
            item.package("rsyslog"),
            item.package("rsyslog-kafka"),
            item.file(
                configFile,
                { owner: "root", group: "root", mode: "0644" },
                rsyslogConfig(config),
            ),
            item.service("rsyslog", [configFile]),
        ],
        units: [],
    };
}
