//! Is it the page of this server that asks, or another site through its visitor's browser?

use std::net::{IpAddr, SocketAddr};

use http::header;
use http::request::Parts;
use http::uri::Authority;

/// Under which names the server may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    named: Vec<String>,
    /// Whatever name a browser found it by.
    any: bool,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// It says no host, or none that can be read.
    NoHost,
    /// It asks for another host.
    OtherHost,
    /// A page of another origin sent it.
    OtherOrigin,
}

impl Names {
    /// Those of a server at `address` whose operator has named `named`.
    ///
    /// A site can make its own name resolve to a visitor's loopback address (DNS rebinding): its
    /// page then has the origin of the server there. So names are only believed where the operator
    /// says them, or where the server is to be reached by others anyway.
    pub fn of(address: SocketAddr, named: &[String]) -> Self {
        let named: Vec<String> = named.iter().map(|name| name.to_ascii_lowercase()).collect();
        let any = named.is_empty() && !address.ip().to_canonical().is_loopback();
        Self { named, any }
    }

    /// Whether this request may be answered.
    pub fn admit(&self, request: &Parts) -> Result<(), Stranger> {
        let host = host(request).ok_or(Stranger::NoHost)?;
        if !self.knows(host.host()) {
            return Err(Stranger::OtherHost);
        }
        is_own(request, &host).then_some(()).ok_or(Stranger::OtherOrigin)
    }

    fn knows(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        self.any
            || address.is_ok()
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.named.contains(&host)
    }
}

/// Whether no page sent this request, or one of the very server that it goes to.
pub fn is_same_origin(request: &Parts) -> bool {
    match host(request) {
        Some(host) => is_own(request, &host),
        None => !request.headers.contains_key(header::ORIGIN),
    }
}

fn is_own(request: &Parts, host: &Authority) -> bool {
    let mut origins = request.headers.get_all(header::ORIGIN).iter();
    origins.all(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        let Some((scheme, authority)) = origin else {
            // `null`: a frame without origin, a file.
            return false;
        };
        let port = |authority: &Authority| {
            authority.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 })
        };
        authority.parse::<Authority>().is_ok_and(|authority| {
            authority.host().eq_ignore_ascii_case(host.host()) && port(&authority) == port(host)
        })
    })
}

/// The host that is asked for: one, or nothing is believed.
fn host(request: &Parts) -> Option<Authority> {
    if let Some(authority) = request.uri.authority() {
        return Some(authority.clone());
    }
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?.parse().ok();
    host.filter(|_| hosts.next().is_none())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn asked(host: &str, origin: Option<&str>) -> Parts {
        let mut request = Request::builder().uri("/");
        if !host.is_empty() {
            request = request.header(header::HOST, host);
        }
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn names(listen: &str, named: &[&str]) -> Names {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        Names::of(listen.parse().unwrap(), &named)
    }

    #[test]
    fn on_loopback_only_its_own_names_are_believed() {
        let here = names("127.0.0.1:50051", &["Scan.example.org"]);
        for host in
            ["localhost:50051", "127.0.0.1:50051", "[::1]:50051", "a.localhost", "scan.example.org"]
        {
            assert_eq!(here.admit(&asked(host, None)), Ok(()), "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "notlocalhost", "127.0.0.1.evil.example"]
        {
            let refused = here.admit(&asked(host, None));
            assert_eq!(refused, Err(Stranger::OtherHost), "{host}");
        }
        assert_eq!(here.admit(&asked("", None)), Err(Stranger::NoHost));
    }

    #[test]
    fn beyond_loopback_any_name_is_believed_unless_some_are_named() {
        assert_eq!(names("0.0.0.0:1", &[]).admit(&asked("any.example", None)), Ok(()));
        let named = names("0.0.0.0:1", &["scan.example.org"]);
        assert_eq!(named.admit(&asked("any.example", None)), Err(Stranger::OtherHost));
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        let here = names("127.0.0.1:50051", &["scan.example.org"]);
        for (host, origin) in [
            ("localhost:50051", "http://localhost:50051"),
            ("LOCALHOST:50051", "http://localhost:50051"),
            ("scan.example.org", "https://scan.example.org"),
            ("scan.example.org:443", "https://scan.example.org"),
            ("scan.example.org", "http://scan.example.org:80"),
        ] {
            assert_eq!(here.admit(&asked(host, Some(origin))), Ok(()), "{origin}");
        }
        for origin in [
            "https://evil.example",
            "http://localhost:50052",
            "http://localhost",
            "http://127.0.0.1:50051",
            "null",
            "",
            "http://localhost:50051.evil.example",
        ] {
            let refused = here.admit(&asked("localhost:50051", Some(origin)));
            assert_eq!(refused, Err(Stranger::OtherOrigin), "{origin}");
        }
    }

    #[test]
    fn who_sends_two_hosts_is_told_that_there_is_none() {
        let mut request = asked("localhost", None);
        request.headers.append(header::HOST, "evil.example".parse().unwrap());
        assert_eq!(names("127.0.0.1:1", &[]).admit(&request), Err(Stranger::NoHost));
    }
}
