//! A connection that makes way for the others.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::coop::poll_proceed,
};
use tokio_util::sync::PollSemaphore;

use super::connections::Connection;

/// At most so many bytes are read at once. They hold some ten requests.
const BYTES: usize = 2 * 1024;
/// What a read costs of the 128 steps that tokio lets a task make before it has to wait for its next
/// turn. So a task reads twice; without it, 128 times as much as there is room for.
const STEPS: usize = 60;

/// Reads little at a time, so that a client who sends a hundred requests at once does not keep a probe
/// waiting until all of them are read. With many unanswered requests it reads only when it is its turn.
#[derive(Debug)]
pub struct Fair<IO> {
    io: IO,
    connection: Arc<Connection>,
    queue: PollSemaphore,
}

impl<IO> Fair<IO> {
    /// The bytes of `connection`, which come over `io`.
    pub fn new(io: IO, connection: Arc<Connection>) -> Self {
        Self {
            io,
            queue: connection.queue(),
            connection,
        }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Fair<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self {
            io,
            connection,
            queue,
        } = self.get_mut();
        ready!(connection.poll_turn(queue, cx));
        for _ in 0..STEPS {
            ready!(poll_proceed(cx)).made_progress();
        }
        let room = buf.remaining().min(BYTES);
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
        ready!(Pin::new(io).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Fair<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        join,
        task::yield_now,
    };

    use crate::listener::{
        connections::{Connections, Limits},
        fair::*,
    };

    #[tokio::test]
    async fn all_is_read_and_others_have_their_turns_meanwhile() {
        let (mut client, server) = tokio::io::duplex(64 * BYTES);
        client.write_all(&vec![7; 64 * BYTES]).await.unwrap();
        drop(client);
        let mut turns = 0;
        let other = tokio::spawn(async move {
            loop {
                turns += 1;
                yield_now().await;
                if turns == 30 {
                    return;
                }
            }
        });
        let read = async {
            let mut all = Vec::new();
            let limits = Limits {
                connections: 1,
                requests: 1,
            };
            let connections = Connections::new("test", limits, Arc::default());
            let place = connections.enter("127.0.0.1:1".parse().unwrap()).await;
            let mut server = Fair::new(server, place.connection());
            server.read_to_end(&mut all).await.unwrap();
            // It read twice in each of its turns, and as often another task had one.
            assert!(other.is_finished());
            all
        };
        let (all,) = join!(read);
        assert_eq!(all, vec![7; 64 * BYTES]);
    }
}
