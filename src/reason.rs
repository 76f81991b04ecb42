//! What can be wrong with an upload, said once: reasons, findings, and the shape of a check.
//!
//! A [`Reason`] is declared beside the check that raises it, with its texts in both languages.
//! A check takes a reading (numbers, no opinion) apart from judging it, so that recorded readings
//! can be judged again under other rules without the file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a finding does to the verdict, mildest first so that the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Informative.
    Info,
    /// Shown to the applicant, does not block.
    Warning,
    /// A person must look; does not reject by itself.
    Review,
    /// Rejects.
    Error,
}

/// A language in which scanvet speaks to applicants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    /// English, the default.
    #[default]
    En,
    /// Simplified Chinese.
    ZhCn,
}

impl Locale {
    /// Every language, in the order in which documents list them.
    pub const ALL: [Self; 2] = [Self::En, Self::ZhCn];

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// The language that a BCP 47 tag asks for, by its primary subtag.
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "zh" => Some(Self::ZhCn),
            _ => None,
        }
    }
}

/// One fault's texts in one language. `{name}` is filled from the finding's metadata.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// What is wrong, at most 60 characters, without a final stop.
    pub headline: &'static str,
    /// What the applicant should do, at most 120 characters.
    pub fix: &'static str,
}

impl Text {
    /// Both parts as one message with the placeholders filled in.
    pub fn message(&self, locale: Locale, metadata: &BTreeMap<&'static str, String>) -> String {
        let (stop, end) = match locale {
            Locale::En => (". ", "."),
            Locale::ZhCn => ("。", "。"),
        };
        let [headline, fix] =
            [self.headline, self.fix].map(|template| fill(template, metadata, locale));
        format!("{headline}{stop}{fix}{end}")
    }
}

/// Replaces each `{name}` of `template` by `metadata[name]`; a name without a value stays as it is.
/// Metadata is the same in every language; the few words among it are translated here, and what has
/// no such words comes as `name.zh-CN` and `name.en`.
pub fn fill<K: AsRef<str>>(
    template: &str,
    metadata: &BTreeMap<K, String>,
    locale: Locale,
) -> String {
    let mut text = template.to_owned();
    for (name, value) in metadata {
        if let Some((name, tag)) = name.as_ref().split_once('.')
            && tag == locale.tag()
        {
            text = text.replace(&format!("{{{name}}}"), value);
        }
    }
    for (name, value) in metadata {
        let value = spoken(value, locale);
        text = text.replace(&format!("{{{}}}", name.as_ref()), &value);
    }
    text
}

/// Words that findings use as values, and what people call them in English and Chinese.
const WORDS: [(&str, [&str; 2]); 12] = [
    ("top", ["top", "上"]),
    ("right", ["right", "右"]),
    ("bottom", ["bottom", "下"]),
    ("left", ["left", "左"]),
    ("web", ["web", "网页"]),
    ("mobile-app", ["mobile app", "移动端App"]),
    ("mail", ["mail", "邮寄"]),
    ("text", ["text", "文本"]),
    ("audio", ["audio", "音频"]),
    ("video", ["video", "视频"]),
    ("font", ["font", "字体"]),
    ("other", ["another kind", "其他类型"]),
];

/// A value, or a list of them, as people of that language write it.
fn spoken(value: &str, locale: Locale) -> String {
    let (language, between) = match locale {
        Locale::En => (0, ", "),
        Locale::ZhCn => (1, "、"),
    };
    let word = |word| {
        let known = WORDS.iter().find(|(name, _)| *name == word);
        known.map_or(word, |(_, names)| names[language])
    };
    value.split(", ").map(word).collect::<Vec<_>>().join(between)
}

/// A share as a percentage of at most one decimal: bounds are told as they are.
pub fn percent(share: f64) -> String {
    ((1000.0 * share).round() / 10.0).to_string()
}

/// The names that stand in braces in `template`, sorted.
pub fn placeholders(template: &str) -> Vec<&str> {
    let mut names: Vec<&str> = template
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A fault that an upload can have. Declared with [`reason!`](crate::reason!), compared by code.
#[derive(Debug)]
pub struct Reason {
    /// Stable code, `UPPER_SNAKE`, at most 63 characters. Never reused.
    pub code: &'static str,
    /// Why this matters and how it is measured: the declaration's doc comment.
    pub doc: &'static str,
    /// Severity when a rule pack says nothing else; the shipped base pack always does.
    pub severity: Severity,
    /// English texts.
    pub en: Text,
    /// Chinese texts.
    pub zh: Text,
}

impl Reason {
    /// The texts in one language.
    pub const fn text(&self, locale: Locale) -> &Text {
        match locale {
            Locale::En => &self.en,
            Locale::ZhCn => &self.zh,
        }
    }
}

/// Declares one [`Reason`] as data: doc comment, default severity, and texts in both languages.
#[macro_export]
macro_rules! reason {
    (
        $(#[doc = $doc:literal])+
        $vis:vis $code:ident = $severity:ident {
            en: $en_headline:literal => $en_fix:literal,
            zh: $zh_headline:literal => $zh_fix:literal $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        $vis static $code: $crate::reason::Reason = $crate::reason::Reason {
            code: stringify!($code),
            doc: concat!($($doc, "\n"),+),
            severity: $crate::reason::Severity::$severity,
            en: $crate::reason::Text { headline: $en_headline, fix: $en_fix },
            zh: $crate::reason::Text { headline: $zh_headline, fix: $zh_fix },
        };
    };
}

reason! {
    /// A check could not reach an opinion on this file, which is not the same as passing or failing.
    /// The metadata name the check and why. Rule packs turn it into REVIEW or silence it.
    pub COULD_NOT_ASSESS = Review {
        en: "Part of this file could not be checked automatically"
            => "Nothing to do now: a person will look at it",
        zh: "该文件有一部分无法自动检查" => "暂时无需操作，将由人工查看",
    }
}

/// A number beside the bounds that hold for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// What was measured, e.g. `blur.radius_per_mille`.
    pub name: &'static str,
    /// The value.
    pub value: f64,
    /// UCUM unit, `1` if none.
    pub unit: &'static str,
    /// Lowest value that passes, if there is one.
    pub min: Option<f64>,
    /// Highest value that passes, if there is one.
    pub max: Option<f64>,
}

impl Measurement {
    /// A value without bounds.
    pub const fn of(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self { name, value, unit, min: None, max: None }
    }

    /// The same with a lower bound.
    pub const fn at_least(self, min: f64) -> Self {
        Self { min: Some(min), ..self }
    }

    /// The same with an upper bound.
    pub const fn at_most(self, max: f64) -> Self {
        Self { max: Some(max), ..self }
    }

    /// Whether the value lies outside its bounds.
    pub fn is_broken(&self) -> bool {
        self.min.is_some_and(|min| self.value < min) || self.max.is_some_and(|max| self.value > max)
    }
}

/// A polygon on the upright page, clockwise, in 0..1 of its width and height.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// At least three `(x, y)` points.
    pub points: Vec<(f64, f64)>,
    /// What it is, e.g. `glare`.
    pub label: Cow<'static, str>,
}

impl Region {
    /// An upright box from its left, top, right and bottom edges.
    pub fn rectangle(
        label: impl Into<Cow<'static, str>>,
        [left, top, right, bottom]: [f64; 4],
    ) -> Self {
        let points = vec![(left, top), (right, top), (right, bottom), (left, bottom)];
        Self { points, label: label.into() }
    }
}

/// A reason with what was measured, the bound it broke and where. The rules add the severity.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What is wrong.
    pub reason: &'static Reason,
    /// The evidence lies between "surely fine" and "surely not": the pack's `doubtful` severity holds.
    pub doubtful: bool,
    /// What broke which bound.
    pub measurements: Vec<Measurement>,
    /// Where on the page; empty = everywhere.
    pub regions: Vec<Region>,
    /// Everything that varies in the texts.
    pub metadata: BTreeMap<&'static str, String>,
}

impl Finding {
    /// A certain finding.
    pub fn of(reason: &'static Reason) -> Self {
        Self {
            reason,
            doubtful: false,
            measurements: Vec::new(),
            regions: Vec::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// Marks the evidence as thin when `doubtful` holds.
    pub fn doubtful_if(self, doubtful: bool) -> Self {
        Self { doubtful, ..self }
    }

    /// Adds a measured value with its bounds.
    pub fn because(mut self, measurement: Measurement) -> Self {
        self.measurements.push(measurement);
        self
    }

    /// Adds a place on the page.
    pub fn at(mut self, regions: impl IntoIterator<Item = Region>) -> Self {
        self.regions.extend(regions);
        self
    }

    /// Sets a placeholder of the texts.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.metadata.insert(name, value.to_string());
        self
    }
}

/// Why a check could not assess its input. A third outcome, never a low score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// Stable kebab-case word for programs, e.g. `no-edges`.
    pub why: Cow<'static, str>,
}

impl Unreadable {
    /// From a kebab-case word.
    pub const fn because(why: &'static str) -> Self {
        Self { why: Cow::Borrowed(why) }
    }
}

/// How much of the file a check must see. Ordered by cost: cheap checks run first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// The bytes as they arrived.
    Bytes,
    /// The header: nothing decoded yet.
    Header,
    /// The outcome of decoding.
    Decoded,
    /// The planes at the analysis scale.
    Planes,
    /// The block energy of the full-resolution luma.
    Energy,
    /// The planes, and a network to look at them.
    Model,
    /// All of these, and full-resolution pixels of a region: a face, letters.
    Tiles,
}

/// One rule: how to read it off the input, and how to judge the reading.
pub trait Check {
    /// Dotted id, `family.name`; also the key of its limits in the rule packs.
    const ID: &'static str;
    /// Version of the reading's form; raise it when recorded readings stop being comparable.
    const VERSION: u32;
    /// Every reason that `judge` can give.
    const REASONS: &'static [&'static Reason];
    /// What must be there before it can run.
    const NEEDS: Needs;
    /// The upload, the state that decoding found the file in, or one page.
    type Input;
    /// What is measured; recorded with the verdict.
    type Reading: Serialize + DeserializeOwned;
    /// The bounds, from the rule packs. `deny_unknown_fields`, no defaults.
    type Limits: DeserializeOwned + Send + Sync + 'static;

    /// Measures. Knows no bound.
    fn read(input: &Self::Input) -> Result<Self::Reading, Unreadable>;

    /// The numbers of a reading beside their bounds, for reports of passed checks too.
    fn measurements(reading: &Self::Reading, limits: &Self::Limits) -> Vec<Measurement>;

    /// Judges. Pure: the same reading and limits give the same finding.
    fn judge(reading: &Self::Reading, limits: &Self::Limits) -> Option<Finding>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_from_metadata_and_unknown_ones_stay_visible() {
        let metadata = BTreeMap::from([("max_mb", "4".to_owned())]);
        assert_eq!(
            fill("below {max_mb} MB, not {size_mb}", &metadata, Locale::En),
            "below 4 MB, not {size_mb}"
        );
        assert_eq!(placeholders("{b} and {a} and {b}"), ["a", "b"]);
    }

    #[test]
    fn a_value_of_the_language_stands_before_one_of_all() {
        let metadata = BTreeMap::from([
            ("slot", "passport".to_owned()),
            ("slot.zh-CN", "护照".to_owned()),
            ("slot.en", "Passport".to_owned()),
        ]);
        assert_eq!(fill("{slot}", &metadata, Locale::ZhCn), "护照");
        assert_eq!(fill("{slot}", &metadata, Locale::En), "Passport");
    }

    #[test]
    fn words_among_the_metadata_are_translated_and_numbers_are_not() {
        let metadata = BTreeMap::from([("edge", "top, left".to_owned()), ("n", "4".to_owned())]);
        assert_eq!(fill("{edge} {n}", &metadata, Locale::ZhCn), "上、左 4");
        let metadata = BTreeMap::from([("by", "mobile-app, mail".to_owned())]);
        assert_eq!(fill("{by}", &metadata, Locale::En), "mobile app, mail");
    }

    #[test]
    fn a_bound_of_less_than_a_percent_is_told_as_it_is() {
        assert_eq!([0.004, 0.2, 0.0].map(percent), ["0.4", "20", "0"]);
    }

    #[test]
    fn a_measurement_is_broken_only_outside_its_bounds() {
        let measured = Measurement::of("x", 2.0, "1");
        assert!(!measured.clone().at_least(2.0).at_most(2.0).is_broken());
        assert!(measured.clone().at_least(2.1).is_broken());
        assert!(measured.at_most(1.9).is_broken());
    }

    #[test]
    fn locales_are_found_by_their_primary_subtag() {
        assert_eq!(Locale::of_tag("zh-Hans-CN"), Some(Locale::ZhCn));
        assert_eq!(Locale::of_tag("EN_gb"), Some(Locale::En));
        assert_eq!(Locale::of_tag("fr"), None);
    }
}
