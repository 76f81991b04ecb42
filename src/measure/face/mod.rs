//! Faces: where they are, how they are turned, and what covers them.

pub mod cover;
pub(super) mod detector;
pub mod mesh;

use crate::decode::page::Page;
use crate::measure::view::View;
use detector::Detection;
use mesh::Mesh;

pub(super) use detector::planar;

/// One face in the upright picture.
#[derive(Clone, Debug)]
pub struct Face {
    /// How sure the detector is, 0.5..1.
    pub score: f32,
    /// Left, top, right and bottom of eyebrows to chin, ear to ear, 0..1 of the page; may reach beyond it.
    pub edges: [f64; 4],
    /// The face was found only in the picture turned by so many degrees clockwise: 0, 90, 180 or 270.
    pub turned: u32,
    /// Its surface; only the larger faces have one.
    pub mesh: Option<Mesh>,
}

impl Face {
    /// Height, 0..1 of the page's.
    pub fn height(&self) -> f64 {
        self.edges[3] - self.edges[1]
    }

    /// Middle, 0..1 of the page.
    pub fn centre(&self) -> (f64, f64) {
        ((self.edges[0] + self.edges[2]) / 2.0, (self.edges[1] + self.edges[3]) / 2.0)
    }
}

/// Faces whose surface is looked at: the one that counts, and one to compare.
const MESHES: usize = 2;

/// Log-odds of a whole face from which a second look is believed: faces read 19 and more, letters
/// below zero.
const CONFIRMING: f32 = 10.0;

/// Every face, the largest first. `None` where the detector fails.
pub fn find(page: &Page, view: &View) -> Option<Vec<Face>> {
    let confirmed = |detection: &Detection, turned| {
        mesh::fit(page, detection, turned).is_some_and(|mesh| mesh.presence >= CONFIRMING)
    };
    let (detections, turned) = detector::look(view, confirmed)?;
    let face = |(rank, detection): (usize, Detection)| Face {
        score: detection.score,
        edges: detection.edges,
        turned,
        mesh: (rank < MESHES).then(|| mesh::fit(page, &detection, turned)).flatten(),
    };
    Some(detections.into_iter().enumerate().map(face).collect())
}
