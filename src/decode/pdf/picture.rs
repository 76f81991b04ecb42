//! The pixels of one picture of a page, as they are stored.

use std::ops::Range;

use bytes::Bytes;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps, LumaData,
    Paint, RasterImage, SoftMask, StencilImage, font::GlyphRun,
};
use hayro::hayro_syntax::Filter;
use hayro::hayro_syntax::object::{Array, Name, Object, Stream};
use hayro::kurbo::{Affine, BezPath, Rect};

use super::layout::Placed;
use crate::decode::Outcome;
use crate::decode::integrity::State;
use crate::decode::jpeg::{self, Look, Profile};
use crate::decode::page::Page;
use crate::decode::raster::{Raster, Samples, over_white};
use crate::intake::format;
use crate::intake::metadata::Orientation;
use crate::intake::structure;
use crate::intake::{Budget, Expired};

/// The device that takes one picture and passes over everything else.
pub(super) struct Taking<'b> {
    at: usize,
    drawn: usize,
    look: Option<Look>,
    budget: &'b mut dyn Budget,
    /// What was taken.
    pub taken: Option<Taken>,
}

/// A picture.
pub(super) enum Taken {
    /// Its page, seen without its pixels.
    Seen(Box<Page>),
    /// Its pixels.
    Decoded(Outcome),
    /// The time was over.
    Expired(Expired),
}

impl<'b> Taking<'b> {
    /// Takes the one that is drawn after `at` others; `look` is how its page is looked at, should it need
    /// no pixels for that.
    pub(super) const fn picture(at: usize, look: Option<Look>, budget: &'b mut dyn Budget) -> Self {
        Self { at, drawn: 0, look, budget, taken: None }
    }
}

impl<'a> Device<'a> for Taking<'_> {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}

    fn draw_image(&mut self, image: Image<'a, '_>, _: ImageDrawProps<'a>) {
        if self.drawn == self.at {
            self.taken = Some(match image {
                Image::Raster(picture) => {
                    self.of_jpeg(&picture).unwrap_or_else(|| Taken::Decoded(of_raster(&picture)))
                }
                Image::Stencil(stencil) => Taken::Decoded(of_stencil(&stencil)),
            });
        }
        self.drawn += 1;
    }

    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

impl Taking<'_> {
    /// A JPEG whose colours mean what they mean in a file of its own goes the way of one, so that the same
    /// picture reads the same. `None` for any other picture.
    fn of_jpeg(&mut self, picture: &RasterImage<'_>) -> Option<Taken> {
        let stream = picture.stream();
        let dictionary = stream.dict();
        let changed = ["SMask", "Mask", "SMaskInData", "DecodeParms", "DP"];
        if stream.filters()[..] != [Filter::DctDecode]
            || changed.iter().any(|key| dictionary.contains_key(key))
        {
            return None;
        }
        let (components, profile) = space(stream)?;
        let bytes = stream.raw_data();
        // Adobe stores inks the other way round, and its PDFs turn them back; a file of its own needs no such
        // word. Whoever turns anything else means something else.
        let turned = dictionary.get::<Array<'_>>("Decode").or_else(|| dictionary.get("D"));
        let turned = turned.map(|ends| ends.iter::<f32>().collect::<Vec<_>>());
        let as_stored = match (components, turned) {
            (4, Some(ends)) => ends == [1.0, 0.0].repeat(4) && jpeg::is_adobes(&bytes),
            (4, None) => !jpeg::is_adobes(&bytes),
            (_, turned) => turned.is_none(),
        };
        if !as_stored {
            return None;
        }
        let walk = structure::walk(format::detect(&bytes)?, &bytes)?;
        let header = walk.header?;
        let (width, height) = (picture.width(), picture.height());
        if (header.width, header.height) != (width, height) {
            return None;
        }
        let whole = &bytes[..walk.end];
        let profile = Profile::Given(profile.as_deref());
        let is_whole = matches!(walk.state, structure::State::Whole | structure::State::Incomplete);
        if let Some(look) = self.look.filter(|_| is_whole) {
            let keep = || Bytes::copy_from_slice(whole);
            match jpeg::without_pixels(whole, header, look, profile, keep, self.budget) {
                Ok(Some((page, grey))) if grey == (components == 1) => {
                    return Some(Taken::Seen(Box::new(page)));
                }
                Ok(_) => {}
                Err(expired) => return Some(Taken::Expired(expired)),
            }
        }
        let (raster, state) = match walk.state {
            structure::State::Truncated => (None, State::Truncated),
            structure::State::Corrupt => (None, State::Corrupt),
            structure::State::Exotic => return None,
            structure::State::Whole | structure::State::Incomplete => {
                jpeg::decode_as(whole, header, walk.progressive, profile)
            }
        };
        let grey = raster.as_ref().map(|raster| matches!(raster.samples, Samples::Grey(_)));
        grey.is_none_or(|grey| grey == (components == 1)).then_some(Taken::Decoded((raster, state)))
    }
}

/// Components and profile of a colour space that a JPEG can be in by itself.
fn space(stream: &Stream<'_>) -> Option<(usize, Option<Vec<u8>>)> {
    match stream.dict().get::<Object<'_>>("ColorSpace")? {
        Object::Name(name) => match &*name {
            b"DeviceRGB" => Some((3, None)),
            b"DeviceGray" => Some((1, None)),
            b"DeviceCMYK" => Some((4, None)),
            _ => None,
        },
        Object::Array(array) => of_profile(&array),
        _ => None,
    }
}

fn of_profile(array: &Array<'_>) -> Option<(usize, Option<Vec<u8>>)> {
    let mut items = array.flex_iter();
    if &*items.next::<Name<'_>>()? != b"ICCBased" {
        return None;
    }
    let profile = items.next::<Stream<'_>>()?;
    let components = profile.dict().get::<u32>("N").filter(|count| matches!(count, 1 | 3 | 4))?;
    Some((components as usize, profile.decoded_data().ok().map(|bytes| bytes.into_owned())))
}

/// Any other picture, by the library's colours.
fn of_raster(picture: &RasterImage<'_>) -> Outcome {
    let mut raster = None;
    picture.with_rgba(
        |image, alpha| {
            let (width, height) = (image.width() as usize, image.height() as usize);
            let (mut bytes, each) = match image {
                ImageData::Rgb(image) => (image.data, 3),
                ImageData::Luma(image) => (image.data, 1),
            };
            if let Some(alpha) = alpha {
                on_paper(&mut bytes, (width, height), each, &alpha);
            }
            let samples = if each == 1 { Samples::Grey(bytes) } else { Samples::Rgb(bytes) };
            raster = Raster::new(width, height, samples);
        },
        None,
    );
    outcome(raster)
}

/// A mask through which one colour is painted on paper.
fn of_stencil(stencil: &StencilImage<'_, '_>) -> Outcome {
    let mut raster = None;
    stencil.with_stencil(
        |mask, paint| {
            let Paint::Color(colour) = paint else {
                return;
            };
            let [red, green, blue, opacity] = colour.to_rgba().to_rgba8();
            let (width, height) = (mask.width as usize, mask.height as usize);
            let alpha = |covered: u8| ((u32::from(covered) * u32::from(opacity) + 127) / 255) as u8;
            let samples = if red == green && green == blue {
                Samples::Grey(
                    mask.data.iter().map(|cover| over_white(red, alpha(*cover))).collect(),
                )
            } else {
                let inks = [red, green, blue];
                let pixel = |cover: &u8| inks.map(|ink| over_white(ink, alpha(*cover)));
                Samples::Rgb(mask.data.iter().flat_map(pixel).collect())
            };
            raster = Raster::new(width, height, samples);
        },
        None,
    );
    outcome(raster)
}

fn outcome(raster: Option<Raster>) -> Outcome {
    match raster {
        Some(raster) => (Some(raster), State::Whole),
        None => (None, State::Corrupt),
    }
}

/// Lays pixels on white paper; a mask of another size is stretched over them.
fn on_paper(bytes: &mut [u8], (width, height): (usize, usize), each: usize, alpha: &LumaData) {
    let (across, down) = (alpha.width as usize, alpha.height as usize);
    for (at, pixel) in bytes.chunks_exact_mut(each).enumerate() {
        let (x, y) = (at % width * across / width, at / width * down / height);
        let opacity = alpha.data.get(y * across + x).copied().unwrap_or(u8::MAX);
        for sample in pixel {
            *sample = over_white(*sample, opacity);
        }
    }
}

/// How a stored picture must be turned to stand on the page as it is placed.
pub(super) fn orientation(transform: Affine) -> Orientation {
    let [a, b, c, d, _, _] = transform.as_coeffs();
    let turned = b.abs() + c.abs() > a.abs() + d.abs();
    match (turned, if turned { b } else { a } > 0.0, if turned { c } else { d } > 0.0) {
        (false, true, true) => Orientation::Upright,
        (false, false, true) => Orientation::MirrorHorizontal,
        (false, false, false) => Orientation::Rotate180,
        (false, true, false) => Orientation::MirrorVertical,
        (true, true, true) => Orientation::Transpose,
        (true, true, false) => Orientation::Rotate90,
        (true, false, false) => Orientation::Transverse,
        (true, false, true) => Orientation::Rotate270,
    }
}

/// How much of a picture's side may be hidden before the rest is left out.
const HIDDEN_SHARE: f64 = 0.005;

/// The columns and rows of a picture of this size that the page shows; `None` for all of it.
pub(super) fn seen(
    placed: &Placed,
    (width, height): (usize, usize),
) -> Option<(Range<usize>, Range<usize>)> {
    // The picture may have other pixels than its dictionary says.
    let scale_x = width as f64 / f64::from(placed.pixels.0);
    let scale_y = height as f64 / f64::from(placed.pixels.1);
    let seen = placed.transform.inverse().transform_rect_bbox(placed.seen);
    let seen =
        Rect::new(seen.x0 * scale_x, seen.y0 * scale_y, seen.x1 * scale_x, seen.y1 * scale_y);
    let hides = |shown: f64, side: usize| shown < (1.0 - HIDDEN_SHARE) * side as f64;
    if !hides(seen.width(), width) && !hides(seen.height(), height) {
        return None;
    }
    let range = |from: f64, to: f64, side: usize| {
        let from = (from.round().max(0.0) as usize).min(side - 1);
        from..(to.round().max(0.0) as usize).clamp(from + 1, side)
    };
    Some((range(seen.x0, seen.x1, width), range(seen.y0, seen.y1, height)))
}

/// Leaves out what the page hides of a picture: a reader does not see it either.
pub(super) fn cropped(raster: Raster, placed: &Placed) -> Raster {
    let width = raster.width;
    let Some((columns, rows)) = seen(placed, (raster.width, raster.height)) else {
        return raster;
    };
    let part = |bytes: &[u8], each: usize| -> Vec<u8> {
        let row = |y: usize| &bytes[(y * width + columns.start) * each..][..columns.len() * each];
        rows.clone().flat_map(|y| row(y).iter().copied()).collect()
    };
    let samples = match &raster.samples {
        Samples::Grey(bytes) => Samples::Grey(part(bytes, 1)),
        Samples::Rgb(bytes) => Samples::Rgb(part(bytes, 3)),
    };
    Raster::new(columns.len(), rows.len(), samples).unwrap_or(raster)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raster(width: usize, height: usize) -> Raster {
        let bytes = (0..width * height).map(|at| at as u8).collect();
        Raster::new(width, height, Samples::Grey(bytes)).unwrap()
    }

    fn placed(transform: Affine, seen: Rect) -> Placed {
        let pixels = (10, 10);
        let (plain, translucent, over_ink) = (true, false, false);
        Placed { at: 0, pixels, transform, seen, plain, translucent, over_ink }
    }

    #[test]
    fn what_the_page_hides_is_left_out() {
        let half = placed(Affine::scale(2.0), Rect::new(0.0, 0.0, 20.0, 10.0));
        let shown = cropped(raster(10, 10), &half);
        assert_eq!((shown.width, shown.height, shown.rgb(3, 2)[0]), (10, 5, 23));
        let mirrored = Affine::new([-2.0, 0.0, 0.0, 2.0, 20.0, 0.0]);
        let right = placed(mirrored, Rect::new(10.0, 0.0, 20.0, 20.0));
        let shown = cropped(raster(10, 10), &right);
        assert_eq!(
            (shown.width, shown.rgb(0, 0)[0]),
            (5, 0),
            "stored from the left, shown on the right"
        );
        let all = placed(Affine::scale(2.0), Rect::new(0.0, 0.0, 20.0, 19.95));
        assert_eq!(cropped(raster(10, 10), &all).height, 10, "a hair is not cut");
    }

    #[test]
    fn the_eight_ways_of_placing_are_the_eight_of_a_camera() {
        let orientations = [
            ([1, 0, 0, 1], Orientation::Upright),
            ([-1, 0, 0, 1], Orientation::MirrorHorizontal),
            ([-1, 0, 0, -1], Orientation::Rotate180),
            ([1, 0, 0, -1], Orientation::MirrorVertical),
            ([0, 1, 1, 0], Orientation::Transpose),
            ([0, 1, -1, 0], Orientation::Rotate90),
            ([0, -1, -1, 0], Orientation::Transverse),
            ([0, -1, 1, 0], Orientation::Rotate270),
        ];
        for ([a, b, c, d], wanted) in orientations {
            let transform = Affine::new([a, b, c, d, 0, 0].map(f64::from));
            assert_eq!(orientation(transform), wanted);
            // Where the pixel at (1, 0) of 3 × 2 comes to lie, by both ways.
            let stored = (0..2).flat_map(|y| (0..3).map(move |x| (x, y)));
            let (width, height) = if wanted.swaps_sides() { (2, 3) } else { (3, 2) };
            for (x, y) in stored {
                let shown = (0..height)
                    .flat_map(|y| (0..width).map(move |x| (x, y)))
                    .find(|(right, down)| wanted.stored(*right, *down, 3, 2) == (x, y))
                    .unwrap();
                let centre = transform * hayro::kurbo::Point::new(x as f64 - 1.0, y as f64 - 0.5);
                let (left, top) = ((width - 1) as f64 / 2.0, (height - 1) as f64 / 2.0);
                assert_eq!((centre.x + left, centre.y + top), (shown.0 as f64, shown.1 as f64));
            }
        }
    }
}
