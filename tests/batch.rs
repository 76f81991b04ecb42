//! Does a batch judge everything once, however often it is stopped, and say what it could not judge?
#![cfg(feature = "archives")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

mod archive;

use std::fs;
use std::path::Path;

use archive::{
    Running, archive as make, assert_same, by_item, is_long, manifest, parts, peak_of, ran,
    records, sample, scanvet, serve, summary, text, wait_until,
};
use serde_json::Value;

/// `batch INPUT --out OUT` with these arguments more; it must end with this status.
fn batch(input: &Path, out: &Path, more: &[&str], wanted: i32) -> String {
    let (input, out) = (text(input), text(out));
    let (status, said) = ran(&[&["batch", &input, "--out", &out], more].concat());
    assert_eq!(status, wanted, "{said}");
    said
}

#[test]
fn a_folder_is_judged_and_every_record_is_what_check_says() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir_all(input.join("2019 证件")).unwrap();
    let names = ["accept-card.jpg", "reject-card-blurred.jpg", "reject-text-named.jpg"];
    for name in names {
        fs::write(input.join("2019 证件").join(name), sample(name)).unwrap();
    }
    let said = batch(&input, &out, &["--slot", "id-card-front", "--as-of", "2026-11-01"], 0);
    assert!(said.contains("3 items: 3 judged, 0 without a verdict"), "{said}");
    for (id, record) in by_item(&out) {
        let file = text(&input.join(&id));
        let always = ["check", &file, "--format", "json", "--readings", "--as-of", "2026-11-01"];
        let output = scanvet(&[&always[..], &["--slot", "id-card-front"]].concat());
        let output = { output }.output().unwrap();
        let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
        let (_, mut wanted) = scanvet::grpc::json::parse_result(checked).unwrap();
        let (_, slot, mut found) = scanvet::grpc::record::parse(record).unwrap();
        assert_eq!(slot, "id-card-front");
        assert_eq!(found.item_id, id);
        // What two runs would write differently is left out.
        wanted.provenance.as_mut().unwrap().evaluate_time = None;
        for check in &mut wanted.checks {
            check.elapsed = None;
        }
        found.item_id.clear();
        assert_eq!(found, wanted, "{id}");
    }
    let counts = summary(&out);
    assert_eq!(counts["complete"], true);
    assert_eq!(counts["verdicts"]["ACCEPT"], 1);
    assert!(fs::read_to_string(out.join("report.html")).unwrap().contains(">Verdicts<"));
    assert_eq!(fs::read(out.join("errors.ndjson")).unwrap(), b"");
    assert_eq!(fs::read_dir(out.join("parquet")).unwrap().count(), 1);
}

#[test]
fn manifests_of_all_forms_give_the_same_records() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), 30);
    let csv = manifest(folder.path(), 30);
    let rows: Vec<[String; 3]> = fs::read_to_string(&csv)
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.split(',').map(str::to_owned);
            std::array::from_fn(|_| cells.next().unwrap())
        })
        .collect();
    let ndjson = folder.path().join("manifest.ndjson");
    let lines: Vec<String> = rows
        .iter()
        .map(|[id, uri, slot]| {
            serde_json::json!({"item_id": id, "uri": uri, "slot": slot, "x_note": 7}).to_string()
        })
        .collect();
    fs::write(&ndjson, lines.join("\n")).unwrap();
    let parquet = folder.path().join("manifest.parquet");
    write_parquet(&parquet, &rows);
    let mut all = Vec::new();
    for (form, more) in [(&csv, &[][..]), (&ndjson, &["--zstd"]), (&parquet, &["--no-parquet"])] {
        let out = form.with_extension("out");
        let out = out.with_file_name(format!("out-{}", form.extension().unwrap().display()));
        batch(form, &out, &[&["--unit", "7"], more].concat(), 0);
        assert_eq!(parts(&out), 5);
        all.push(records(&out));
    }
    assert_eq!(all[0].len(), 30);
    assert_same(&all[0], &all[1]);
    assert_same(&all[0], &all[2]);
}

fn write_parquet(path: &Path, rows: &[[String; 3]]) {
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::writer::SerializedFileWriter;
    let schema = "message m { required binary item_id (UTF8); required binary uri (UTF8); \
                  required binary slot (UTF8); required binary x_other (UTF8); }";
    let schema = parquet::schema::parser::parse_message_type(schema).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema.into(), Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in 0..4 {
        let values: Vec<ByteArray> =
            rows.iter().map(|row| ByteArray::from(&*row[column.min(2)])).collect();
        let mut writer = group.next_column().unwrap().unwrap();
        writer.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        writer.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn a_batch_that_is_killed_goes_on_where_it_was_and_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let count = if is_long() { 10_000 } else { 400 };
    make(folder.path(), count);
    let csv = manifest(folder.path(), count);
    let (undisturbed, killed) = (folder.path().join("a"), folder.path().join("b"));
    let always = ["--unit", "20", "--as-of", "2026-11-01"];
    batch(&csv, &undisturbed, &always, 0);
    let (of, csv_name) = (text(&killed), text(&csv));
    for share in [3, 6] {
        let arguments = [&["batch", &csv_name, "--out", &of], &always[..]].concat();
        let mut running = Running::start(scanvet(&arguments));
        wait_until("a share is done", || parts(&killed) >= share * count / 20 / 10);
        running.kill();
    }
    let before = parts(&killed);
    assert!(before < count / 20, "killed before its end");
    let first = killed.join("parts/part-0000-00000000.ndjson");
    let written = fs::metadata(&first).unwrap().modified().unwrap();
    // What was derived of a part is made good, too.
    fs::remove_file(killed.join("index/part-0000-00000000.ndjson")).unwrap();
    batch(&csv, &killed, &always, 0);
    assert_eq!(fs::metadata(&first).unwrap().modified().unwrap(), written, "not judged again");
    assert_same(&records(&killed), &records(&undisturbed));
    assert_eq!(records(&killed).len(), count);
    for name in ["summary.json", "errors.ndjson", "report.html"] {
        assert_eq!(fs::read(killed.join(name)).unwrap(), fs::read(undisturbed.join(name)).unwrap());
    }
    // A third time there is nothing to do.
    batch(&csv, &killed, &always, 0);
}

#[test]
fn shares_make_up_the_whole_and_the_last_one_to_end_counts_all() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), 90);
    let csv = manifest(folder.path(), 90);
    let (whole, shared) = (folder.path().join("a"), folder.path().join("b"));
    batch(&csv, &whole, &[], 0);
    for index in ["2", "0", "1"] {
        let out = text(&shared);
        let arguments = ["batch", &text(&csv), "--out", &out, "--shard-count", "3"];
        let output = scanvet(&arguments).env("JOB_COMPLETION_INDEX", index).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(summary(&shared)["complete"], index == "1");
    }
    assert_same(&records(&whole), &records(&shared));
    batch(&csv, &shared, &["--shard-count", "4"], 42);
    batch(&csv, &shared, &["--shard-count", "3", "--shard-index", "3"], 42);
}

#[test]
fn results_of_another_rule_set_are_refused_unless_told() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), 12);
    let csv = manifest(folder.path(), 12);
    let out = folder.path().join("out");
    batch(&csv, &out, &["--unit", "4"], 0);
    fs::remove_file(out.join("parts/part-0000-00000001.ndjson")).unwrap();
    let config = folder.path().join("scanvet.toml");
    fs::write(&config, "[ceilings.\"file.size\"]\nbelow_bytes = 1000000\n").unwrap();
    let config = text(&config);
    let more = ["--unit", "4", "--config", &config];
    let said = batch(&csv, &out, &more, 42);
    assert!(said.contains("begun under rule set") && said.contains("--allow-mixed"), "{said}");
    assert_eq!(parts(&out), 2);
    batch(&csv, &out, &[&more[..], &["--allow-mixed"]].concat(), 0);
    assert_eq!(records(&out).len(), 12);
    fs::write(&csv, "uri\nx.jpg\n").unwrap();
    let said = batch(&csv, &out, &["--unit", "4"], 42);
    assert!(said.contains("another manifest"), "{said}");
}

#[test]
fn what_cannot_be_judged_is_listed_and_too_much_of_it_stops_the_job() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), 200);
    let csv = manifest(folder.path(), 200);
    let mut rows = fs::read_to_string(&csv).unwrap();
    rows.push_str("gone-1,no/such/file.jpg,id-card-front\ngone-2,s3:///x,id-card-front\n");
    rows.push_str("odd-slot,00/item-00000.jpg,no-such-slot\n");
    fs::write(&csv, rows).unwrap();
    let out = folder.path().join("out");
    let said = batch(&csv, &out, &[], 3);
    assert!(said.contains("203 items: 200 judged, 3 without a verdict"), "{said}");
    let errors = fs::read_to_string(out.join("errors.ndjson")).unwrap();
    for wanted in [
        r#"{"itemId":"gone-1","slot":"id-card-front","error":{"code":5,"reason":"CONTENT_NOT_FOUND""#,
        r#""itemId":"gone-2","slot":"id-card-front","error":{"code":3,"reason":"CONTENT_URI_MALFORMED""#,
        r#""reason":"SLOT_UNKNOWN""#,
    ] {
        assert!(errors.contains(wanted), "{wanted} is not in {errors}");
    }
    // Put right, they are judged, and only their parts.
    let kept = out.join("parts/part-0000-00000000.ndjson");
    let before = fs::metadata(&kept).unwrap().modified().unwrap();
    fs::create_dir_all(folder.path().join("no/such")).unwrap();
    fs::write(folder.path().join("no/such/file.jpg"), sample("accept-card.jpg")).unwrap();
    batch(&csv, &out, &["--retry-errors"], 3);
    assert_eq!(summary(&out)["errors"], 2);
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), before);

    let mut rows = "item_id,uri\n".to_owned();
    for number in 0..3000 {
        rows.push_str(&format!("{number},gone/{number}.jpg\n"));
    }
    let bad = folder.path().join("bad.csv");
    fs::write(&bad, rows).unwrap();
    let out = folder.path().join("stopped");
    let said = batch(&bad, &out, &["--max-error-share", "0.6"], 4);
    assert!(said.contains("--max-error-share"), "{said}");
    assert!(parts(&out) >= 10 && parts(&out) < 30, "it stopped early: {}", parts(&out));
}

#[test]
fn a_manifest_or_argument_that_is_wrong_is_permanent_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    for (name, rows, wanted) in [
        ("a.csv", "item_id,uri,slto\n1,x.jpg,passport\n", "unknown column \"slto\""),
        ("b.csv", "item_id,slot\n1,passport\n", "no column \"uri\""),
        ("c.csv", "item_id,uri\n1,a.jpg\n2,\n", "row 2: uri is empty"),
        ("d.ndjson", "{\"uri\":\"a.jpg\"}\n{\"uri\":7,\"slot\":{}}\n", "row 2"),
        ("e.ndjson", "{\"uri\":\"a.jpg\"}\n{\"ury\":\"a.jpg\"}\n", "row 2: unknown key \"ury\""),
        ("f.csv", "uri\n", "there is no row"),
        ("g.parquet", "PAR1 and then nothing", "manifest"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, rows).unwrap();
        let said = batch(&path, &out, &[], 42);
        assert!(said.contains(wanted), "{name}: {said}");
        assert_eq!(parts(&out), 0);
    }
    let said = batch(&folder.path().join("nowhere"), &out, &[], 42);
    assert!(said.contains("neither a folder nor a manifest"), "{said}");
    assert_eq!(ran(&["batch", "--no-such-flag"]).0, 42);
    assert_eq!(ran(&["batch", "x.csv"]).0, 42, "--out is missing");
    assert_eq!(ran(&["batch", "--help"]).0, 0);
    // Nobody answers there: that may be otherwise later.
    let port = archive::free_port().to_string();
    let server = format!("127.0.0.1:{port}");
    make(folder.path(), 2);
    let csv = manifest(folder.path(), 2);
    batch(&csv, &out, &["--server", &server], 75);
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_what_is_under_way_and_the_next_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), 600);
    let csv = manifest(folder.path(), 600);
    let out = folder.path().join("out");
    let arguments = ["batch", &text(&csv), "--out", &text(&out), "--unit", "20"];
    let mut running = Running::start(scanvet(&arguments));
    wait_until("it works", || parts(&out) >= 3);
    let interrupt = ["-INT", &running.0.id().to_string()];
    assert!(std::process::Command::new("kill").args(interrupt).status().unwrap().success());
    assert_eq!(running.end(), 75);
    let before = parts(&out);
    assert!(before < 30, "stopped early");
    assert_eq!(records(&out).len(), before * 20, "every part is whole");
    assert_eq!(summary(&out)["complete"], false);
    batch(&csv, &out, &["--unit", "20"], 0);
    assert_eq!(records(&out).len(), 600);
}

#[test]
fn flips_are_told_by_reason_as_table_lines_and_page() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir_all(&input).unwrap();
    for name in ["accept-card.jpg", "review-card-a-little-blurred.jpg", "reject-card-grey.jpg"] {
        fs::write(input.join(name), sample(name)).unwrap();
    }
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    batch(&input, &old, &["--slot", "id-card-front"], 0);
    // A size that nothing keeps to rejects what was accepted.
    let config = folder.path().join("scanvet.toml");
    fs::write(&config, "[ceilings.\"file.size\"]\nbelow_bytes = 1000\n").unwrap();
    let more = ["--slot", "id-card-front", "--config", &text(&config), "--diff", &text(&old)];
    let said = batch(&input, &new, &more, 0);
    assert!(said.contains("2 of 3 compared items flipped"), "{said}");
    assert!(said.contains("ACCEPT  REJECT  FILE_TOO_LARGE"), "{said}");
    let flips = fs::read_to_string(new.join("flips.ndjson")).unwrap();
    let wanted = r#"{"itemId":"accept-card.jpg","from":"ACCEPT","to":"REJECT","reasons":[{"reason":"FILE_TOO_LARGE","was":"","is":"ERROR"}]}"#;
    assert!(flips.contains(wanted), "{flips}");
    let page = fs::read_to_string(new.join("report.html")).unwrap();
    assert!(page.contains("What flipped") && page.contains("FILE_TOO_LARGE"));
    assert_eq!(summary(&new)["diff"]["flipped"], 2);
    // Against what `check` printed, too.
    let files: Vec<String> =
        ["accept-card.jpg", "reject-card-grey.jpg"].map(|name| text(&input.join(name))).to_vec();
    let mut check = scanvet(&["check", "--format", "json", "--slot", "id-card-front"]);
    let output = check.args(&files).current_dir(&input).output().unwrap();
    let lines =
        String::from_utf8(output.stdout).unwrap().replace(&format!("{}/", text(&input)), "");
    fs::write(folder.path().join("checked.ndjson"), lines).unwrap();
    let checked = text(&folder.path().join("checked.ndjson"));
    let said = batch(&input, &new, &[&more[..5], &[&checked]].concat(), 0);
    assert!(said.contains("1 of 2 compared items flipped"), "{said}");
}

#[test]
fn memory_does_not_grow_with_the_number_of_items() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jpg"), b"no picture").unwrap();
    let (few, many) = if is_long() { (20_000, 400_000) } else { (5000, 25_000) };
    let peak = |count: usize| {
        let mut rows = "item_id,uri\n".to_owned();
        for number in 0..count {
            rows.push_str(&format!("item-{number},a.jpg\n"));
        }
        let csv = folder.path().join(format!("{count}.csv"));
        fs::write(&csv, rows).unwrap();
        let out = text(&folder.path().join(format!("out-{count}")));
        let arguments = ["batch", &text(&csv), "--out", &out, "--no-readings", "--unit", "500"];
        let mut running = Running::start(scanvet(&arguments));
        let peak = peak_of(&mut running);
        assert_eq!(running.end(), 0);
        peak
    };
    let (small, large) = (peak(few), peak(many));
    eprintln!("{few} items: {small} KiB, {many} items: {large} KiB");
    assert!(large < small + 40 * 1024, "{few} items: {small} KiB, {many} items: {large} KiB");
}

#[test]
fn a_service_gives_the_records_that_the_engine_here_gives() {
    let folder = tempfile::tempdir().unwrap();
    let count = if is_long() { 500 } else { 60 };
    make(folder.path(), count);
    for name in ["accept-card.jpg", "reject-card-blurred.jpg", "reject-animated.gif"] {
        fs::write(folder.path().join(name), sample(name)).unwrap();
    }
    let csv = manifest(folder.path(), count);
    let mut rows = fs::read_to_string(&csv).unwrap();
    for name in ["accept-card.jpg", "reject-card-blurred.jpg", "reject-animated.gif"] {
        rows.push_str(&format!("{name},{name},id-card-front\n"));
    }
    fs::write(&csv, rows).unwrap();
    let prefix = format!("file://{}", text(&folder.path().canonicalize().unwrap()));
    let (_one, first) = serve(&["--content-prefix", &prefix]);
    let (_two, second) = serve(&["--content-prefix", &prefix]);
    let out = |name: &str| folder.path().join(name);
    batch(&csv, &out("here"), &[], 0);
    let servers = ["--server", &first, "--server", &format!("http://{second}")];
    batch(&csv, &out("stream"), &servers, 0);
    batch(&csv, &out("reference"), &[&servers[..], &["--by-reference"]].concat(), 0);
    let here = records(&out("here"));
    assert_eq!(here.len(), count + 3);
    assert_same(&here, &records(&out("stream")));
    assert_same(&here, &records(&out("reference")));
    one_by_one(&first, folder.path(), &out("here"));
    for file in here.iter().take(5) {
        assert!(!file.contains("evaluateTime") && !file.contains("elapsed"), "{file}");
    }
}

/// Asks for each file by itself, as applicants' uploads are asked for; the answers must be the records.
fn one_by_one(address: &str, folder: &Path, results: &Path) {
    use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
    use scanvet::grpc::proto::{
        FileDescriptor, FilingContext, ValidateFileRequest, ValidationOptions,
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = format!("http://{address}");
    let mut client = runtime.block_on(ValidationServiceClient::connect(address)).unwrap();
    for (id, record) in by_item(results) {
        let (file, slot, mut wanted) = scanvet::grpc::record::parse(record).unwrap();
        let content = fs::read(folder.join(&file)).unwrap();
        let claimed = Path::new(&file).extension().and_then(|extension| extension.to_str());
        let claimed = claimed.and_then(scanvet::intake::format::of_extension).unwrap();
        let as_of = wanted.provenance.as_ref().unwrap().context.as_ref().unwrap().as_of.clone();
        let request = ValidateFileRequest {
            file: Some(FileDescriptor {
                slot,
                declared_media_type: claimed.media_type.to_owned(),
                ..FileDescriptor::default()
            }),
            content,
            options: Some(ValidationOptions {
                include_readings: true,
                context: Some(FilingContext { as_of, ..FilingContext::default() }),
                ..ValidationOptions::default()
            }),
        };
        let answer = runtime.block_on(client.validate_file(request)).unwrap().into_inner();
        let mut found = answer.result.unwrap();
        found.provenance.as_mut().unwrap().evaluate_time = None;
        for check in &mut found.checks {
            check.elapsed = None;
        }
        wanted.item_id.clear();
        assert!(found == wanted, "{id}: {} {}", found.verdict, wanted.verdict);
    }
}

#[test]
fn a_service_that_dies_is_left_for_another_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), 300);
    let csv = manifest(folder.path(), 300);
    let (mut one, first) = serve(&[]);
    let (_two, second) = serve(&[]);
    let (here, out) = (folder.path().join("here"), folder.path().join("out"));
    batch(&csv, &here, &["--unit", "25"], 0);
    let always = ["batch", &text(&csv), "--out", &text(&out), "--unit", "25"];
    let servers = ["--server", &first, "--server", &second];
    let mut running = Running::start(scanvet(&[&always[..], &servers[..]].concat()));
    wait_until("it works", || parts(&out) >= 2);
    one.kill();
    assert_eq!(running.end(), 0);
    assert_same(&records(&here), &records(&out));
}

#[test]
fn the_examples_run_where_their_engine_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let card = text(&root.join("testdata/samples/accept-card.jpg"));
    let grey = text(&root.join("testdata/samples/reject-card-grey.jpg"));
    let csv = folder.path().join("manifest.csv");
    let rows = format!("item_id,uri,slot\na,{card},id-card-front\nb,{grey},id-card-front\n");
    fs::write(&csv, rows).unwrap();
    let (_server, address) = serve(&[]);
    for (script, needs) in [
        ("ray_data.py", "import grpc_reflection, ray.data"),
        (
            "spark.py",
            "import grpc_reflection, pyspark, pandas, shutil; assert shutil.which('java')",
        ),
        ("daft_udf.py", "import grpc_reflection, daft"),
    ] {
        let path = root.join("examples").join(script);
        assert!(fs::read_to_string(&path).unwrap().lines().count() < 40, "{script}");
        if !archive::is_there("python3", &["-c", needs]) {
            continue;
        }
        let out = folder.path().join(script.replace(".py", ""));
        let output = std::process::Command::new("python3")
            .args([&text(&path), &address, &text(&csv), &text(&out)])
            .env("PYSPARK_PYTHON", "python3")
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}: {}", archive::said(&output));
        let rows = parquet_rows(&out);
        assert!(rows.contains("VERDICT_ACCEPT") && rows.contains("VERDICT_REJECT"), "{rows}");
    }
}

/// Every row of the tables in a folder, as text.
fn parquet_rows(folder: &Path) -> String {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let mut rows = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
            for row in reader.get_row_iter(None).unwrap() {
                rows.push_str(&row.unwrap().to_string());
            }
        }
    }
    rows
}

#[test]
fn the_program_understands_every_command_of_the_guide() {
    let guide = include_str!("../docs/batch.md");
    let commands: Vec<&str> = guide.lines().filter(|line| line.starts_with("scanvet ")).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.split(' ').skip(1).chain(["--help"]).collect();
        let (status, said) = ran(&words);
        assert!(status == 0 && said.contains("Usage: scanvet"), "{command}: {said}");
    }
}
