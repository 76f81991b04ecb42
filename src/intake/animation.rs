//! Does the file hold one picture, or does it move?

use serde::{Deserialize, Serialize};

use crate::intake::Sniffed;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// An animated GIF or PNG shows a reviewer something else than the first frame that was judged.
    pub IMAGE_ANIMATED = Error {
        en: "The picture is animated ({frames} frames)"
            => "Upload a still photo or scan, saved as JPEG or PNG",
        zh: "图片为动图（共 {frames} 帧）" => "请上传静态照片或扫描件，保存为 JPEG 或 PNG",
    }
}

/// The check `file.animation`.
pub struct Animation;

/// Number of frames that the structure holds.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    frames: u32,
}

/// How many frames pass.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    max_frames: u32,
}

impl Check for Animation {
    const ID: &'static str = "file.animation";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&IMAGE_ANIMATED];
    const NEEDS: Needs = Needs::Header;
    type Input = Sniffed;
    type Reading = Reading;
    type Limits = Limits;

    fn read(sniffed: &Sniffed) -> Result<Reading, Unreadable> {
        let header = sniffed.header()?;
        Ok(Reading { frames: header.frames })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let frames = Measurement::of("file.frames", reading.frames.into(), "{frame}");
        vec![frames.at_most(limits.max_frames.into())]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let [frames] = Self::measurements(reading, limits).try_into().ok()?;
        frames
            .is_broken()
            .then(|| Finding::of(&IMAGE_ANIMATED).because(frames).with("frames", reading.frames))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_frame_makes_an_animation() {
        let limits = Limits { max_frames: 1 };
        assert!(Animation::judge(&Reading { frames: 1 }, &limits).is_none());
        let finding = Animation::judge(&Reading { frames: 2 }, &limits).unwrap();
        assert_eq!(finding.metadata["frames"], "2");
    }
}
