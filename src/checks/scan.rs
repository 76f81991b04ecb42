//! Is the page a scan or photo of an original, and not a page that a program has written?

use serde::{Deserialize, Serialize};

use crate::decode::page::Origin;
use crate::measure::rounded;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The page of the PDF was written by a program: its text is text, not a picture of paper. Where an
    /// original with seal and signature is asked for, that is none. Recognised text below a scan is not
    /// seen and does not count; a line printed over it by a scanner neither.
    pub(super) PDF_NOT_A_SCAN = Error {
        en: "The PDF page is not a scan of the original"
            => "Print it, sign and seal it where asked, and upload a colour scan or photo of the paper",
        zh: "PDF 页面不是原件的扫描件" => "请打印并按要求签字盖章后，上传纸质原件的彩色扫描件或照片",
    }
}

/// The check `pdf.scan`.
pub(super) struct Scan;

/// What the page is made of.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    picture_share: f64,
    glyphs: u32,
    strokes: u32,
    /// Pixels per inch of each picture, across and down.
    pictures_ppi: Vec<(f64, f64)>,
}

/// What a scan is made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Whether anything else breaks the rule.
    required: bool,
    min_picture_share: f64,
    max_glyphs: f64,
}

impl Check for Scan {
    const ID: &'static str = "pdf.scan";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PDF_NOT_A_SCAN];
    const NEEDS: Needs = Needs::Planes;
    type Input = Origin;
    type Reading = Reading;
    type Limits = Limits;

    fn read(origin: &Origin) -> Result<Reading, Unreadable> {
        let ppi = |(across, down)| (rounded(across as f32), rounded(down as f32));
        Ok(Reading {
            picture_share: rounded(origin.picture_share as f32),
            glyphs: origin.glyphs,
            strokes: origin.strokes,
            pictures_ppi: origin.pictures_ppi.iter().copied().map(ppi).collect(),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let share = Measurement::of("pdf.picture_share", reading.picture_share, "1");
        let glyphs = Measurement::of("pdf.glyphs", reading.glyphs.into(), "1");
        match limits.required {
            true => {
                vec![share.at_least(limits.min_picture_share), glyphs.at_most(limits.max_glyphs)]
            }
            false => vec![share, glyphs],
        }
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let [share, glyphs] = Self::measurements(reading, limits).try_into().ok()?;
        if share.is_broken() {
            return Some(Finding::of(&PDF_NOT_A_SCAN).because(share));
        }
        // Some programs lay what they recognised over the scan, so that a person must look.
        glyphs.is_broken().then(|| Finding::of(&PDF_NOT_A_SCAN).doubtful_if(true).because(glyphs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(required: bool, picture_share: f64, glyphs: u32) -> Option<bool> {
        let reading = Reading { picture_share, glyphs, strokes: 0, pictures_ppi: Vec::new() };
        let limits = Limits { required, min_picture_share: 0.5, max_glyphs: 100.0 };
        Scan::judge(&reading, &limits).map(|finding| finding.doubtful)
    }

    #[test]
    fn a_written_page_is_a_fault_only_where_a_scan_is_required() {
        assert_eq!(judged(false, 0.0, 5000), None);
        assert_eq!(judged(true, 0.0, 5000), Some(false));
        assert_eq!(judged(true, 1.0, 20), None);
        assert_eq!(judged(true, 1.0, 5000), Some(true), "text over a scan");
    }
}
