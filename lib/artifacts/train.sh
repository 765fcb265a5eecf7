#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Writes down which classes the services load, for class-data archives (README.md): runs each daemon
# and the common tools once, on loopback and in a temporary folder, and puts one sorted list per
# artifact beside its entry in catalogue/. About a minute. Afterwards pin, since the lists are part of the tars:
#   lib/artifacts/train.sh && npx metalstream artifacts pin hadoop kafka spark zookeeper
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
export PATH="$here/../../node_modules/.bin:$PATH" # Node 22
work=$(mktemp -d)
mkdir -p "$work"/{conf,lists,logs,opt,events}
pids=()
cleanup() {
    [ ${#pids[@]} -eq 0 ] || kill -KILL "${pids[@]}" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap cleanup EXIT

# class_path ARTIFACT [FOLDER...]: its jars in the order of every unit, then configuration folders.
class_path() {
    local jars=("$work/opt/$1"/jars/*.jar) && shift
    (IFS=: && printf '%s' "${jars[*]}${1:+:$*}")
}

# run ARTIFACT UNIT ARGUMENT...: becomes a JVM that records its classes; "$path" is its class path.
run() {
    local artifact=$1 unit=$2 && shift 2
    exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-XX:DumpLoadedClassList=$work/lists/$artifact.$unit" \
        -Xlog:disable -Xmx256m -cp "$path" "$@" >"$work/logs/$unit" 2>&1
}
tool() { (run "$@") || echo "$2: exit code $?, its log ends:
$(tail -n 3 "$work/logs/$2")"; }
daemon() {
    run "$@" &
    pids+=($!)
}

# port PORT: waits until something listens there.
port() {
    for _ in $(seq 600); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.1
    done
    echo "nothing listens on port $1, see $work/logs" >&2
    trap - EXIT
    exit 1
}

# xml NAME VALUE ...: a Hadoop configuration.
xml() {
    echo "<configuration>"
    while [ $# -gt 0 ]; do
        echo "<property><name>$1</name><value>$2</value></property>" && shift 2
    done
    echo "</configuration>"
}

node "$here/cli.ts" build | while read -r line; do
    [ -f "$line" ] || continue
    name=$(basename "$line") && name=${name%%-*}
    mkdir "$work/opt/$name" && tar -xf "$line" -C "$work/opt/$name"
done
cd "$work"
export LC_ALL=C # the order of jars

echo "ZooKeeper"
path=$(class_path zookeeper)
for i in 1 2 3; do
    mkdir "zk$i" && echo "$i" >"zk$i/myid" && touch "zk$i/initialize"
    cat >"conf/zk$i.cfg" <<EOF
initLimit=10
syncLimit=5
dataDir=$work/zk$i
clientPort=2218$i
clientPortAddress=127.0.0.1
4lw.commands.whitelist=*
admin.enableServer=false
autopurge.purgeInterval=1
server.1=127.0.0.1:22881:23881
server.2=127.0.0.1:22882:23882
server.3=127.0.0.1:22883:23883
EOF
    daemon zookeeper "zk$i" -Dzookeeper.db.autocreate=false \
        org.apache.zookeeper.server.quorum.QuorumPeerMain "conf/zk$i.cfg"
done

echo "HDFS"
path=$(class_path hadoop "$work/conf" "$work/opt/hadoop")
printf '%s\n' log4j.rootLogger=INFO,console log4j.appender.console=org.apache.log4j.ConsoleAppender \
    log4j.appender.console.layout=org.apache.log4j.PatternLayout >conf/log4j.properties
xml fs.defaultFS hdfs://train ha.zookeeper.quorum 127.0.0.1:22181,127.0.0.1:22182,127.0.0.1:22183 \
    >conf/core-site.xml
xml dfs.nameservices train dfs.ha.namenodes.train nn1,nn2 dfs.ha.automatic-failover.enabled true \
    dfs.namenode.rpc-address.train.nn1 127.0.0.1:28020 dfs.namenode.http-address.train.nn1 127.0.0.1:29870 \
    dfs.namenode.rpc-address.train.nn2 127.0.0.1:28021 dfs.namenode.http-address.train.nn2 127.0.0.1:29871 \
    dfs.namenode.shared.edits.dir qjournal://127.0.0.1:28485/train \
    dfs.journalnode.rpc-address 127.0.0.1:28485 dfs.journalnode.http-address 127.0.0.1:28480 \
    dfs.journalnode.edits.dir "$work/jn" dfs.datanode.data.dir "$work/dn" \
    dfs.datanode.address 127.0.0.1:29866 dfs.datanode.http.address 127.0.0.1:29864 \
    dfs.datanode.ipc.address 127.0.0.1:29867 dfs.replication 1 dfs.ha.zkfc.port 28019 \
    dfs.client.failover.proxy.provider.train \
    org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider \
    dfs.ha.fencing.methods 'shell(/bin/true)' >conf/hdfs-site.xml
hdfs=org.apache.hadoop.hdfs
first=(-D dfs.ha.namenode.id=nn1 -D "dfs.namenode.name.dir=$work/nn1")
second=(-D dfs.ha.namenode.id=nn2 -D "dfs.namenode.name.dir=$work/nn2")
daemon hadoop journalnode $hdfs.qjournal.server.JournalNode
port 28485
port 22181
tool hadoop format $hdfs.server.namenode.NameNode "${first[@]}" -format -nonInteractive
tool hadoop formatzk -Ddfs.ha.namenode.id=nn1 $hdfs.tools.DFSZKFailoverController "${first[@]}" -formatZK -nonInteractive
daemon hadoop namenode1 $hdfs.server.namenode.NameNode "${first[@]}"
daemon hadoop zkfc $hdfs.tools.DFSZKFailoverController "${first[@]}"
port 28020
tool hadoop standby $hdfs.server.namenode.NameNode "${second[@]}" -bootstrapStandby -nonInteractive
daemon hadoop namenode2 $hdfs.server.namenode.NameNode "${second[@]}"
daemon hadoop datanode $hdfs.server.datanode.DataNode
port 28021
port 29864
sleep 5
echo "train" >sample
tool hadoop put org.apache.hadoop.fs.FsShell -put sample /sample
tool hadoop cat org.apache.hadoop.fs.FsShell -cat /sample
tool hadoop haadmin $hdfs.tools.DFSHAAdmin -getAllServiceState
tool hadoop report $hdfs.tools.DFSAdmin -report

echo "Kafka"
path=$(class_path kafka)
cat >conf/log4j2.xml <<EOF
<Configuration><Appenders><Console name="c"><PatternLayout pattern="%d %p %c: %m%n"/></Console></Appenders>
<Loggers><Root level="info"><AppenderRef ref="c"/></Root></Loggers></Configuration>
EOF
for role in controller broker; do
    cat >"conf/$role.properties" <<EOF
process.roles=$role
node.id=$([ $role = controller ] && echo 1 || echo 2)
controller.quorum.voters=1@127.0.0.1:29193
controller.listener.names=CONTROLLER
listeners=$([ $role = controller ] && echo CONTROLLER://127.0.0.1:29193 || echo PLAINTEXT://127.0.0.1:29092)
offsets.topic.replication.factor=1
log.dirs=$work/$role
EOF
    log=-Dlog4j2.configurationFile=$work/conf/log4j2.xml
    tool kafka "format-$role" "$log" kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAA -c "conf/$role.properties"
    daemon kafka "$role" "$log" kafka.Kafka "conf/$role.properties"
done
port 29092
server=(--bootstrap-server 127.0.0.1:29092)
tool kafka topic "$log" org.apache.kafka.tools.TopicCommand "${server[@]}" --create --if-not-exists --topic t --partitions 1
tool kafka produce "$log" org.apache.kafka.tools.ConsoleProducer "${server[@]}" --topic t <sample
tool kafka consume "$log" org.apache.kafka.tools.consumer.ConsoleConsumer "${server[@]}" --topic t --from-beginning --max-messages 1
tool kafka quorum "$log" org.apache.kafka.tools.MetadataQuorumCommand "${server[@]}" describe --status

echo "Spark"
path=$(class_path spark "$work/conf")
export SPARK_HOME=$work/opt/spark SPARK_CONF_DIR=$work/conf SPARK_LOCAL_HOSTNAME=127.0.0.1 SPARK_LOCAL_IP=127.0.0.1
opens=()
for package in lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic; do
    opens+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
done
opens+=(--add-opens=java.base/sun.nio.ch=ALL-UNNAMED -Dio.netty.tryReflectionSetAccessible=true)
deploy=org.apache.spark.deploy
recovery=(-Dspark.deploy.recoveryMode=ZOOKEEPER -Dspark.deploy.zookeeper.url=127.0.0.1:22181)
daemon spark master "${opens[@]}" "${recovery[@]}" $deploy.master.Master \
    --host 127.0.0.1 --port 27077 --webui-port 28080
port 27077
daemon spark worker "${opens[@]}" $deploy.worker.Worker --host 127.0.0.1 --cores 1 --memory 1g \
    --webui-port 28081 --work-dir "$work/work" spark://127.0.0.1:27077
daemon spark history "${opens[@]}" "-Dspark.history.fs.logDirectory=hdfs://train/" \
    -Dspark.history.ui.port=28082 $deploy.history.HistoryServer
port 28081
port 28082
sleep 5
tool spark submit "${opens[@]}" $deploy.SparkSubmit --master spark://127.0.0.1:27077 --deploy-mode cluster \
    --class None --driver-memory 512m file:/nonexistent.jar

kill "${pids[@]}"
sleep 5 # what is loaded at a stop belongs to the list too
for list in "$here"/catalogue/*.json; do
    entry=$(basename "$list" .json)
    sort -u lists/"${entry%%-*}".* | grep -v '^#' >classes
    gzip -9nc classes >"$here/catalogue/$entry.classes.gz"
    echo "$entry: $(wc -l <classes) classes"
done
