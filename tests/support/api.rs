//! The API reference, from the descriptors of the proto and what its comments say.

use std::collections::BTreeMap;
use std::fmt::Write;

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
};

const HEAD: &str = "\
# API

`proto/scanvet/v1/scanvet.proto`, package `scanvet.v1`. Generated from it; change it there and run
`BLESS=1 cargo test --test generated`.

- A rejected file is an OK response. An error says that the call was wrong, that the service has no room,
  or that it failed; its details are `ErrorInfo` (domain `scanvet`), `BadRequest` and `RetryInfo`.
- Bounds of calls and connections: `docs/operations.md`; of files: `docs/limits.md`; who may call:
  `docs/access.md`. `GetServerInfo` tells those in force.
- As JSON (`check --format json`, records of `batch`) names are in lowerCamelCase, int64 are strings, and
  defaults are left out. Treat a verdict that you do not know, of a newer server, as one for review.
- Reflection is on, so that `grpcurl` and its like need no file.
";

/// The file of the API among the descriptors of a build.
fn file(descriptors: &[u8]) -> FileDescriptorProto {
    let set = prost_types::FileDescriptorSet::decode(descriptors).expect("descriptors");
    let mut files = set.file.into_iter();
    files.find(|file| file.package() == "scanvet.v1").expect("the API among the descriptors")
}

struct Page<'a> {
    comments: BTreeMap<&'a [i32], &'a str>,
    out: String,
}

/// `docs/api.md` as it must stand.
pub fn page(descriptors: &[u8]) -> String {
    let file = file(descriptors);
    let info = file.source_code_info.iter().flat_map(|info| &info.location);
    let comments = info.map(|it| (&*it.path, it.leading_comments()));
    let comments = comments.filter(|(_, text)| !text.is_empty()).collect();
    let mut page = Page { comments, out: HEAD.to_owned() };
    page.services(&file);
    page.line("\n## Messages");
    for (at, message) in (0..).zip(&file.message_type) {
        page.message(message, vec![4, at], "");
    }
    page.line("\n## Enums");
    for (at, values) in (0..).zip(&file.enum_type) {
        page.values(values, vec![5, at], "");
    }
    page.out
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        writeln!(self.out, "{line}").expect("a text can be written to");
    }

    /// A comment as one line; every part of the API has one.
    fn said(&self, path: &[i32]) -> String {
        let text = self.comments.get(path).unwrap_or_else(|| panic!("{path:?} has no comment"));
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
    }

    fn services(&mut self, file: &FileDescriptorProto) {
        for (at, service) in (0..).zip(&file.service) {
            self.line(&format!("\n## {}\n\n{}\n", service.name(), self.said(&[6, at])));
            self.line("| method | takes | gives | |\n|---|---|---|---|");
            for (nth, method) in (0..).zip(&service.method) {
                let stream = |streaming| if streaming { "stream of " } else { "" };
                let (takes, gives) = (linked(method.input_type()), linked(method.output_type()));
                let takes = format!("{}{takes}", stream(method.client_streaming()));
                let gives = format!("{}{gives}", stream(method.server_streaming()));
                let said = self.said(&[6, at, 2, nth]);
                self.line(&format!("| `{}` | {takes} | {gives} | {said} |", method.name()));
            }
        }
    }

    fn message(&mut self, message: &DescriptorProto, path: Vec<i32>, within: &str) {
        if message.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry) {
            return;
        }
        let name = format!("{within}{}", message.name());
        self.line(&format!("\n### {name}\n\n{}", self.said(&path)));
        if !message.field.is_empty() {
            self.line("\n| field | type | |\n|---|---|---|");
        }
        for (at, field) in (0..).zip(&message.field) {
            let said = self.said(&[&*path, &[2, at]].concat());
            let of = type_of(field, message);
            self.line(&format!("| `{}` | {of} | {said} |", field.name()));
        }
        for (at, inner) in (0..).zip(&message.nested_type) {
            self.message(inner, [&*path, &[3, at]].concat(), &format!("{name}."));
        }
        for (at, inner) in (0..).zip(&message.enum_type) {
            self.values(inner, [&*path, &[4, at]].concat(), &format!("{name}."));
        }
    }

    fn values(&mut self, values: &EnumDescriptorProto, path: Vec<i32>, within: &str) {
        self.line(&format!("\n### {within}{}\n\n{}", values.name(), self.said(&path)));
        self.line("\n| value | number | |\n|---|---|---|");
        for (at, value) in (0..).zip(&values.value) {
            let said = self.said(&[&*path, &[2, at]].concat());
            self.line(&format!("| `{}` | {} | {said} |", value.name(), value.number()));
        }
    }
}

fn linked(full: &str) -> String {
    match full.strip_prefix(".scanvet.v1.") {
        Some(name) => format!("[{name}](#{})", name.to_lowercase().replace('.', "")),
        None => format!("`{}`", full.trim_start_matches('.')),
    }
}

fn scalar(field: &FieldDescriptorProto) -> String {
    match field.r#type() {
        Type::Message | Type::Enum | Type::Group => linked(field.type_name()),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn type_of(field: &FieldDescriptorProto, within: &DescriptorProto) -> String {
    let entry = within.nested_type.iter().find(|nested| {
        let map = nested.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry);
        map && field.type_name().ends_with(&format!(".{}", nested.name()))
    });
    if let Some([key, value]) = entry.map(|entry| &*entry.field) {
        return format!("map of {} to {}", scalar(key), scalar(value));
    }
    let one = scalar(field);
    if field.label() == Label::Repeated {
        format!("repeated {one}")
    } else if field.proto3_optional() {
        format!("optional {one}")
    } else if let Some(choice) = field.oneof_index.and_then(|at| within.oneof_decl.get(at as usize))
    {
        format!("{one}, one of `{}`", choice.name())
    } else {
        one
    }
}
