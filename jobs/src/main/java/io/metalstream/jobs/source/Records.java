// SPDX-License-Identifier: Apache-2.0
package io.metalstream.jobs.source;

import static org.apache.spark.sql.functions.base64;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.get_json_object;
import static org.apache.spark.sql.functions.is_valid_utf8;
import static org.apache.spark.sql.functions.left;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.nullif;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.trim;
import static org.apache.spark.sql.functions.try_parse_json;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;

import io.metalstream.jobs.spec.JobSpec;
import io.metalstream.jobs.spec.JobSpec.Reject;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The records of a source, each judged: it is either {@link #good()} or {@link #bad()} with a reason, never neither.
 */
public final class Records {
    private static final String REASON = "_reason";
    private static final String RAW = "_raw";
    private static final String RAW_BASE64 = "_raw_base64";
    private static final String CORRUPT = "_corrupt";
    private static final int SHOWN_CHARACTERS = 60;

    /**
     * Does nothing, but Spark may not move a filter below it. Without it Spark copies the parsing into the filters of
     * good() and bad() and parses each record several times.
     */
    private static final UserDefinedFunction ONCE =
            udf((UDF1<String, String>) text -> text, DataTypes.StringType).asNondeterministic();

    private final Dataset<Row> judged;
    private final String[] columns;

    private Records(Dataset<Row> judged, StructType schema) {
        this.judged = judged;
        this.columns = schema.fieldNames();
    }

    /** @param raw {@code value} (text or bytes holding a JSON object) and the origin columns */
    public static Records ofJson(Dataset<Row> raw, JobSpec spec) {
        StructType loose = loose(spec.schema());
        Column text = ONCE.apply(col("value").cast("string"));
        Column parsed = from_json(
                col("_text"),
                loose.add(CORRUPT, "string"),
                Map.of("mode", "PERMISSIVE", "columnNameOfCorruptRecord", CORRUPT));
        Dataset<Row> rows = raw.select(withOrigin(col("value"), text.as("_text")))
                .select(withOrigin(col("value"), col("_text"), parsed.as("_row")))
                .select(withOrigin(col("value"), col("_text"), ONCE.apply(jsonReason(loose)).as("_json_reason"), col("_row")));
        Column base64 = when(not(is_valid_utf8(col("value"))), base64(col("value").cast("binary")));
        Column[] fields = Arrays.stream(loose.fieldNames())
                .map(name -> col("_row").getField(name).as(name))
                .toArray(Column[]::new);
        Column[] own = {col("_json_reason"), col("_text").as(RAW), base64.as(RAW_BASE64)};
        return judge(rows.select(withOrigin(concatenated(own, fields))), spec, col("_json_reason"));
    }

    /** @param raw the columns of the schema (or {@code value} for text) and the origin columns */
    public static Records ofColumns(Dataset<Row> raw, JobSpec spec) {
        StructType schema = spec.schema().length() == 0 ? new StructType().add("value", "string") : spec.schema();
        Column[] fields = Arrays.stream(schema.fieldNames()).map(Records::column).toArray(Column[]::new);
        Column[] own = {to_json(struct(fields)).as(RAW), lit(null).cast("string").as(RAW_BASE64)};
        return judge(raw.select(withOrigin(concatenated(own, fields))), spec, lit(null).cast("string"));
    }

    private static Records judge(Dataset<Row> rows, JobSpec spec, Column malformed) {
        StructType schema = spec.schema().length() == 0 ? new StructType().add("value", "string") : spec.schema();
        Column missing = concat_ws("; ", Arrays.stream(schema.fields())
                .filter(field -> !field.nullable())
                .map(field -> when(column(field.name()).isNull(), field.name() + ": missing or null"))
                .toArray(Column[]::new));
        List<Reject> rules = spec.badRecords().map(JobSpec.BadRecords::reject).orElse(List.of());
        Column refused = concat_ws("; ", rules.stream()
                .map(rule -> when(expr(rule.when()), rule.reason()))
                .toArray(Column[]::new));
        Column reason = coalesce(malformed, nullif(missing, lit("")), nullif(refused, lit("")));
        return new Records(rows.withColumn(REASON, reason), schema);
    }

    /** Records that can be used: the columns of the schema and the origin columns. */
    public Dataset<Row> good() {
        Column[] own = Arrays.stream(columns).map(Records::column).toArray(Column[]::new);
        return judged.filter(col(REASON).isNull()).select(withOrigin(own));
    }

    /** Records that cannot: the reason, the record as it came, and where it came from. */
    public Dataset<Row> bad() {
        return judged.filter(col(REASON).isNotNull()).select(
                col(REASON).as("reason"),
                col(RAW).as("raw"),
                // Only where the text above cannot show the bytes as they were.
                col(RAW_BASE64).as("raw_base64"),
                col("_topic").as("topic"),
                col("_partition").as("partition"),
                col("_offset").as("offset"),
                col("_timestamp").as("timestamp"),
                col("_file").as("file"));
    }

    /** Why a text is not a record, or null when it is one. */
    private static Column jsonReason(StructType schema) {
        Column text = col("_text");
        Column misfits = concat_ws("; ", Arrays.stream(schema.fields()).map(Records::misfit).toArray(Column[]::new));
        return when(text.isNull().or(length(trim(text)).equalTo(0)), "empty value")
                .when(col("_row").isNotNull().and(col("_row").getField(CORRUPT).isNull()), lit(null))
                .when(try_parse_json(text).isNull(), "not JSON")
                .when(not(trim(text, " \t\r\n").startsWith("{")), "not a JSON object")
                .otherwise(coalesce(nullif(misfits, lit("")), lit("does not fit the schema")));
    }

    private static Column misfit(StructField field) {
        Column given = get_json_object(col("_text"), "$['" + field.name() + "']");
        Column shown = left(given, lit(SHOWN_CHARACTERS));
        return when(
                col("_row").getField(field.name()).isNull().and(given.isNotNull()),
                concat(lit(field.name() + ": not of type " + field.dataType().sql() + ": "), shown));
    }

    /** The schema with nothing required, since Spark would make up values for required fields that are missing. */
    private static StructType loose(StructType schema) {
        StructType loose = new StructType();
        for (StructField field : schema.fields()) {
            loose = loose.add(field.name(), field.dataType(), true);
        }
        return loose;
    }

    static Column column(String name) {
        return col("`" + name.replace("`", "``") + "`");
    }

    private static Column[] withOrigin(Column... own) {
        Stream<Column> origin = JobSpec.ORIGIN_COLUMNS.stream().map(name -> col(name));
        return Stream.concat(Arrays.stream(own), origin).toArray(Column[]::new);
    }

    private static Column[] concatenated(Column[] a, Column[] b) {
        return Stream.concat(Arrays.stream(a), Arrays.stream(b)).toArray(Column[]::new);
    }
}
