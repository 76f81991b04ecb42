//! Manifests: CSV, NDJSON and Parquet, read row by row; a fault names the row.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};

use csv::StringRecord;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use sha2::{Digest, Sha256};

use super::fault::JobFault;
use super::item::{COLUMNS, Item};

/// How a manifest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With a header line.
    Csv,
    /// One object a line.
    Ndjson,
    /// Flat, with text columns.
    Parquet,
}

/// Longest line; a longer one is no row.
const LONGEST_LINE: u64 = 1 << 20;

impl Form {
    /// By the extension; `None` for anything that is no manifest.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// Every row of the file. Ends after the first fault.
    pub(super) fn rows(self, file: File) -> Result<Rows, JobFault> {
        match self {
            Self::Csv => csv_rows(file),
            Self::Ndjson => Ok(ndjson_rows(file)),
            Self::Parquet => parquet_rows(file),
        }
    }
}

/// Rows in the order of the manifest.
pub(super) type Rows = Box<dyn Iterator<Item = Result<Item, JobFault>> + Send>;

fn fault(row: usize, why: impl std::fmt::Display) -> JobFault {
    JobFault::Permanent(format!("manifest, row {row}: {why}"))
}

fn csv_rows(file: File) -> Result<Rows, JobFault> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let header = reader.headers().map_err(|error| fault(0, error))?.clone();
    must_know(header.iter())?;
    let rows = reader.into_records().enumerate().map(move |(index, record)| {
        let row = index + 1;
        let record: StringRecord = record.map_err(|error| fault(row, error))?;
        let mut item = Item::default();
        for (column, value) in header.iter().zip(record.iter()) {
            item.set(column.trim_start_matches('\u{feff}'), value.to_owned());
        }
        item.sound().map_err(|why| fault(row, why))
    });
    Ok(Box::new(until_fault(rows)))
}

/// A column that nobody reads may be a misspelt one. Those that begin with `x_` are the owner's.
fn must_know<'a>(columns: impl Iterator<Item = &'a str>) -> Result<(), JobFault> {
    let mut has_uri = false;
    for column in columns {
        let column = column.trim_start_matches('\u{feff}');
        has_uri |= column == "uri";
        if !COLUMNS.contains(&column) && !column.starts_with("x_") {
            let known = COLUMNS.join(", ");
            let why = format!("unknown column \"{column}\"; known: {known}, and your own as x_…");
            return Err(JobFault::Permanent(format!("manifest: {why}")));
        }
    }
    if has_uri {
        Ok(())
    } else {
        Err(JobFault::Permanent("manifest: there is no column \"uri\"".to_owned()))
    }
}

fn ndjson_rows(file: File) -> Rows {
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut line = Vec::new();
    let mut row = 0;
    let rows = std::iter::from_fn(move || {
        loop {
            row += 1;
            line.clear();
            let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
            return match read {
                Err(error) => Some(Err(JobFault::from(error))),
                Ok(0) => None,
                Ok(_) if line.len() as u64 == LONGEST_LINE => {
                    Some(Err(fault(row, "is longer than any row")))
                }
                Ok(_) if line.iter().all(u8::is_ascii_whitespace) => continue,
                Ok(_) => Some(of_json(&line).map_err(|why| fault(row, why))),
            };
        }
    });
    Box::new(until_fault(rows))
}

fn of_json(line: &[u8]) -> Result<Item, String> {
    use serde_json::Value;
    let object: serde_json::Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let mut item = Item::default();
    for (column, value) in object {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(yes) => yes.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Array(list) if column == "content" => {
                list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|")
            }
            _ if column.starts_with("x_") => continue,
            _ => return Err(format!("{column} must be a text")),
        };
        if !item.set(&column, text) && !column.starts_with("x_") {
            return Err(format!("unknown key \"{column}\"; known: {}", COLUMNS.join(", ")));
        }
    }
    item.sound().map_err(str::to_owned)
}

fn parquet_rows(file: File) -> Result<Rows, JobFault> {
    let broken =
        |why: parquet::errors::ParquetError| JobFault::Permanent(format!("manifest: {why}"));
    let reader = SerializedFileReader::new(file).map_err(broken)?;
    let schema = reader.metadata().file_metadata().schema();
    must_know(schema.get_fields().iter().map(|field| field.name()))?;
    // What is not ours is not even read.
    let fields = schema.get_fields().iter().filter(|field| COLUMNS.contains(&field.name()));
    let wanted = Type::group_type_builder(schema.name())
        .with_fields(fields.cloned().collect())
        .build()
        .map_err(broken)?;
    let rows = reader.into_iter().project(Some(wanted)).map_err(broken)?;
    let rows = rows.enumerate().map(|(index, row)| {
        let number = index + 1;
        let row = row.map_err(|why| fault(number, why))?;
        of_columns(&row).map_err(|why| fault(number, why))
    });
    Ok(Box::new(until_fault(rows)))
}

fn of_columns(row: &Row) -> Result<Item, String> {
    let mut item = Item::default();
    for (column, field) in row.get_column_iter() {
        let text = match field {
            Field::Null => continue,
            Field::Str(text) => text.clone(),
            Field::Bytes(bytes) => {
                let text = std::str::from_utf8(bytes.data());
                text.map_err(|_| format!("{column} is no text"))?.to_owned()
            }
            Field::Bool(yes) => yes.to_string(),
            Field::Int(number) => number.to_string(),
            Field::Long(number) => number.to_string(),
            Field::UInt(number) => number.to_string(),
            Field::ULong(number) => number.to_string(),
            Field::Short(number) => number.to_string(),
            Field::Byte(number) => number.to_string(),
            // Days since 1970.
            Field::Date(days) => {
                let first = time::Date::from_ordinal_date(1970, 1).map_err(|e| e.to_string())?;
                let day = first.checked_add(time::Duration::days(i64::from(*days)));
                day.ok_or("as_of is out of range")?.to_string()
            }
            Field::ListInternal(list) if column == "content" => {
                let texts = list.elements().iter().filter_map(|element| match element {
                    Field::Str(text) => Some(text.as_str()),
                    _ => None,
                });
                texts.collect::<Vec<_>>().join("|")
            }
            _ => return Err(format!("{column} must be a text")),
        };
        item.set(column, text);
    }
    item.sound().map_err(str::to_owned)
}

/// The first fault is the last answer: what follows it cannot be trusted.
fn until_fault(
    rows: impl Iterator<Item = Result<Item, JobFault>> + Send,
) -> impl Iterator<Item = Result<Item, JobFault>> + Send {
    let mut over = false;
    rows.take_while(move |row| {
        let before = over;
        over |= row.is_err();
        !before
    })
}

/// Lower-case hex SHA-256 of a file, read from its start.
pub(super) fn digest(file: &File) -> std::io::Result<String> {
    let mut file = file;
    file.rewind()?;
    let mut hasher = Sha256::new();
    std::io::copy(&mut file, &mut HashWrite(&mut hasher))?;
    Ok(hex(&hasher.finalize()))
}

struct HashWrite<'a>(&'a mut Sha256);

impl std::io::Write for HashWrite<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
