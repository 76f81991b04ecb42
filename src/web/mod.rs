//! The page for people: what it is made of, and what a browser is told beside it.
//!
//! `web/` holds its source; `web/dist/` is what that was built into, so that cargo alone builds the
//! program.

pub mod visitor;

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};

/// One file of the page.
struct File {
    path: &'static str,
    media_type: &'static str,
    content: &'static [u8],
    /// Changes with the content, so that a browser asks again and is seldom sent anything.
    tag: LazyLock<String>,
}

macro_rules! file {
    ($path:literal, $name:literal, $media_type:literal) => {
        File {
            path: $path,
            media_type: $media_type,
            content: include_bytes!(concat!("../../web/dist/", $name)),
            tag: LazyLock::new(|| tag(include_bytes!(concat!("../../web/dist/", $name)))),
        }
    };
}

static FILES: [File; 5] = [
    file!("/", "index.html", "text/html; charset=utf-8"),
    file!("/app.js", "app.js", "text/javascript; charset=utf-8"),
    file!("/app.css", "app.css", "text/css; charset=utf-8"),
    file!("/icon.svg", "icon.svg", "image/svg+xml"),
    file!("/licences.txt", "licences.txt", "text/plain; charset=utf-8"),
];

/// What the page may do: run its own script, show pictures that it made itself, call the server that
/// it came from, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn tag(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// Answers a request that is no call.
pub fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Response<Bytes> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        return plain(StatusCode::NOT_FOUND, "there is no such page\n");
    };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let unchanged = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == *file.tag));
    let content = if unchanged { &[] } else { file.content };
    let mut answer = Response::new(Bytes::from_static(content));
    if unchanged {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Hexadecimal digits in quotes are a value.
    if let Ok(tag) = HeaderValue::from_str(&file.tag) {
        headers.insert(header::ETAG, tag);
    }
    protect(headers);
    answer
}

/// A refusal in a line of text.
pub fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(text.as_bytes()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    protect(headers);
    answer
}

/// What a browser must keep to, whatever is answered.
pub fn protect(headers: &mut HeaderMap) {
    const ALL: [(&str, &str); 6] = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(self), microphone=(), geolocation=(), display-capture=()"),
    ];
    for (name, value) in ALL {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_has_a_file_is_not_sent_it_again() {
        let first = answer(&Method::GET, "/app.js", &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        assert!(!first.body().is_empty());
        let tag = first.headers()[header::ETAG].clone();
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, tag.clone());
        let second = answer(&Method::GET, "/app.js", &headers);
        assert_eq!((second.status(), second.body().len()), (StatusCode::NOT_MODIFIED, 0));
        let other = answer(&Method::GET, "/app.css", &headers);
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn nothing_but_the_page_is_there_and_nothing_is_taken() {
        for path in ["/x", "//", "/../Cargo.toml", "/index.html", ""] {
            let answer = answer(&Method::GET, path, &HeaderMap::new());
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
        for method in [Method::POST, Method::PUT, Method::OPTIONS, Method::DELETE] {
            let answer = answer(&method, "/", &HeaderMap::new());
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        }
    }
}
