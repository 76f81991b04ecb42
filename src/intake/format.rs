//! Which formats there are, how they call themselves, and which of them can be read here.

use crate::intake::structure;

/// A file format that scanvet knows by name.
#[derive(Debug, PartialEq, Eq)]
pub struct Format {
    /// IANA media type, the name used everywhere.
    pub media_type: &'static str,
    /// Other names for the same, seen from browsers, cameras and old clients.
    pub aliases: &'static [&'static str],
    /// File name extensions, lower case, without the dot.
    pub extensions: &'static [&'static str],
    /// What a person calls it.
    pub name: &'static str,
    /// Whether this build decodes it.
    pub readable: bool,
}

/// The formats, those that people upload as scans first.
pub static FORMATS: &[Format] = &[
    readable("image/jpeg", &["image/jpg", "image/pjpeg"], &["jpg", "jpeg", "jpe", "jfif"], "JPEG"),
    readable("image/png", &["image/x-png", "image/apng"], &["png", "apng"], "PNG"),
    readable("image/gif", &[], &["gif"], "GIF"),
    readable("application/pdf", &["application/x-pdf"], &["pdf"], "PDF"),
    readable("image/tiff", &["image/x-tiff"], &["tif", "tiff"], "TIFF"),
    readable("image/webp", &[], &["webp"], "WebP"),
    readable("image/bmp", &["image/x-ms-bmp", "image/x-bmp"], &["bmp", "dib"], "BMP"),
    Format {
        media_type: "image/heif",
        aliases: &["image/heic", "image/heic-sequence"],
        extensions: &["heic", "heif", "hif"],
        name: "HEIC",
        readable: cfg!(feature = "heic"),
    },
    known("image/avif", &[], &["avif"], "AVIF"),
    known("image/svg+xml", &[], &["svg"], "SVG"),
    known("image/vnd.adobe.photoshop", &["image/x-photoshop"], &["psd"], "Photoshop"),
    known("application/zip", &["application/x-zip-compressed"], &["zip"], "ZIP"),
    known("application/vnd.rar", &["application/x-rar-compressed"], &["rar"], "RAR"),
    known("application/msword", &[], &["doc"], "Word"),
    known(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        &[],
        &["docx"],
        "Word",
    ),
    known("text/html", &["application/xhtml+xml"], &["html", "htm"], "HTML"),
    known("text/plain", &[], &["txt"], "text"),
    known("video/mp4", &[], &["mp4"], "MP4"),
    known("video/quicktime", &[], &["mov"], "QuickTime"),
];

const fn readable(
    media_type: &'static str,
    aliases: &'static [&'static str],
    extensions: &'static [&'static str],
    name: &'static str,
) -> Format {
    Format { media_type, aliases, extensions, name, readable: true }
}

const fn known(
    media_type: &'static str,
    aliases: &'static [&'static str],
    extensions: &'static [&'static str],
    name: &'static str,
) -> Format {
    Format { media_type, aliases, extensions, name, readable: false }
}

/// TIFF and BigTIFF in both byte orders.
const TIFF_STARTS: &[&[u8]] = &[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];

/// What the first bytes say.
#[derive(Clone, Copy, Debug)]
pub struct Detected {
    /// IANA media type.
    pub media_type: &'static str,
    /// The row of [`FORMATS`], if it has one.
    pub format: Option<&'static Format>,
}

/// Recognises a format by its first bytes alone; offset 0 only, as a file that begins with
/// something else is not what it says further down. A PDF alone may follow bytes of no known format,
/// since its readers look for it there.
pub fn detect(bytes: &[u8]) -> Option<Detected> {
    let media_type = match infer::get(bytes).map(|kind| kind.mime_type()) {
        // "BM" begins letters, too.
        Some("image/bmp") if !structure::begins_as_bmp(bytes) => return None,
        Some(media_type) => media_type,
        // Not told from some first pixels, nor where offsets are wide.
        None if TIFF_STARTS.iter().any(|start| bytes.starts_with(start)) => "image/tiff",
        None if structure::pdf::begins(bytes).is_some() => "application/pdf",
        None => return None,
    };
    let format = of_media_type(media_type);
    Some(Detected { media_type: format.map_or(media_type, |format| format.media_type), format })
}

/// The format that a media type names; parameters and case do not matter.
pub fn of_media_type(media_type: &str) -> Option<&'static Format> {
    let name = media_type.split(';').next()?.trim().to_ascii_lowercase();
    FORMATS.iter().find(|format| format.media_type == name || format.aliases.contains(&&*name))
}

/// The format that a file name extension claims.
pub fn of_extension(extension: &str) -> Option<&'static Format> {
    let extension = extension.to_ascii_lowercase();
    FORMATS.iter().find(|format| format.extensions.contains(&&*extension))
}

/// The sort of a file that has no row: people know no media types.
fn sort(media_type: &str) -> &'static str {
    let sort = media_type.split('/').next().unwrap_or_default();
    ["audio", "video", "font", "text"].into_iter().find(|name| *name == sort).unwrap_or("other")
}

/// What people call the media types in a list, e.g. `JPEG, PNG, GIF`.
pub fn names(media_types: &[String]) -> String {
    let names: Vec<&str> = media_types
        .iter()
        .map(|media_type| of_media_type(media_type).map_or_else(|| sort(media_type), |it| it.name))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_understood_whatever_its_case_alias_or_parameters() {
        for claim in ["image/jpeg", "IMAGE/JPG", "image/pjpeg; q=1"] {
            assert_eq!(of_media_type(claim).unwrap().media_type, "image/jpeg", "{claim}");
        }
        assert_eq!(of_media_type("application/octet-stream"), None);
        assert_eq!(of_extension("JPG").unwrap().media_type, "image/jpeg");
    }

    #[test]
    fn plain_text_is_no_format() {
        assert!(detect(b"this is a letter").is_none());
        assert!(detect(b"").is_none());
        assert!(detect(b"BMW AG, Petuelring 130").is_none());
    }

    #[test]
    fn a_tiff_is_one_whatever_its_first_pixels_and_the_width_of_its_offsets() {
        for bytes in [&b"II*\0\x80\0\0\0C_"[..], b"MM\0*\0\0\0\x80_R", b"II+\0\x08\0\0\0\x10\0"] {
            assert_eq!(detect(bytes).unwrap().media_type, "image/tiff");
        }
    }
}
