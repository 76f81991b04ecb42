//! What is behind the person: areas of about one colour, and where they meet the frame.
//!
//! The view is looked at in tiles; a tile's colour is the median of its cells that are no person, so
//! that letters do not count. Tiles grow together where their colours are alike: folds and
//! vignetting change lightness slowly, a wall beside a curtain changes at once.

use crate::measure::person::Person;
use crate::measure::view::{self, View};

/// The background of the view.
#[derive(Clone, Debug, PartialEq)]
pub struct Backdrop {
    /// Areas of one colour, the largest first.
    pub areas: Vec<Area>,
    /// Share of the page that is background.
    pub page_share: f32,
    /// Share of the background's tiles that are not of one colour: edges of doors, objects, letters.
    pub uneven_share: f32,
    /// Standard deviation of the tiles' lightness in the largest area: folds, shadows.
    pub spread: f32,
}

/// Tiles of about one colour that hang together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Median L*, a*, b*.
    pub lab: [f32; 3],
    /// Share of the background.
    pub share: f32,
    /// Share of each side of the frame (top, right, bottom, left) that it lies at.
    pub sides: [f32; 4],
    /// Left, top, right, bottom, 0..1 of the page.
    pub edges: [f64; 4],
}

/// Tiles along the view's longer side.
const TILES: usize = 40;

/// A tile counts where so much of it is background.
const LEAST_FREE: f32 = 0.35;

/// Cells around the person that are not trusted to be background.
const RIM: u8 = 3;

/// Neighbouring tiles belong together when they differ by less: chroma, with lightness at a third.
const LIKE: f32 = 9.0;
const LIGHTNESS: f32 = 0.35;

/// And from the whole area's colour by no more than so much.
const LIKE_AREA: f32 = 26.0;

/// The colours of a tile of plain wall spread by less, in each of L*, a* and b*.
const EVEN: f32 = 8.0;

/// Areas of fewer tiles are specks.
const FEWEST: usize = 2;

/// Measures what the person does not hide.
pub fn measure(view: &View, person: Option<&Person>) -> Backdrop {
    let (width, height) = (view.width(), view.height());
    let taken =
        person.map_or_else(|| vec![false; width * height], |person| person.eroded(RIM, true));
    let grid = Grid::of(view, &taken);
    let mut areas: Vec<(Area, Vec<usize>)> = grid
        .together()
        .into_iter()
        .filter(|tiles| tiles.len() >= FEWEST)
        .map(|tiles| (grid.area(&tiles), tiles))
        .collect();
    areas.sort_by_key(|(_, tiles)| std::cmp::Reverse(tiles.len()));
    let spread = areas.first().map_or(0.0, |(_, tiles)| grid.spread(tiles));
    let free = taken.iter().filter(|taken| !**taken).count();
    Backdrop {
        areas: areas.into_iter().map(|(area, _)| area).collect(),
        page_share: free as f32 / taken.len().max(1) as f32,
        uneven_share: grid.uneven_share(),
        spread,
    }
}

/// Tiles of the view.
struct Grid {
    across: usize,
    down: usize,
    /// `None` where the person is.
    tiles: Vec<Option<[f32; 3]>>,
    uneven: Vec<bool>,
}

impl Grid {
    fn of(view: &View, taken: &[bool]) -> Self {
        let (width, height) = (view.width(), view.height());
        let side = width.max(height).div_ceil(TILES).max(1);
        let (across, down) = (width.div_ceil(side), height.div_ceil(side));
        let lab = view.lab();
        let tile = |tile: usize| {
            let (left, top) = (tile % across * side, tile / across * side);
            let rows = top..(top + side).min(height);
            let cells =
                rows.flat_map(|y| (left..(left + side).min(width)).map(move |x| y * width + x));
            let (free, all) = cells.fold((Vec::new(), 0), |(mut free, all), at| {
                if !taken[at] {
                    free.push(lab[at]);
                }
                (free, all + 1)
            });
            let counts = free.len() as f32 >= (LEAST_FREE * all as f32).max(1.0);
            let colour = counts.then(|| view::median(free.iter().copied())).flatten();
            (colour, counts && is_uneven(&free))
        };
        let (tiles, mut uneven): (Vec<Option<[f32; 3]>>, Vec<bool>) =
            (0..across * down).map(tile).unzip();
        // An edge may lie just between two tiles.
        for at in 0..tiles.len() {
            let right = (at % across + 1 < across).then_some(at + 1);
            let below = (at / across + 1 < down).then_some(at + across);
            let steps = [right, below].into_iter().flatten().filter_map(|other| tiles[other]);
            let step = |other: [f32; 3]| {
                tiles[at].is_some_and(|own| (0..3).any(|c| (own[c] - other[c]).abs() > EVEN))
            };
            uneven[at] |= steps.into_iter().any(step);
        }
        Self { across, down, tiles, uneven }
    }

    /// Tiles that hang together, grown from every tile that belongs to none yet.
    fn together(&self) -> Vec<Vec<usize>> {
        let mut seen: Vec<bool> = self.tiles.iter().map(Option::is_none).collect();
        let mut areas = Vec::new();
        for seed in 0..self.tiles.len() {
            if seen[seed] {
                continue;
            }
            seen[seed] = true;
            let (mut area, mut next) = (vec![seed], 0);
            let mut sum = self.colour(seed);
            while let Some(&tile) = area.get(next) {
                next += 1;
                for other in self.neighbours(tile) {
                    let mean = sum.map(|sum| sum / area.len() as f32);
                    let colour = self.colour(other);
                    if !seen[other]
                        && apart(self.colour(tile), colour) < LIKE
                        && apart(mean, colour) < LIKE_AREA
                    {
                        seen[other] = true;
                        area.push(other);
                        sum = std::array::from_fn(|channel| sum[channel] + colour[channel]);
                    }
                }
            }
            areas.push(area);
        }
        areas
    }

    fn colour(&self, tile: usize) -> [f32; 3] {
        self.tiles[tile].unwrap_or_default()
    }

    /// Beside a tile, and two away: a letter or an arm may lie between.
    fn neighbours(&self, tile: usize) -> impl Iterator<Item = usize> {
        const STEPS: [(isize, isize); 12] = [
            (-1, 0),
            (1, 0),
            (0, -1),
            (0, 1),
            (-1, -1),
            (1, -1),
            (-1, 1),
            (1, 1),
            (-2, 0),
            (2, 0),
            (0, -2),
            (0, 2),
        ];
        let (x, y) = ((tile % self.across) as isize, (tile / self.across) as isize);
        STEPS.into_iter().filter_map(move |(dx, dy)| {
            let (x, y) = (x + dx, y + dy);
            let inside =
                (0..self.across as isize).contains(&x) && (0..self.down as isize).contains(&y);
            let tile = inside.then(|| y as usize * self.across + x as usize)?;
            self.tiles[tile].is_some().then_some(tile)
        })
    }

    fn area(&self, tiles: &[usize]) -> Area {
        let all = self.tiles.iter().flatten().count().max(1);
        let column = |tile: &usize| tile % self.across;
        let row = |tile: &usize| tile / self.across;
        let share = |count: usize, of: usize| count as f32 / of as f32;
        let at = |wanted: &dyn Fn(&usize) -> bool| tiles.iter().filter(|tile| wanted(tile)).count();
        let sides = [
            share(at(&|tile| row(tile) == 0), self.across),
            share(at(&|tile| column(tile) + 1 == self.across), self.down),
            share(at(&|tile| row(tile) + 1 == self.down), self.across),
            share(at(&|tile| column(tile) == 0), self.down),
        ];
        let range = |place: &dyn Fn(&usize) -> usize, length: usize| {
            let first = tiles.iter().map(place).min().unwrap_or_default();
            let last = tiles.iter().map(place).max().unwrap_or_default();
            (first as f64 / length as f64, (last + 1) as f64 / length as f64)
        };
        let ((left, right), (top, bottom)) = (range(&column, self.across), range(&row, self.down));
        let colours = tiles.iter().map(|tile| self.colour(*tile));
        Area {
            lab: view::median(colours).unwrap_or_default(),
            share: share(tiles.len(), all),
            sides,
            edges: [left, top, right, bottom],
        }
    }

    fn spread(&self, tiles: &[usize]) -> f32 {
        let count = tiles.len().max(1) as f32;
        let lightness = || tiles.iter().map(|tile| self.colour(*tile)[0]);
        let mean = lightness().sum::<f32>() / count;
        (lightness().map(|one| (one - mean).powi(2)).sum::<f32>() / count).sqrt()
    }

    fn uneven_share(&self) -> f32 {
        let seen = self.tiles.iter().flatten().count().max(1);
        self.uneven.iter().filter(|uneven| **uneven).count() as f32 / seen as f32
    }
}

/// Whether the colours of a tile spread, but for its outermost twentieths.
fn is_uneven(colours: &[[f32; 3]]) -> bool {
    let stray = colours.len() / 20;
    (0..3).any(|channel| {
        let mut values: Vec<f32> = colours.iter().map(|colour| colour[channel]).collect();
        let (_, least, above) = values.select_nth_unstable_by(stray, f32::total_cmp);
        let least = *least;
        // Of what lies above, so many less.
        let place = above.len().checked_sub(1 + stray);
        let most = place.map_or(least, |at| *above.select_nth_unstable_by(at, f32::total_cmp).1);
        most - least > EVEN
    })
}

fn apart(one: [f32; 3], other: [f32; 3]) -> f32 {
    let lightness = LIGHTNESS * (one[0] - other[0]);
    (lightness.powi(2) + (one[1] - other[1]).powi(2) + (one[2] - other[2]).powi(2)).sqrt()
}
