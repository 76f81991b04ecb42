//! What each target does with its bytes: one function a door. `tests/fuzz_regressions.rs` goes through the
//! same doors with what was found once.
#![allow(dead_code, reason = "each target goes through one door")]

use std::io::Write;

use scanvet::checks::{CATALOG, Subject};
use scanvet::decode::{self, Wanted};
use scanvet::evaluate;
use scanvet::grpc::{json, proto};
use scanvet::intake::{self, Sniffed, Unlimited, Upload};
use scanvet::reason::Needs;
use scanvet::rules::{RuleBook, embedded_packs};

/// Larger pictures take the time of many small ones and tell no more.
const MOST_PIXELS: u64 = 1 << 21;

/// A door and the name of its target.
pub(crate) type Door = (&'static str, fn(&[u8]));

/// All of them.
pub(crate) const DOORS: &[Door] = &[
    ("jpeg", file),
    ("png", file),
    ("gif", file),
    ("webp", file),
    ("bmp", file),
    ("tiff", file),
    ("pdf", file),
    ("intake", intake),
    ("packs", packs),
    ("archived", archived),
    ("messages", messages),
    ("labels", labels),
];

fn sniffed(bytes: &[u8]) -> Sniffed {
    let upload = Upload { bytes: bytes.to_vec().into(), declared_media_type: None };
    let mut sniffed = intake::sniff(&upload);
    sniffed.look_inside(&mut Unlimited).expect("a budget without end does not end");
    sniffed
}

/// From the first byte to the planes of every page. A panic counts, although the service survives it.
pub(crate) fn file(bytes: &[u8]) {
    let sniffed = sniffed(bytes);
    let header = sniffed.walk.and_then(|walk| walk.header);
    let pixels = header.map_or(0, |it| u64::from(it.width) * u64::from(it.height));
    let pages = header.map_or(0, |header| header.pages);
    // The rules refuse both, and what costs too much to draw.
    let costly = sniffed.pdf.as_ref().is_some_and(|pdf| pdf.cost.operations > 20_000);
    if pixels > MOST_PIXELS || pages > 4 || costly {
        return;
    }
    let wanted = Wanted { planes: true, energy: true, tiles: true };
    let decoded = decode::open(&sniffed, wanted, &mut Unlimited);
    let decoded = decoded.expect("a budget without end does not end");
    assert!(decoded.state != decode::integrity::State::Panicked, "a decoder fell over");
}

/// Every check that needs no pixels.
pub(crate) fn intake(bytes: &[u8]) {
    let sniffed = sniffed(bytes);
    for entry in CATALOG.iter().filter(|entry| entry.needs <= Needs::Header) {
        (entry.read)(&Subject::Upload(&sniffed));
    }
}

/// The bytes as a pack of a province, and as the base of all.
pub(crate) fn packs(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut packs = embedded_packs();
    let province = packs.iter_mut().find(|(file, _)| file.ends_with("CN-GZ.toml"));
    province.expect("there is one").1 = text.to_owned();
    let _ = RuleBook::load(&packs, None);
    let _ = RuleBook::load(&[("base.toml".to_owned(), text.to_owned())], None);
}

/// The bytes as a rule set that was kept.
pub(crate) fn archived(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = RuleBook::archived(text, None);
    }
}

/// The bytes as requests, and as a result in JSON.
pub(crate) fn messages(bytes: &[u8]) {
    use prost::Message;
    let _ = proto::ValidateFileRequest::decode(bytes);
    let _ = proto::UploadAndValidateFileRequest::decode(bytes);
    let _ = proto::ValidateFilingRequest::decode(bytes);
    let _ = proto::StreamValidateFilesRequest::decode(bytes);
    let _ = proto::PlanFilingRequest::decode(bytes);
    if let Ok(value) = serde_json::from_slice(bytes) {
        let _ = json::parse_result(value);
    }
}

/// The bytes as a table of labels.
pub(crate) fn labels(bytes: &[u8]) {
    let path = std::env::temp_dir().join(format!("scanvet-labels-{}", std::process::id()));
    let written = std::fs::File::create(&path).and_then(|mut file| file.write_all(bytes));
    written.expect("room for a small file");
    let _ = evaluate::read_labels(&path);
    let _ = std::fs::remove_file(&path);
}
