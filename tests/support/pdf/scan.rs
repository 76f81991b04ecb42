//! Documents as scanners write them: each page one image, and room for what a test adds.

use std::sync::LazyLock;

use super::image::Image;
use super::{Layout, Pdf, deflated};
use crate::support::{encode, fixtures};

/// Points an inch.
const POINTS: f64 = 72.0;

/// A scan that is accepted as a supporting document.
pub static GOOD: LazyLock<Image> =
    LazyLock::new(|| Image::dct(&encode::jpeg(&fixtures::leaflet(), 50)));

/// At which the good scan is placed.
pub const PPI: f64 = 150.0;

/// One page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its object number.
    pub number: u32,
    /// Entries of its dictionary beside the usual ones.
    pub more: String,
    /// Object numbers of its annotations.
    pub annotations: Vec<u32>,
}

/// A document of scanned pages, and what was put into it.
#[derive(Clone, Debug)]
pub struct Scan {
    /// All objects but the catalogue and the pages, which follow at the end.
    pub pdf: Pdf,
    /// Entries of the catalogue beside the usual ones.
    pub catalogue: String,
    /// In order.
    pub pages: Vec<Page>,
    tree: u32,
}

impl Scan {
    /// A document without pages.
    pub fn empty() -> Self {
        let mut pdf = Pdf::default();
        pdf.root = pdf.reserve();
        let tree = pdf.reserve();
        Self { pdf, catalogue: String::new(), pages: Vec::new(), tree }
    }

    /// One page, all of it the image.
    pub fn of(image: &Image, ppi: f64) -> Self {
        let mut scan = Self::empty();
        scan.page(image, ppi);
        scan
    }

    /// The good scan.
    pub fn good() -> Self {
        Self::of(&GOOD, PPI)
    }

    /// Adds a page that is all one image.
    pub fn page(&mut self, image: &Image, ppi: f64) {
        let number = self.pdf.stream(image.dictionary(), image.data.clone());
        self.page_of(
            number,
            [image.width, image.height].map(|side| f64::from(side) * POINTS / ppi),
        );
    }

    /// Adds a page filled by an XObject that is there, in points.
    pub fn page_of(&mut self, xobject: u32, size: [f64; 2]) {
        let [width, height] = size;
        let drawn = format!("q {width} 0 0 {height} 0 0 cm /Scan Do Q");
        let resources = format!("/XObject << /Scan {xobject} 0 R >>");
        self.page_with(&drawn, &resources, size);
    }

    /// Adds a page of any content, in points.
    pub fn page_with(&mut self, content: &str, resources: &str, size: [f64; 2]) {
        let data = deflated(content.as_bytes());
        let content = self.pdf.stream("/Filter /FlateDecode", data);
        self.page_on(content, resources, size);
    }

    /// Adds a page whose content stream is there, in points.
    pub fn page_on(&mut self, content: u32, resources: &str, size: [f64; 2]) {
        let [width, height] = size;
        let more = format!(
            "/MediaBox [0 0 {width} {height}] /Contents {content} 0 R /Resources << {resources} >>"
        );
        let number = self.pdf.reserve();
        self.pages.push(Page { number, more, annotations: Vec::new() });
    }

    /// Adds an annotation to the first page, by the entries of its dictionary.
    pub fn annotation(&mut self, entries: &str) -> u32 {
        let number = self.pdf.add(format!(
            "<< /Type /Annot /Rect [10 10 90 40] /P {} 0 R {entries} >>",
            self.pages[0].number
        ));
        self.pages[0].annotations.push(number);
        number
    }

    /// All objects of the document.
    pub fn finish(mut self) -> Pdf {
        let (root, tree) = (self.pdf.root, self.tree);
        let list = |numbers: &[u32]| -> String {
            let all: Vec<String> = numbers.iter().map(|number| format!("{number} 0 R")).collect();
            all.join(" ")
        };
        for page in &self.pages {
            let annotations = match page.annotations.is_empty() {
                true => String::new(),
                false => format!("/Annots [{}]", list(&page.annotations)),
            };
            let text = format!("<< /Type /Page /Parent {tree} 0 R {} {annotations} >>", page.more);
            self.pdf.set(page.number, text);
        }
        let kids: Vec<u32> = self.pages.iter().map(|page| page.number).collect();
        let pages = format!("<< /Type /Pages /Kids [{}] /Count {} >>", list(&kids), kids.len());
        self.pdf.set(tree, pages);
        let catalogue = format!("<< /Type /Catalog /Pages {tree} 0 R {} >>", self.catalogue);
        self.pdf.set(root, catalogue);
        self.pdf
    }

    /// The file.
    pub fn write(self, layout: &Layout) -> Vec<u8> {
        self.finish().write(layout)
    }
}
