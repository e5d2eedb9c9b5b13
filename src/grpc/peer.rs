//! The other end of a connection: its address, and what its flow control says about its reading.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::Request;

use super::frames::{Frames, Said};
use crate::{delivery::reading::Reading, shared::Shared};

/// The other end of a connection, as the requests on it know it.
#[derive(Debug, Clone)]
pub struct Peer {
    address: SocketAddr,
    seen: Arc<Shared<Seen>>,
}

/// What was seen of a connection's requests.
#[derive(Debug, Default)]
struct Seen {
    lost: bool,
    first: Option<u32>,
    others: bool,
    reading: Arc<Reading>,
}

impl Peer {
    /// The peer of the connection on which the request came.
    pub fn of<T>(request: &Request<T>) -> Option<&Self> {
        request.extensions().get()
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How far the client reads the answer to the one request that came on the connection. `None`
    /// when it cannot be seen: there were several requests.
    pub fn reading(&self) -> Option<Arc<Reading>> {
        let seen = self.seen.lock();
        let one = seen.first.is_some() && !seen.others && !seen.lost;
        one.then(|| Arc::clone(&seen.reading))
    }
}

impl Seen {
    fn note(&mut self, said: Said) {
        match said {
            Said::Request(stream) => {
                let first = *self.first.get_or_insert(stream);
                self.others |= first != stream;
            }
            Said::Window(bytes) => self.reading.window(bytes),
            Said::Granted(stream, bytes) if self.first == Some(stream) => {
                self.reading.granted(bytes);
            }
            Said::Granted(..) => {}
        }
    }
}

/// A connection whose incoming bytes, after TLS if there is any, are read along.
#[derive(Debug)]
pub struct Watched<IO> {
    stream: IO,
    frames: Frames,
    peer: Peer,
}

impl<IO> Watched<IO> {
    /// Reads along, from the first byte that `address` sends.
    pub fn new(stream: IO, address: SocketAddr) -> Self {
        let peer = Peer {
            address,
            seen: Arc::default(),
        };
        Self {
            stream,
            frames: Frames::default(),
            peer,
        }
    }

    /// The other end.
    pub fn peer(&self) -> Peer {
        self.peer.clone()
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Watched<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Self { frames, peer, .. } = &mut *self;
        if !frames.is_lost() {
            let mut seen = peer.seen.lock();
            frames.push(&buffer.filled()[before..], |said| seen.note(said));
            seen.lost = frames.is_lost();
        }
        read
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Watched<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
