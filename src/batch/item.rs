//! One row of a manifest.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::Date;
use time::macros::format_description;

use crate::rules::Context;

/// One file to be judged: a row of a manifest. Empty fields fall back to what the job says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Item {
    /// Unique in the manifest. Default: the uri.
    pub item_id: String,
    /// Where the file lies; what has no scheme is a path, relative to the manifest's folder.
    pub uri: String,
    /// What the file is meant to be.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub slot: String,
    /// Context.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// Context.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub province: String,
    /// Context.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub entity: String,
    /// Context.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filing_type: String,
    /// Context.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Context: a list, separated by `|`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content: String,
    /// Context: a day of the form 2019-07-01.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub as_of: String,
    /// Context: `true` or `false`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub paid: String,
    /// Context: a number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub domains: String,
    /// Context: `true` or `false`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub issued_elsewhere: String,
    /// What the uploader claimed. Default: what the uri's extension claims.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub media_type: String,
}

/// Columns of a manifest, in the order of the fields.
pub const COLUMNS: [&str; 14] = [
    "item_id",
    "uri",
    "slot",
    "profile",
    "province",
    "entity",
    "filing_type",
    "channel",
    "content",
    "as_of",
    "paid",
    "domains",
    "issued_elsewhere",
    "media_type",
];

/// Longest id; a longer one is a file that slipped into the wrong column.
const LONGEST_ID: usize = 1024;

impl Item {
    /// Sets a column by its name; false where there is none by that name.
    pub(super) fn set(&mut self, column: &str, value: String) -> bool {
        let field = match column {
            "item_id" => &mut self.item_id,
            "uri" => &mut self.uri,
            "slot" => &mut self.slot,
            "profile" => &mut self.profile,
            "province" => &mut self.province,
            "entity" => &mut self.entity,
            "filing_type" => &mut self.filing_type,
            "channel" => &mut self.channel,
            "content" => &mut self.content,
            "as_of" => &mut self.as_of,
            "paid" => &mut self.paid,
            "domains" => &mut self.domains,
            "issued_elsewhere" => &mut self.issued_elsewhere,
            "media_type" => &mut self.media_type,
            _ => return false,
        };
        *field = value;
        true
    }

    /// Fills in the id and says what no row may lack.
    pub(super) fn sound(mut self) -> Result<Self, &'static str> {
        if self.uri.is_empty() {
            return Err("uri is empty");
        }
        if self.item_id.is_empty() {
            self.item_id.clone_from(&self.uri);
        }
        if self.item_id.len() > LONGEST_ID || self.item_id.contains(char::is_control) {
            return Err("item_id is too long or holds control characters");
        }
        Ok(self)
    }

    /// The share of the work to which the item belongs: by a hash of its id, so that it is the same
    /// in every run and on every machine.
    pub fn shard(&self, count: u32) -> u32 {
        let digest = Sha256::digest(self.item_id.as_bytes());
        let word = digest.iter().take(8).fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        (word % u64::from(count.max(1))) as u32
    }

    /// What the row says of the context, over what the job says. The error names the column.
    pub(super) fn context(&self, job: &Context) -> Result<Context, &'static str> {
        let word = |own: &String, job: &Option<String>| {
            if own.is_empty() { job.clone() } else { Some(own.clone()) }
        };
        let yes = |own: &str| match own {
            "true" | "True" | "TRUE" | "1" => Some(true),
            "false" | "False" | "FALSE" | "0" => Some(false),
            _ => None,
        };
        let list = |text: &str| {
            let entries = text.split('|').map(str::trim).filter(|entry| !entry.is_empty());
            entries.map(str::to_owned).collect()
        };
        Ok(Context {
            profile: if self.profile.is_empty() {
                job.profile.clone()
            } else {
                self.profile.clone()
            },
            province: word(&self.province, &job.province),
            entity: word(&self.entity, &job.entity),
            filing_type: word(&self.filing_type, &job.filing_type),
            channel: word(&self.channel, &job.channel),
            contents: if self.content.is_empty() {
                job.contents.clone()
            } else {
                list(&self.content)
            },
            paid_service: match &*self.paid {
                "" => job.paid_service,
                paid => yes(paid).ok_or("paid must be true or false")?,
            },
            domain_count: match &*self.domains {
                "" => job.domain_count,
                count => count.parse().map_err(|_| "domains must be a number")?,
            },
            issued_elsewhere: match &*self.issued_elsewhere {
                "" => job.issued_elsewhere,
                own => Some(yes(own).ok_or("issued_elsewhere must be true or false")?),
            },
            as_of: match &*self.as_of {
                "" => job.as_of,
                day => Some(parse_day(day).ok_or("as_of must be a day of the form 2019-07-01")?),
            },
        })
    }
}

/// `2019-07-01` as a date.
pub(super) fn parse_day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_take_every_item_once_and_about_as_many_each() {
        let mut counts = [0u32; 7];
        for number in 0..7000 {
            let item = Item { item_id: format!("i{number}"), ..Item::default() };
            counts[item.shard(7) as usize] += 1;
            assert_eq!(item.shard(1), 0);
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_row_goes_over_the_job_and_says_which_column_is_wrong() {
        let job = Context { profile: "generic".to_owned(), domain_count: 2, ..Context::default() };
        let row = Item { province: "CN-SH".to_owned(), paid: "true".to_owned(), ..Item::default() };
        let context = row.context(&job).unwrap();
        assert_eq!(context.province.as_deref(), Some("CN-SH"));
        assert!(context.paid_service && context.domain_count == 2);
        let row = Item { as_of: "1.7.2019".to_owned(), ..Item::default() };
        assert!(row.context(&job).unwrap_err().starts_with("as_of"));
    }
}
