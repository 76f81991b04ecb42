//! Do the checks of faces and light say the same of every skin?
//!
//! The labelled photos, where they are at hand, in terciles of the individual typology angle of the
//! cheeks: ITA = atan((L* − 50) / b*). `cargo test --test pictures fairness:: -- --nocapture` prints the counts.

#![allow(clippy::print_stdout, reason = "the counts are what the test is run for")]

use crate::support::{Asked, root, said};
use rayon::prelude::*;
use scanvet::decode::{self, Wanted};
use scanvet::intake::{self, Unlimited, Upload};
use scanvet::measure::Measured;
use scanvet::reason::Severity;

/// Faults of which clothes and backdrops know nothing.
const OF_THE_PERSON: [&str; 12] = [
    "FACE_MISSING",
    "FACE_MULTIPLE",
    "FACE_TOO_SMALL",
    "FACE_TOO_LARGE",
    "FACE_OFF_CENTRE",
    "FACE_NOT_FRONTAL",
    "FACE_COVERED",
    "UPPER_BODY_MISSING",
    "IMAGE_BLURRED",
    "IMAGE_TOO_DARK",
    "IMAGE_TOO_BRIGHT",
    "LOW_CONTRAST",
];

/// A photo without a fault of the person: the tone of the cheeks in degrees, and what is said wrongly.
struct Seen {
    ita_deg: f64,
    rejected: bool,
    said: String,
}

fn ita_deg(bytes: &[u8]) -> Option<f64> {
    let sniffed =
        intake::sniff(&Upload { bytes: bytes.to_vec().into(), declared_media_type: None });
    let wanted = Wanted { planes: true, energy: true, tiles: true };
    let page = decode::open(&sniffed, wanted, &mut Unlimited).ok()?.pages.into_iter().next()?;
    let measured = Measured::new(page);
    let [lightness, _, yellow] = measured.main_face().ok()?.mesh.as_ref()?.cover?.skin;
    Some(f64::from((lightness - 50.0).atan2(yellow).to_degrees()))
}

fn seen() -> Vec<Seen> {
    let folder = root().join("../shared/samples/photos");
    let Ok(labels) = std::fs::read_to_string(folder.join("labels.csv")) else {
        return Vec::new();
    };
    let asked = Asked::profile("alibaba-2018", "verification-photo");
    let files: Vec<String> = labels
        .lines()
        .filter_map(|line| line.split(',').next())
        .filter(|file| file.contains("-good-") || file.contains("-clothing-"))
        .map(str::to_owned)
        .collect();
    files
        .par_iter()
        .map(|file| {
            let bytes = std::fs::read(folder.join(file)).expect(file);
            let verdict = asked.judge(&bytes);
            let rejected = verdict.findings.iter().any(|ruled| {
                ruled.severity == Severity::Error
                    && OF_THE_PERSON.contains(&ruled.finding.reason.code)
            });
            let ita_deg = ita_deg(&bytes).unwrap_or_else(|| panic!("{file} shows no face"));
            Seen { ita_deg, rejected, said: format!("{file}: {}", said(&verdict)) }
        })
        .collect()
}

/// Wilson's interval of a share, 95 %.
fn interval(count: usize, of: usize) -> (f64, f64) {
    let (share, of, z) = (count as f64 / of as f64, of as f64, 1.96f64);
    let middle = share + z * z / (2.0 * of);
    let reach = z * (share * (1.0 - share) / of + z * z / (4.0 * of * of)).sqrt();
    ((middle - reach) / (1.0 + z * z / of), (middle + reach) / (1.0 + z * z / of))
}

#[test]
fn no_tercile_of_skin_tone_is_rejected_more_often_than_another() {
    let mut seen = seen();
    if seen.is_empty() {
        println!("no labelled photos at hand");
        return;
    }
    seen.sort_by(|a, b| a.ita_deg.total_cmp(&b.ita_deg));
    let third = seen.len().div_ceil(3);
    let mut intervals = Vec::new();
    for (tercile, photos) in ["darkest", "middle", "lightest"].iter().zip(seen.chunks(third)) {
        let rejected = photos.iter().filter(|photo| photo.rejected).count();
        let (low, high) = interval(rejected, photos.len());
        println!(
            "{tercile:9} {:5.0} to {:3.0}° {rejected:3} of {:3} rejected, {:.1} to {:.1} %",
            photos[0].ita_deg,
            photos[photos.len() - 1].ita_deg,
            photos.len(),
            100.0 * low,
            100.0 * high
        );
        intervals.push((low, high));
    }
    let wrong: Vec<&str> =
        seen.iter().filter(|photo| photo.rejected).map(|photo| &*photo.said).collect();
    for one in &intervals {
        for other in &intervals {
            assert!(one.0 <= other.1, "{}", wrong.join("\n"));
        }
    }
}
