//! Are pictures judged as they should be, whatever their format, light, strength of fault or broken bytes?

#[path = "../support/mod.rs"]
mod support;

mod decode;
mod evidence;
mod fairness;
mod formats;
mod grey_copies;
mod handheld;
mod hostile;
mod kinds;
mod ladders;
mod orientation;
mod pairs;
mod photo_pairs;
mod reasons;
mod same_regions;
mod truncation;
mod two_sheets;
mod without_pixels;
