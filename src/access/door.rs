//! Where connections come in: handshakes run beside each other, bounded in time and number.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::{CertificateError, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;

use super::Access;
use super::certificate::Names;
use super::identity::Peer;
use super::tls::HTTP2;

/// Longest that a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Handshakes under way. With one more the oldest is given up: an honest one takes milliseconds, so
/// that who stalls many only crowds out who stalls.
const MOST_HANDSHAKES: usize = 256;
/// Bytes of a connection that must have come by then: the first line of a request, or of HTTP/2.
const FIRST_WORDS: usize = 16;
/// How long to wait when no connection can be taken, as when file handles have run out.
const REST: Duration = Duration::from_millis(50);

/// A connection that is ready to be served.
#[derive(Debug)]
pub struct Wire {
    /// Who is at its other end.
    pub peer: Peer,
    inner: Inner,
    /// Until it has said its first words.
    silence: Option<(Pin<Box<Sleep>>, usize)>,
    /// Given back when the connection ends.
    _leave: OwnedSemaphorePermit,
}

impl Wire {
    fn new(peer: Peer, inner: Inner, leave: OwnedSemaphorePermit) -> Self {
        let silence = Some((Box::pin(tokio::time::sleep(PATIENCE)), 0));
        Self { peer, inner, silence, _leave: leave }
    }
}

#[derive(Debug)]
enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// The connections that come in at `listener`, until nobody wants them any more; with `most` open,
/// further ones are closed at once.
pub fn incoming(
    listener: TcpListener,
    access: Arc<Access>,
    most: usize,
) -> ReceiverStream<io::Result<Wire>> {
    let (ready, wires) = mpsc::channel(16);
    let leaves = Arc::new(Semaphore::new(most));
    tokio::spawn(accept(listener, access, ready, (leaves, MOST_HANDSHAKES)));
    ReceiverStream::new(wires)
}

type Ready = mpsc::Sender<io::Result<Wire>>;

async fn accept(
    listener: TcpListener,
    access: Arc<Access>,
    ready: Ready,
    (leaves, most): (Arc<Semaphore>, usize),
) {
    let mut handshakes = JoinSet::new();
    let mut oldest: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = tokio::select! {
            () = ready.closed() => return,
            Some(_) = handshakes.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(kind = %error.kind(), "a connection cannot be taken");
                    tokio::time::sleep(REST).await;
                    continue;
                }
            },
        };
        let Ok(leave) = Arc::clone(&leaves).try_acquire_owned() else {
            tracing::warn!("a connection was closed: there are enough");
            continue;
        };
        // Small answers are not to wait for more to send. Without it they are late, not wrong.
        let _ = stream.set_nodelay(true);
        let address = stream.peer_addr().ok().map(|address| address.ip());
        let Some(tls) = access.tls() else {
            let peer = Peer { address, certificate: None };
            let wire = Wire::new(peer, Inner::Plain(stream), leave);
            if ready.send(Ok(wire)).await.is_err() {
                return;
            }
            continue;
        };
        if oldest.len() >= most {
            oldest.retain(|handshake| !handshake.is_finished());
        }
        if oldest.len() >= most
            && let Some(handshake) = oldest.pop_front()
        {
            handshake.abort();
        }
        let ready = ready.clone();
        oldest.push_back(handshakes.spawn(async move {
            let shaken = tokio::time::timeout(PATIENCE, handshake(stream, tls)).await;
            match shaken.unwrap_or(Err("too-slow")) {
                Ok((stream, names)) => {
                    let peer = Peer { address, certificate: names.map(Arc::new) };
                    let inner = Inner::Tls(Box::new(stream));
                    let wire = Wire::new(peer, inner, leave);
                    // The server may have stopped.
                    let _ = ready.send(Ok(wire)).await;
                }
                Err(why) => tracing::info!(why, "handshake refused"),
            }
        }));
    }
}

async fn handshake(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
) -> Result<(TlsStream<TcpStream>, Option<Names>), &'static str> {
    let stream = TlsAcceptor::from(tls).accept(stream).await.map_err(|error| class(&error))?;
    let (_, session) = stream.get_ref();
    if session.alpn_protocol() != Some(HTTP2) {
        return Err("not-http2");
    }
    let names = session.peer_certificates().and_then(|chain| chain.first()).map(Names::of);
    Ok((stream, names))
}

/// Why a handshake failed, in one of a few words; the texts of faults may quote the other side.
fn class(error: &io::Error) -> &'static str {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::NoCertificatesPresented) => "no-certificate",
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "expired-certificate"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "certificate-not-yet-valid"
            }
            CertificateError::Revoked => "revoked-certificate",
            CertificateError::UnknownIssuer => "unknown-issuer",
            CertificateError::UnknownRevocationStatus
            | CertificateError::ExpiredRevocationList
            | CertificateError::ExpiredRevocationListContext { .. } => {
                "no-revocation-list-in-force"
            }
            _ => "invalid-certificate",
        },
        Some(rustls::Error::AlertReceived(_)) => "refused-by-caller",
        Some(_) => "no-agreement",
        None => "connection-lost",
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Inner::Tls(stream) => Pin::new(&mut **stream).poll_read(context, buffer),
        };
        if let Some((timer, heard)) = &mut self.silence {
            *heard += buffer.filled().len() - before;
            if *heard >= FIRST_WORDS {
                self.silence = None;
            } else if polled.is_pending() && timer.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Tls(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Inner::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.inner {
            Inner::Plain(stream) => stream.is_write_vectored(),
            Inner::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_flush(context),
            Inner::Tls(stream) => Pin::new(&mut **stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::access::{Settings, TlsSettings};

    #[tokio::test]
    async fn with_one_handshake_too_many_the_oldest_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        let put = |name: &str, content: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            Some(path)
        };
        let (certificate, key) =
            (put("it.pem", certificate.pem()), put("it.key", key.serialize_pem()));
        let tls = TlsSettings { certificate, key, ..TlsSettings::default() };
        let access = Access::open(Settings { tls, ..Settings::default() }).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (ready, _wires) = mpsc::channel(1);
        let leaves = Arc::new(Semaphore::new(16));
        tokio::spawn(accept(listener, Arc::new(access), ready, (leaves, 3)));
        let mut silent = Vec::new();
        for _ in 0..4 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let end = silent[0].read(&mut [0; 8]).await;
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
        for stream in &silent[1..] {
            let still = stream.try_read(&mut [0; 8]).unwrap_err();
            assert_eq!(still.kind(), io::ErrorKind::WouldBlock);
        }
    }
}
