//! Does the document lie straight?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// The document is turned against the picture. Measured on its outline, or on its lines of print
    /// where the sheet fills the frame.
    pub(super) SKEWED = Error {
        en: "The document is tilted by {degrees}°"
            => "Lay it straight, at most {max_degrees}° off the edges of the picture, and take or scan it again",
        zh: "证件倾斜 {degrees}°" => "请将证件摆正后重新拍摄或扫描，倾斜不得超过 {max_degrees}°",
    }
}

/// The check `geometry.skew`.
pub(super) struct Skew;

/// Degrees, clockwise, and what they were measured on.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    degrees: f64,
    from: From,
    /// Corners of the outline, where there is one.
    corners: Option<[(f64, f64); 4]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum From {
    Outline,
    Lines,
}

/// How many degrees pass: a flatbed has no excuse, a photo has some.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_outline_deg: f64,
    doubtful_max_outline_deg: f64,
    max_lines_deg: f64,
    doubtful_max_lines_deg: f64,
}

impl Check for Skew {
    const ID: &'static str = "geometry.skew";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&SKEWED];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        if let Some(outline) = measured.outline() {
            return Ok(Reading {
                degrees: rounded(outline.skew_deg as f32),
                from: From::Outline,
                corners: Some(outline.rounded_corners()),
            });
        }
        let lines = measured.lines().ok_or(Unreadable::because("no-outline-and-no-lines"))?;
        let degrees = rounded(lines.skew_deg as f32);
        Ok(Reading { degrees, from: From::Lines, corners: None })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let bound = bound(reading, limits);
        vec![
            Measurement::of("skew.degrees", reading.degrees, "deg").at_least(-bound).at_most(bound),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let degrees =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let sure = match reading.from {
            From::Outline => limits.doubtful_max_outline_deg,
            From::Lines => limits.doubtful_max_lines_deg,
        };
        let finding = Finding::of(&SKEWED)
            .doubtful_if(reading.degrees.abs() <= sure)
            .because(degrees)
            .with("degrees", reading.degrees.abs().ceil())
            .with("max_degrees", bound(reading, limits));
        Some(
            finding.at(reading
                .corners
                .map(|corners| Region { points: corners.to_vec(), label: "outline".into() })),
        )
    }
}

/// An outline may be turned a little more than the lines of a scan.
const fn bound(reading: &Reading, limits: &Limits) -> f64 {
    match reading.from {
        From::Outline => limits.max_outline_deg,
        From::Lines => limits.max_lines_deg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skew_is_judged_either_way_and_more_strictly_on_a_flatbed() {
        let limits = Limits {
            max_outline_deg: 6.0,
            doubtful_max_outline_deg: 8.0,
            max_lines_deg: 2.5,
            doubtful_max_lines_deg: 3.5,
        };
        let judge = |degrees, from| {
            Skew::judge(&Reading { degrees, from, corners: None }, &limits).map(|f| f.doubtful)
        };
        assert_eq!(judge(-6.0, From::Outline), None);
        assert_eq!(judge(-7.0, From::Outline), Some(true));
        assert_eq!(judge(12.0, From::Outline), Some(false));
        assert_eq!(judge(2.0, From::Lines), None);
        assert_eq!(judge(-5.0, From::Lines), Some(false));
    }
}
