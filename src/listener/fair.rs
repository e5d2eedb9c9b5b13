//! A connection that makes way for the others.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::coop::poll_proceed,
};

/// At most so many bytes are read at once. They hold some ten requests.
const BYTES: usize = 2 * 1024;
/// What a read costs of the 128 steps that tokio lets a task make before it has to wait for its next
/// turn. So a task reads twice; without it, 128 times as much as there is room for.
const STEPS: usize = 60;

/// Reads little at a time, so that a client who sends a hundred requests at once does not keep a probe
/// waiting until all of them are read.
#[derive(Debug)]
pub struct Fair<IO>(pub IO);

impl<IO: AsyncRead + Unpin> AsyncRead for Fair<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        for _ in 0..STEPS {
            ready!(poll_proceed(cx)).made_progress();
        }
        let room = buf.remaining().min(BYTES);
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut part))?;
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
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
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

    use crate::listener::fair::*;

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
            Fair(server).read_to_end(&mut all).await.unwrap();
            // It read twice in each of its turns, and as often another task had one.
            assert!(other.is_finished());
            all
        };
        let (all,) = join!(read);
        assert_eq!(all, vec![7; 64 * BYTES]);
    }
}
