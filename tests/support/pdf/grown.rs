//! Files in which an action comes or hides by the way in which files grow.

use super::active::{ACTS, SCRIPT, opens};
use super::scan::Scan;
use super::{Layout, Object, Xref, updated};

/// Name, code and bytes of each.
pub fn grown() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let table = Layout::of(Xref::Table);
    let whole = Scan::good().finish();
    let plain = whole.write(&table);
    let root = whole.root;
    let catalogue = |more: &str| {
        let text = whole.objects[&root].text.replace(" >>", &format!(" {more} >>"));
        (root, Object { text, data: None })
    };
    let far = whole.objects.len() as u32 + 40;
    let script = (far, Object { text: SCRIPT.to_owned(), data: None });
    let opening = format!("/OpenAction {far} 0 R");
    let mut hybrid = Scan::good();
    let hidden = hybrid.pdf.add(SCRIPT);
    hybrid.pdf.hidden.push(hidden);
    opens(&mut hybrid, &format!("{hidden} 0 R"));
    let first = updated(&plain, &[catalogue("/PageMode /UseNone")], root);
    vec![
        (
            "a script that a revision added",
            ACTS,
            updated(&plain, &[catalogue(&opening), script.clone()], root),
        ),
        (
            "a script two revisions later",
            ACTS,
            updated(&first, &[catalogue(&opening), script], root),
        ),
        (
            "a script that a table hides and a stream shows",
            ACTS,
            hybrid.write(&Layout::of(Xref::Hybrid)),
        ),
    ]
}
