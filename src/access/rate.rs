//! How much each caller may have judged: token buckets for files and for bytes.
//!
//! Own code, as the well-kept crate (`governor`) refuses for ever what is larger than the burst (one
//! big scan) and keeps a table of callers that grows with whoever comes. The clock is handed in.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::identity::{How, Identity};
use super::settings::{CallerRates, RateSettings, SettingFault};

/// Callers whose buckets are kept. Those beyond share one, until somebody's bucket is full again.
const MOST_CALLERS: usize = 10_000;
/// How often a full table is searched for callers who have rested.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Seconds' worth that a caller may have at once where no burst is set.
const BURST_SECONDS: u64 = 10;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Files.
    Files,
    /// Bytes of files.
    Bytes,
}

/// A caller has had more than its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverRate {
    /// Of what.
    pub unit: Unit,
    /// How much it may have, a second.
    pub per_second: u64,
    /// When as much as was asked for is there.
    pub retry_after: Duration,
}

/// The buckets of all callers.
#[derive(Debug)]
pub(super) struct Rates {
    general: Limits,
    callers: BTreeMap<String, Limits>,
    table: Mutex<Table>,
}

/// `None` = no bound.
#[derive(Clone, Copy, Debug, Default)]
struct Limits {
    files: Option<Limit>,
    bytes: Option<Limit>,
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    per_second: u64,
    burst: u64,
}

#[derive(Debug, Default)]
struct Table {
    buckets: HashMap<(How, Arc<str>), Pair>,
    overflow: Pair,
    swept: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    files: Bucket,
    bytes: Bucket,
}

/// What is left. Untouched, it is full.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket(Option<(f64, Instant)>);

impl Bucket {
    fn level(&self, limit: Limit, now: Instant) -> f64 {
        let full = limit.burst as f64;
        self.0.map_or(full, |(left, at)| {
            let gained = now.saturating_duration_since(at).as_secs_f64() * limit.per_second as f64;
            (left + gained).min(full)
        })
    }

    /// Takes `amount`. What is larger than the whole bucket needs a full one, and leaves a debt.
    fn take(&mut self, amount: u64, limit: Limit, now: Instant) -> Result<(), Duration> {
        let level = self.level(limit, now);
        let needed = amount.min(limit.burst) as f64;
        if level < needed {
            let seconds = (needed - level) / limit.per_second as f64;
            // Rounded up: who comes exactly then is let in.
            return Err(Duration::from_millis((seconds * 1000.0).ceil() as u64 + 1));
        }
        self.0 = Some((level - amount as f64, now));
        Ok(())
    }
}

impl Rates {
    pub(super) fn of(settings: &RateSettings) -> Result<Self, Vec<SettingFault>> {
        let RateSettings { files_per_second, file_burst, bytes_per_second, byte_burst, .. } =
            *settings;
        let general = CallerRates { files_per_second, file_burst, bytes_per_second, byte_burst };
        let mut faults = Vec::new();
        faults.extend(zero(&general, "serve.rates", ""));
        let mut callers = BTreeMap::new();
        for (name, rates) in &settings.callers {
            faults.extend(zero(rates, "serve.rates.callers", name));
            let over = CallerRates {
                files_per_second: rates.files_per_second.or(files_per_second),
                // Another rate has a burst of its own.
                file_burst: rates
                    .file_burst
                    .or(file_burst.filter(|_| rates.files_per_second.is_none())),
                bytes_per_second: rates.bytes_per_second.or(bytes_per_second),
                byte_burst: rates
                    .byte_burst
                    .or(byte_burst.filter(|_| rates.bytes_per_second.is_none())),
            };
            callers.insert(name.clone(), Limits::of(&over));
        }
        let table = Mutex::default();
        let rates = Self { general: Limits::of(&general), callers, table };
        if faults.is_empty() { Ok(rates) } else { Err(faults) }
    }

    /// No bounds.
    pub(super) fn none() -> Self {
        Self { general: Limits::default(), callers: BTreeMap::new(), table: Mutex::default() }
    }

    /// Books `amount` on the caller's bucket, or says when there will be room for it.
    pub(super) fn charge(
        &self,
        caller: &Identity,
        (unit, amount): (Unit, u64),
        now: Instant,
    ) -> Result<(), OverRate> {
        let known = self.callers.get(&*caller.name).filter(|_| caller.how != How::Anonymous);
        let limits = known.unwrap_or(&self.general);
        let limit = match unit {
            Unit::Files => limits.files,
            Unit::Bytes => limits.bytes,
        };
        let Some(limit) = limit.filter(|_| amount > 0) else {
            return Ok(());
        };
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = table.pair(caller, now, |name, pair| {
            let limits = self.callers.get(name).unwrap_or(&self.general);
            pair.is_full(limits, now)
        });
        let bucket = match unit {
            Unit::Files => &mut pair.files,
            Unit::Bytes => &mut pair.bytes,
        };
        bucket.take(amount, limit, now).map_err(|retry_after| OverRate {
            unit,
            per_second: limit.per_second,
            retry_after,
        })
    }
}

impl Table {
    /// The buckets of `caller`. To forget a full bucket changes nothing for its caller.
    fn pair(
        &mut self,
        caller: &Identity,
        now: Instant,
        is_full: impl Fn(&str, &Pair) -> bool,
    ) -> &mut Pair {
        let key = (caller.how, Arc::clone(&caller.bucket));
        if !self.buckets.contains_key(&key) && self.buckets.len() >= MOST_CALLERS {
            let rested =
                self.swept.is_none_or(|at| now.saturating_duration_since(at) >= SWEEP_EVERY);
            if rested {
                self.buckets.retain(|(_, name), pair| !is_full(name, pair));
                self.swept = Some(now);
            }
            if self.buckets.len() >= MOST_CALLERS {
                return &mut self.overflow;
            }
        }
        self.buckets.entry(key).or_default()
    }
}

impl Pair {
    fn is_full(&self, limits: &Limits, now: Instant) -> bool {
        let full = |bucket: Bucket, limit: Option<Limit>| {
            limit.is_none_or(|limit| bucket.level(limit, now) >= limit.burst as f64)
        };
        full(self.files, limits.files) && full(self.bytes, limits.bytes)
    }
}

impl Limits {
    fn of(rates: &CallerRates) -> Self {
        let limit = |per_second: Option<u64>, burst: Option<u64>| {
            let per_second = per_second?.max(1);
            let burst = burst.unwrap_or(per_second.saturating_mul(BURST_SECONDS)).max(1);
            Some(Limit { per_second, burst })
        };
        Self {
            files: limit(rates.files_per_second, rates.file_burst),
            bytes: limit(rates.bytes_per_second, rates.byte_burst),
        }
    }
}

/// A rate of nothing is not a bound that anybody means.
fn zero(rates: &CallerRates, key: &'static str, name: &str) -> Vec<SettingFault> {
    let named = [
        ("files_per_second", rates.files_per_second),
        ("file_burst", rates.file_burst),
        ("bytes_per_second", rates.bytes_per_second),
        ("byte_burst", rates.byte_burst),
    ];
    let of = if name.is_empty() { String::new() } else { format!(" of {name:?}") };
    let zeros = named.iter().filter(|(_, value)| *value == Some(0));
    let what = |(rate, _): &(&str, _)| {
        format!("{rate}{of} must be at least 1, or be left out for no bound")
    };
    zeros.map(|zero| SettingFault::of(key, what(zero))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(name: &str) -> Identity {
        Identity::of(name.into(), How::ApiKey)
    }

    fn rates(files: u64, burst: u64) -> Rates {
        let callers = BTreeMap::from([(
            "big".to_owned(),
            CallerRates { files_per_second: Some(100), ..CallerRates::default() },
        )]);
        Rates::of(&RateSettings {
            files_per_second: Some(files),
            file_burst: Some(burst),
            bytes_per_second: Some(1000),
            byte_burst: Some(5000),
            callers,
        })
        .unwrap()
    }

    const FILE: (Unit, u64) = (Unit::Files, 1);

    #[test]
    fn a_burst_is_let_in_then_as_many_as_the_rate_says() {
        let (rates, now) = (rates(2, 3), Instant::now());
        let one = caller("one");
        for _ in 0..3 {
            rates.charge(&one, FILE, now).unwrap();
        }
        let over = rates.charge(&one, FILE, now).unwrap_err();
        assert_eq!((over.unit, over.per_second), (Unit::Files, 2));
        assert!((500..=502).contains(&over.retry_after.as_millis()), "{over:?}");
        rates.charge(&one, FILE, now + over.retry_after).unwrap();
        rates.charge(&one, FILE, now + over.retry_after).unwrap_err();
        // A long rest fills the bucket, and no more than that.
        let later = now + Duration::from_secs(3600);
        for _ in 0..3 {
            rates.charge(&one, FILE, later).unwrap();
        }
        rates.charge(&one, FILE, later).unwrap_err();
    }

    #[test]
    fn one_callers_flood_leaves_anothers_bucket_alone() {
        let (rates, now) = (rates(1, 1), Instant::now());
        rates.charge(&caller("one"), FILE, now).unwrap();
        for _ in 0..1000 {
            rates.charge(&caller("one"), FILE, now).unwrap_err();
        }
        rates.charge(&caller("two"), FILE, now).unwrap();
        // The same name told in another way is another caller.
        rates.charge(&Identity::of("one".into(), How::Token), FILE, now).unwrap();
        for _ in 0..100 {
            rates.charge(&caller("big"), FILE, now).unwrap();
        }
    }

    #[test]
    fn a_file_larger_than_the_burst_needs_a_full_bucket_and_is_paid_off() {
        let (rates, now) = (rates(1000, 1000), Instant::now());
        let one = caller("one");
        rates.charge(&one, (Unit::Bytes, 8000), now).unwrap();
        let over = rates.charge(&one, (Unit::Bytes, 1), now).unwrap_err();
        assert_eq!(
            over.retry_after.as_secs(),
            3,
            "3000 bytes of debt and one more at 1000 a second"
        );
        let later = now + Duration::from_secs(7);
        rates.charge(&one, (Unit::Bytes, 8000), later).unwrap_err();
        rates.charge(&one, (Unit::Bytes, 8000), later + Duration::from_secs(1)).unwrap();
    }

    #[test]
    fn a_crowd_of_strangers_never_fills_memory_nor_wins_a_fresh_burst() {
        let (rates, now) = (rates(1, 1), Instant::now());
        for stranger in 0..MOST_CALLERS {
            rates.charge(&caller(&stranger.to_string()), FILE, now).unwrap();
        }
        rates.charge(&caller("next"), FILE, now).unwrap();
        rates.charge(&caller("after"), FILE, now).unwrap_err();
        rates.charge(&caller("0"), FILE, now).unwrap_err();
        assert_eq!(rates.table.lock().unwrap().buckets.len(), MOST_CALLERS);
        // Once they have rested they are forgotten.
        let later = now + Duration::from_secs(2);
        rates.charge(&caller("after"), FILE, later).unwrap();
        assert_eq!(rates.table.lock().unwrap().buckets.len(), 1);
    }

    #[test]
    fn rates_of_nothing_are_faults_told_together() {
        let none = CallerRates { byte_burst: Some(0), ..CallerRates::default() };
        let callers = BTreeMap::from([("one".to_owned(), none)]);
        let settings =
            RateSettings { files_per_second: Some(0), callers, ..RateSettings::default() };
        let faults = Rates::of(&settings).unwrap_err();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("serve.rates: files_per_second must"), "{told:?}");
        assert!(told[1].contains("byte_burst of \"one\""), "{told:?}");
    }
}
