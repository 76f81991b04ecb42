//! The records of a part as a Parquet table: one row an item, lists of reasons and measurements.

use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde::{Deserialize, Deserializer};

use super::part::lines_of;

const SCHEMA: &str = "message record {
  required binary item_id (UTF8);
  required binary file (UTF8);
  optional binary slot (UTF8);
  optional binary profile (UTF8);
  optional binary province (UTF8);
  optional binary verdict (UTF8);
  optional group reasons (LIST) { repeated group list { required binary element (UTF8); } }
  optional binary error_reason (UTF8);
  optional binary media_type (UTF8);
  optional int64 size_bytes;
  optional binary sha256 (UTF8);
  optional int32 page_count;
  optional int32 width_px;
  optional int32 height_px;
  optional boolean has_gps_metadata;
  optional binary ruleset_version (UTF8);
  optional binary ruleset_digest (UTF8);
  optional binary applied_digest (UTF8);
  optional group measurements (LIST) { repeated group list { required group element {
    required binary check (UTF8);
    required int32 page;
    required binary name (UTF8);
    required double value;
    required binary unit (UTF8);
  } } }
}";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    file: String,
    slot: String,
    item_id: String,
    verdict: String,
    findings: Vec<Finding>,
    checks: Vec<Check>,
    detected: Option<Detected>,
    provenance: Option<Provenance>,
    error: Option<Error>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Finding {
    reason: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Check {
    rule_id: String,
    page: i32,
    measurements: Vec<Measurement>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Measurement {
    name: String,
    value: Number,
    unit: String,
}

/// A number of proto3 JSON, which writes those that JSON has no word for as texts.
#[derive(Clone, Copy, Default)]
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(f64),
            Word(String),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::Number(number) => number,
            Either::Word(word) => word.parse().unwrap_or(f64::NAN),
        }))
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detected {
    media_type: String,
    size_bytes: String,
    sha256: String,
    page_count: i32,
    width_px: i32,
    height_px: i32,
    has_gps_metadata: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Provenance {
    ruleset_version: String,
    ruleset_digest: String,
    applied_digest: String,
    context: Context,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    profile: String,
    province: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Error {
    reason: String,
}

/// The table as the bytes of a file.
pub(super) fn table(lines: &[u8]) -> Result<Vec<u8>, String> {
    let records: Vec<Record> = lines_of(lines)
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    written(&records).map_err(|error| error.to_string())
}

fn written(records: &[Record]) -> Result<Vec<u8>, ParquetError> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        // The same records give the same bytes in every build of one version.
        .set_created_by("scanvet".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut columns = writer.next_row_group()?;
    let mut group = Group(&mut columns);
    let text = |text: &str| (!text.is_empty()).then(|| ByteArray::from(text));
    let detected = |record: &Record, of: &dyn Fn(&Detected) -> Option<ByteArray>| {
        record.detected.as_ref().and_then(of)
    };
    let number = |record: &Record, of: &dyn Fn(&Detected) -> i32| record.detected.as_ref().map(of);
    let provenance = |record: &Record, of: &dyn Fn(&Provenance) -> Option<ByteArray>| {
        record.provenance.as_ref().and_then(of)
    };
    group.required(records.iter().map(|record| ByteArray::from(&*record.item_id)))?;
    group.required(records.iter().map(|record| ByteArray::from(&*record.file)))?;
    group.texts(records, |record| text(&record.slot))?;
    group.texts(records, |record| provenance(record, &|p| text(&p.context.profile)))?;
    group.texts(records, |record| provenance(record, &|p| text(&p.context.province)))?;
    group.texts(records, |record| text(record.verdict.trim_start_matches("VERDICT_")))?;
    group.list::<ByteArrayType, _>(records, |record| {
        record.findings.iter().map(|finding| ByteArray::from(&*finding.reason)).collect()
    })?;
    group.texts(records, |record| record.error.as_ref().and_then(|error| text(&error.reason)))?;
    group.texts(records, |record| detected(record, &|detected| text(&detected.media_type)))?;
    group.optional::<Int64Type, _>(records, |record| {
        record.detected.as_ref().map(|detected| detected.size_bytes.parse().unwrap_or(0))
    })?;
    group.texts(records, |record| detected(record, &|detected| text(&detected.sha256)))?;
    group.optional::<Int32Type, _>(records, |record| number(record, &|d| d.page_count))?;
    group.optional::<Int32Type, _>(records, |record| number(record, &|d| d.width_px))?;
    group.optional::<Int32Type, _>(records, |record| number(record, &|d| d.height_px))?;
    group.optional::<BoolType, _>(records, |record| {
        record.detected.as_ref().map(|detected| detected.has_gps_metadata)
    })?;
    group.texts(records, |record| provenance(record, &|p| text(&p.ruleset_version)))?;
    group.texts(records, |record| provenance(record, &|p| text(&p.ruleset_digest)))?;
    group.texts(records, |record| provenance(record, &|p| text(&p.applied_digest)))?;
    group.list::<ByteArrayType, _>(records, |record| {
        measured(record, |check, _| ByteArray::from(&*check.rule_id))
    })?;
    group.list::<Int32Type, _>(records, |record| measured(record, |check, _| check.page))?;
    group.list::<ByteArrayType, _>(records, |record| {
        measured(record, |_, measured| ByteArray::from(&*measured.name))
    })?;
    group.list::<DoubleType, _>(records, |record| {
        measured(record, |_, measured| measured.value.0)
    })?;
    group.list::<ByteArrayType, _>(records, |record| {
        measured(record, |_, measured| ByteArray::from(&*measured.unit))
    })?;
    columns.close()?;
    writer.into_inner()
}

fn measured<T>(record: &Record, of: impl Fn(&Check, &Measurement) -> T) -> Vec<T> {
    let each = record
        .checks
        .iter()
        .flat_map(|check| check.measurements.iter().map(move |measurement| (check, measurement)));
    each.map(|(check, measurement)| of(check, measurement)).collect()
}

/// Columns in the order of the schema.
struct Group<'a, 'b>(&'a mut SerializedRowGroupWriter<'b, Vec<u8>>);

impl Group<'_, '_> {
    fn required(&mut self, values: impl Iterator<Item = ByteArray>) -> Result<(), ParquetError> {
        let values: Vec<ByteArray> = values.collect();
        self.column::<ByteArrayType>(&values, None, None)
    }

    fn texts(
        &mut self,
        records: &[Record],
        of: impl Fn(&Record) -> Option<ByteArray>,
    ) -> Result<(), ParquetError> {
        self.optional::<ByteArrayType, _>(records, of)
    }

    fn optional<T: DataType, F: Fn(&Record) -> Option<T::T>>(
        &mut self,
        records: &[Record],
        of: F,
    ) -> Result<(), ParquetError> {
        let all: Vec<Option<T::T>> = records.iter().map(of).collect();
        let levels: Vec<i16> = all.iter().map(|value| i16::from(value.is_some())).collect();
        let values: Vec<T::T> = all.into_iter().flatten().collect();
        self.column::<T>(&values, Some(&levels), None)
    }

    /// A list that is there, if empty: level 1; its elements: level 2, the first one of a row without
    /// repetition.
    fn list<T: DataType, F: Fn(&Record) -> Vec<T::T>>(
        &mut self,
        records: &[Record],
        of: F,
    ) -> Result<(), ParquetError> {
        let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        for record in records {
            let elements = of(record);
            if elements.is_empty() {
                defined.push(1);
                repeated.push(0);
            }
            for (index, element) in elements.into_iter().enumerate() {
                values.push(element);
                defined.push(2);
                repeated.push(i16::from(index > 0));
            }
        }
        self.column::<T>(&values, Some(&defined), Some(&repeated))
    }

    fn column<T: DataType>(
        &mut self,
        values: &[T::T],
        defined: Option<&[i16]>,
        repeated: Option<&[i16]>,
    ) -> Result<(), ParquetError> {
        let missing = || ParquetError::General("more columns than the schema has".to_owned());
        let mut column = self.0.next_column()?.ok_or_else(missing)?;
        column.typed::<T>().write_batch(values, defined, repeated)?;
        column.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn a_table_holds_every_record_with_its_lists() {
        let lines = concat!(
            r#"{"file":"f1","slot":"s","itemId":"a","verdict":"VERDICT_REJECT","findings":[{"reason":"GLARE"},{"reason":"SKEWED"}],"checks":[{"ruleId":"x.y","measurements":[{"name":"n","value":2.5,"unit":"1"},{"name":"m","value":"NaN","unit":"deg"}]}],"detected":{"sizeBytes":"123","widthPx":7}}"#,
            "\n",
            r#"{"file":"f2","itemId":"b","error":{"code":5,"reason":"CONTENT_NOT_FOUND"}}"#,
            "\n"
        );
        let bytes = bytes::Bytes::from(table(lines.as_bytes()).unwrap());
        assert_eq!(table(lines.as_bytes()).unwrap(), bytes, "the same bytes again");
        let reader = SerializedFileReader::new(bytes).unwrap();
        let rows: Vec<String> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(rows.len(), 2);
        for wanted in ["[\"GLARE\", \"SKEWED\"]", "size_bytes: 123", "value: 2.5", "\"REJECT\""] {
            assert!(rows[0].contains(wanted), "{wanted} is not in {}", rows[0]);
        }
        assert!(rows[1].contains("CONTENT_NOT_FOUND"), "{}", rows[1]);
    }
}
