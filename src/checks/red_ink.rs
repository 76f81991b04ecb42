//! Red marks on a form, as the checks of the seal and of the fingerprint read them.

use serde::{Deserialize, Serialize};

use crate::measure::marks::RedMark;
use crate::measure::{Measured, rounded};
use crate::reason::Unreadable;

/// Size in millimetres of A4, and middle on the straight sheet, 0..1 from the left and the top.
#[derive(Serialize, Deserialize)]
pub(super) struct Patch {
    pub(super) width_mm: f64,
    pub(super) height_mm: f64,
    pub(super) centre: (f64, f64),
}

impl Patch {
    pub(super) fn of(red: &RedMark) -> Self {
        Self {
            width_mm: rounded(red.mark.width_mm as f32),
            height_mm: rounded(red.mark.height_mm as f32),
            centre: (rounded(red.mark.centre.0 as f32), rounded(red.mark.centre.1 as f32)),
        }
    }

    /// Whether both sides are of this size.
    pub(super) fn measures(&self, least_mm: f64, most_mm: f64) -> bool {
        let size = least_mm..=most_mm;
        size.contains(&self.width_mm) && size.contains(&self.height_mm)
    }
}

/// The red marks of a form, largest first. Without any chroma there is no telling red from black.
pub(super) fn marks(measured: &Measured) -> Result<&[RedMark], Unreadable> {
    let colour = measured.colour().ok_or(Unreadable::because("too-dark-or-featureless"))?;
    if colour.mean == 0.0 {
        return Err(Unreadable::because("no-colour"));
    }
    Ok(&measured.marks().red)
}
