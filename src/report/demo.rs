//! The samples of `scanvet demo`: drawn documents of nobody, and NASA's portrait of an astronaut.

/// A file that the program carries, and what it is judged as.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its name, which says what it shows.
    pub name: &'static str,
    /// The slot that it is uploaded to.
    pub slot: &'static str,
    /// The provider's rules.
    pub profile: &'static str,
    /// What it is.
    pub bytes: &'static [u8],
}

macro_rules! samples {
    ($($name:literal as $slot:literal under $profile:literal,)+) => {
        &[$(Sample {
            name: $name,
            slot: $slot,
            profile: $profile,
            bytes: include_bytes!(concat!("samples/", $name)),
        }),+]
    };
}

/// Good and bad ones of each family of reasons.
pub const SAMPLES: &[Sample] = samples![
    "card.jpg" as "id-card-front" under "alibaba-2018",
    "card-grey.jpg" as "id-card-front" under "alibaba-2018",
    "card-blurred.jpg" as "id-card-front" under "alibaba-2018",
    "card-a-little-blurred.jpg" as "id-card-front" under "alibaba-2018",
    "card-dark.jpg" as "id-card-front" under "alibaba-2018",
    "card-thumbnail.jpg" as "id-card-front" under "alibaba-2018",
    "card-broken-off.jpg" as "id-card-front" under "alibaba-2018",
    "permit-glare.jpg" as "residence-permit" under "alibaba-2018",
    "permit-tilted.jpg" as "residence-permit" under "alibaba-2018",
    "permit-cut-off.jpg" as "residence-permit" under "alibaba-2018",
    "permit-at-a-slant.jpg" as "residence-permit" under "alibaba-2018",
    "permit-upside-down.jpg" as "residence-permit" under "alibaba-2018",
    "form.jpg" as "authenticity-form" under "alibaba-2018",
    "form-small-seal.jpg" as "authenticity-form" under "alibaba-2018",
    "form-unsigned.jpg" as "authenticity-form" under "alibaba-2018",
    "photo.jpg" as "verification-photo" under "alibaba-2018",
    "photo-red-top.jpg" as "verification-photo" under "alibaba-2018",
    "photo-wall-beside.jpg" as "verification-photo" under "alibaba-2018",
    "photo-off-centre.jpg" as "verification-photo" under "alibaba-2018",
    "photo-two-people.jpg" as "verification-photo" under "alibaba-2018",
    "photo-head-alone.jpg" as "verification-photo" under "alibaba-2018",
    "photo-door.jpg" as "verification-photo" under "alibaba-2019",
    "scan.pdf" as "supporting-document" under "generic",
    "scan-with-a-script.pdf" as "supporting-document" under "generic",
    "archive-behind.jpg" as "supporting-document" under "generic",
    "text-named.jpg" as "supporting-document" under "generic",
];
