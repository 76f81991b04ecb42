//! HTTP/1.1 by hand, so that what is sent is what the test says.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request.
pub(crate) struct Ask {
    pub(crate) server: SocketAddr,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) host: String,
    /// Empty: none is said.
    pub(crate) content_type: &'static str,
    pub(crate) more: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A message as gRPC sends it.
pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    let mut framed = vec![0];
    framed.extend((message.len() as u32).to_be_bytes());
    framed.extend(message);
    framed
}

impl Ask {
    pub(crate) fn get(server: SocketAddr, path: &str) -> Self {
        let (path, host) = (path.to_owned(), server.to_string());
        let (more, body) = (Vec::new(), Vec::new());
        Self { server, method: "GET", path, host, content_type: "", more, body }
    }

    pub(crate) fn call(server: SocketAddr, path: &str, message: Vec<u8>) -> Self {
        let content_type = "application/grpc-web+proto";
        let body = frame(&message);
        Self { method: "POST", content_type, body, ..Self::get(server, path) }
    }

    /// All bytes that come back until the other side closes.
    pub(crate) async fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", self.method, self.path, self.host);
        if !self.content_type.is_empty() {
            head += &format!("Content-Type: {}\r\n", self.content_type);
        }
        for (name, value) in &self.more {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Content-Length: {}\r\nConnection: close\r\n\r\n", self.body.len());
        let mut stream = TcpStream::connect(self.server).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // All of it before anything is read, as browsers do.
        stream.write_all(&self.body).await.expect("the other side takes all of it");
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        // What does not speak HTTP/1.1 may end it as it likes.
        let _ = tokio::time::timeout(Duration::from_secs(60), read).await.expect("it ends");
        bytes
    }

    pub(crate) async fn answer(&self) -> Answer {
        let bytes = self.bytes().await;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(':').expect("a header"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let chunked =
            headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = bytes[end + 4..].to_vec();
        let body = if chunked { joined(&body) } else { body };
        Answer { status, headers, body }
    }
}

fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n").expect("a length");
        let length = std::str::from_utf8(&chunks[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend(&chunks[end + 2..end + 2 + length]);
        chunks = &chunks[end + 2 + length + 2..];
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Frames of the body: flag and content.
    fn frames(&self) -> Vec<(u8, Vec<u8>)> {
        let (mut frames, mut rest) = (Vec::new(), &*self.body);
        while let [flag, a, b, c, d, after @ ..] = rest {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            frames.push((*flag, after[..length].to_vec()));
            rest = &after[length..];
        }
        frames
    }

    pub(crate) fn message(&self) -> Vec<u8> {
        self.frames().into_iter().find(|(flag, _)| *flag == 0).expect("a message").1
    }

    /// The code that the call ended with: in the last frame, or in the head where there is nothing else.
    pub(crate) fn grpc_status(&self) -> i32 {
        let trailers = self.frames().into_iter().find(|(flag, _)| *flag == 0x80);
        let trailers =
            trailers.map(|(_, text)| String::from_utf8(text).unwrap()).unwrap_or_default();
        let told = trailers.lines().find_map(|line| line.strip_prefix("grpc-status:"));
        told.unwrap_or(self.header("grpc-status"))
            .trim()
            .parse()
            .unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// Sends this and no more, and reads until the other side closes.
pub(crate) async fn until_closed(server: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut read = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(90), stream.read_to_end(&mut read))
        .await
        .expect("it is closed");
    read
}
