//! What does not belong into a picture or a document: other kinds of files, recognised by their signs.
//!
//! | file | what it does |
//! |---|---|
//! | `sign` | recognises archives, documents, pages, scripts and programs |
//! | `nook` | where in a file bytes may lie that are no pixels |
//!
//! Looked for are signs, not meanings: nothing is unpacked but the texts and profiles of a PNG, and of
//! these no more than is needed to see a sign. Nothing of what is found is kept but its kind and where
//! it lies.

pub mod nook;
pub mod sign;

use serde::{Deserialize, Serialize};

/// A kind of file that somebody else's program would take the bytes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Foreign {
    /// ZIP and what is made of it (JAR, APK, Office), RAR, 7z, tar, CAB, and single compressed files.
    Archive,
    /// PDF, old Office files, RTF.
    Document,
    /// HTML or SVG, which browsers run.
    Page,
    /// PHP, JavaScript, a shell's script.
    Script,
    /// PE, ELF, Mach-O, Java or WebAssembly.
    Program,
    /// A second picture where none belongs.
    Picture,
}

/// Where in the file it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// At the beginning of the file: its first bytes mean two things at once.
    Start,
    /// Before the header of a document.
    Before,
    /// In a comment or another text.
    Comment,
    /// In what a camera or a program wrote about the picture.
    Metadata,
    /// In the colour profile.
    Profile,
    /// Between parts, or in a part that no reader of pictures knows.
    Gap,
    /// Among the pixels or objects.
    Data,
}

impl Foreign {
    /// What people call it, in English and in Chinese.
    pub const fn names(self) -> [&'static str; 2] {
        match self {
            Self::Archive => ["an archive", "压缩包"],
            Self::Document => ["another document", "其他文档"],
            Self::Page => ["a web page", "网页"],
            Self::Script => ["a script", "脚本"],
            Self::Program => ["a program", "可执行程序"],
            Self::Picture => ["another picture", "其他图片"],
        }
    }
}
