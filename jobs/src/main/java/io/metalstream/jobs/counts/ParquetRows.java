// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.counts;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/** Reads a few columns of Parquet files without a Spark session, which takes longer to start than this takes to run. */
final class ParquetRows {
    /** A row's values by column name, be they in the file or in the names of its folders. */
    static final class RowView {
        private final Group group;
        private final MessageType columns;
        private final Map<String, String> folders;

        private RowView(Group group, MessageType columns, Map<String, String> folders) {
            this.group = group;
            this.columns = columns;
            this.folders = folders;
        }

        boolean has(String name) {
            return folders.containsKey(name)
                    || columns.containsField(name) && group.getFieldRepetitionCount(name) > 0;
        }

        String text(String name) {
            if (folders.containsKey(name)) {
                return folders.get(name);
            }
            return has(name) ? group.getValueToString(columns.getFieldIndex(name), 0) : "";
        }

        OptionalLong number(String name) {
            if (!has(name) || folders.containsKey(name)) {
                return OptionalLong.empty();
            }
            PrimitiveTypeName type = columns.getType(name).asPrimitiveType().getPrimitiveTypeName();
            return switch (type) {
                case INT64 -> OptionalLong.of(group.getLong(name, 0));
                case INT32 -> OptionalLong.of(group.getInteger(name, 0));
                default -> throw new IllegalStateException("column " + name + " is of type " + type
                        + ", expected a whole number or a TIMESTAMP in microseconds");
            };
        }
    }

    private ParquetRows() {}

    /** Calls {@code each} for every row, with those of {@code names} that the file or its folders have. */
    static void read(Path file, Configuration conf, List<String> names, Consumer<RowView> each) throws IOException {
        Map<String, String> folders = folders(file);
        try (ParquetFileReader reader = ParquetFileReader.open(HadoopInputFile.fromPath(file, conf))) {
            MessageType all = reader.getFooter().getFileMetaData().getSchema();
            List<Type> wanted = all.getFields().stream().filter(field -> names.contains(field.getName())).toList();
            MessageType columns = new MessageType(all.getName(), wanted);
            reader.setRequestedSchema(columns);
            MessageColumnIO io = new ColumnIOFactory().getColumnIO(columns);
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> rows = io.getRecordReader(pages, new GroupRecordConverter(columns));
                for (long i = 0; i < pages.getRowCount(); i++) {
                    each.accept(new RowView(rows.read(), columns, folders));
                }
            }
        }
    }

    /** The columns a partitioned sink puts in folder names, such as day=2026-11-22. */
    private static Map<String, String> folders(Path file) {
        Map<String, String> columns = new HashMap<>();
        for (Path folder = file.getParent(); folder != null; folder = folder.getParent()) {
            int equals = folder.getName().indexOf('=');
            if (equals > 0) {
                // Hive's escapes are %XX, and a plus sign stands for itself.
                String value = folder.getName().substring(equals + 1).replace("+", "%2B");
                columns.putIfAbsent(folder.getName().substring(0, equals), URLDecoder.decode(value, StandardCharsets.UTF_8));
            }
        }
        return columns;
    }
}
