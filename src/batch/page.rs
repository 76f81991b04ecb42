//! The page on a job: counts, spreads of what was measured, some cases, and pictures where asked.

use super::engine::Judge;
use super::fault::JobFault;
use super::job::{Job, Manifest};
use super::part::{self, Unit, lines_of};
use super::run::units;
use crate::reason::Locale;
use crate::report::batch::{self, Summary};
use crate::report::{Groups, Item, Plan, Report};
use crate::store::Place;

/// How much of a job its page shows.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Whether the records are read again for what was measured, and for cases.
    pub readings: bool,
    /// Cases at most.
    pub cases: usize,
    /// Of these, how many get a picture.
    pub pictures: usize,
}

/// What the page of a job is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    pub(super) extent: Extent,
    pub(super) locale: Locale,
    /// Fetches files once more and draws on them; `None` where there are records alone.
    pub(super) artist: Option<Artist<'a>>,
}

/// Who draws, and where the files are named.
#[derive(Clone, Copy, Debug)]
pub(super) struct Artist<'a> {
    pub(super) judge: &'a Judge,
    pub(super) manifest: &'a Manifest,
}

/// The page. A job that goes on has only its counts yet.
pub(super) async fn page(
    place: &Place,
    job: &Job,
    units: &[Unit],
    summary: &Summary,
    shown: Shown<'_>,
) -> Result<String, JobFault> {
    let is_read = summary.complete && shown.extent.readings;
    let cases = if is_read { shown.extent.cases } else { 0 };
    let mut report = Report::over(summary, Plan { groups: Groups::Verdict, cases });
    if is_read {
        for unit in units {
            let lines = part::read(place, *unit, job.zstd).await?;
            let items = tokio::task::spawn_blocking(move || {
                lines_of(&lines).map(Item::of).collect::<Result<Vec<Item>, _>>()
            });
            let items = items.await.map_err(JobFault::temporary)?;
            let items = items.map_err(|error| JobFault::Permanent(format!("{unit}: {error}")))?;
            for item in items {
                report.add(item, None);
            }
        }
    }
    let wanted = report.pictured(shown.extent.pictures);
    if let Some(artist) = shown.artist.filter(|_| !wanted.is_empty()) {
        for (index, picture) in artist.pictures(job, wanted).await? {
            report.illustrate(index, picture);
        }
    }
    Ok(batch::html(&report, shown.locale))
}

impl Artist<'_> {
    /// The pictures of some items, by the number that they were asked by. A file that has gone has none.
    async fn pictures(
        self,
        job: &Job,
        mut wanted: Vec<(u64, String)>,
    ) -> Result<Vec<(u64, Vec<u8>)>, JobFault> {
        let mut pictures = Vec::new();
        for shard in 0..job.shards.max(1) {
            let mut rows = units(self.manifest, job, shard).await?;
            while let Some(row) = rows.recv().await {
                for item in row?.1 {
                    let Some(at) = wanted.iter().position(|(_, name)| *name == item.item_id) else {
                        continue;
                    };
                    let (index, _) = wanted.swap_remove(at);
                    let picture = self.judge.picture(&item).await;
                    pictures.extend(picture.map(|picture| (index, picture)));
                }
                if wanted.is_empty() {
                    return Ok(pictures);
                }
            }
        }
        Ok(pictures)
    }
}
