//! HTTP/2 written by hand, as nobody writes it who means well.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream, tcp::OwnedWriteHalf},
    task::JoinHandle,
};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const ACK: u8 = 1;

/// The types of frames (RFC 9113, section 6).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Data = 0,
    Headers = 1,
    Priority = 2,
    Reset = 3,
    Settings = 4,
    Ping = 6,
    WindowUpdate = 8,
    Continuation = 9,
}

/// A frame.
pub(crate) fn frame(kind: Kind, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind as u8, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header of HPACK, literal and not to be indexed (RFC 7541, section 6.2.2).
pub(crate) fn header(name: &str, value: &str) -> Vec<u8> {
    let mut header = vec![0];
    for text in [name, value] {
        number(&mut header, text.len());
        header.extend(text.as_bytes());
    }
    header
}

// An integer with a prefix of seven bits (RFC 7541, section 5.1).
fn number(to: &mut Vec<u8>, number: usize) {
    if number < 127 {
        to.push(number as u8);
        return;
    }
    to.push(127);
    let mut left = number - 127;
    while left >= 128 {
        to.push((left % 128 + 128) as u8);
        left /= 128;
    }
    to.push(left as u8);
}

/// The headers of a gRPC call.
pub(crate) fn call(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let usual = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let all = usual.iter().chain(more);
    all.flat_map(|(name, value)| header(name, value)).collect()
}

/// A message of gRPC, with its length in front.
pub(crate) fn message(bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![0];
    message.extend((bytes.len() as u32).to_be_bytes());
    message.extend(bytes);
    message
}

/// Connects from the loopback address with this last number: 127.0.0.`from`.
pub(crate) async fn connect(to: SocketAddr, from: u8) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, from], 0)))?;
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The first bytes of a connection: preface, settings (identifier and value), and an acknowledgement.
pub(crate) fn hello(settings: &[(u16, u32)]) -> Vec<u8> {
    let settings: Vec<u8> = settings
        .iter()
        .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
        .collect();
    let hello = [
        PREFACE.to_vec(),
        frame(Kind::Settings, 0, 0, &settings),
        frame(Kind::Settings, ACK, 0, &[]),
    ];
    hello.concat()
}

/// A connection on which hello has been said. What comes back is read and thrown away.
pub(crate) struct Raw {
    writer: OwnedWriteHalf,
    reader: JoinHandle<()>,
}

impl Raw {
    /// Connects and says hello.
    pub(crate) async fn open(
        to: SocketAddr,
        from: u8,
        settings: &[(u16, u32)],
    ) -> io::Result<Self> {
        let (mut reader, writer) = connect(to, from).await?.into_split();
        let reader = tokio::spawn(async move {
            let mut nowhere = vec![0; 16 * 1024];
            while let Ok(1..) = reader.read(&mut nowhere).await {}
        });
        let mut raw = Self { writer, reader };
        raw.send(&hello(settings)).await?;
        Ok(raw)
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes).await
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Opens `count` connections from 127.0.0.`from`, one after the other, and sends `bytes` on each. Those
/// that the server refuses or closes meanwhile are left out.
pub(crate) async fn many(to: SocketAddr, from: u8, count: usize, bytes: &[u8]) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..count {
        if let Ok(mut stream) = connect(to, from).await {
            // A connection that is closed already is one that holds nothing.
            let _ = stream.write_all(bytes).await;
            held.push(stream);
        }
    }
    held
}

/// Sends `bytes` again and again from several connections for `time`, and opens a new one for each
/// that the server closes. Nothing is read when `deaf`.
pub(crate) fn flood(
    to: SocketAddr,
    first: &[u8],
    bytes: &[u8],
    deaf: bool,
    time: Duration,
) -> impl Future<Output = ()> + use<> {
    const WORKERS: usize = 8;
    let (first, bytes) = (first.to_vec(), bytes.to_vec());
    let worker = move || {
        let (first, bytes) = (first.clone(), bytes.clone());
        tokio::spawn(async move {
            loop {
                let _ = pour(to, &first, &bytes, deaf).await;
                tokio::task::yield_now().await;
            }
        })
    };
    async move {
        let workers: Vec<JoinHandle<()>> = (0..WORKERS).map(|_| worker()).collect();
        tokio::time::sleep(time).await;
        workers.iter().for_each(JoinHandle::abort);
    }
}

async fn pour(to: SocketAddr, first: &[u8], bytes: &[u8], deaf: bool) -> io::Result<()> {
    let mut stream = connect(to, 2).await?;
    stream.write_all(first).await?;
    let (mut reader, mut writer) = stream.split();
    let write = async {
        loop {
            writer.write_all(bytes).await?;
        }
    };
    let read = async {
        let mut nowhere = vec![0; 16 * 1024];
        while !deaf && reader.read(&mut nowhere).await? > 0 {}
        if deaf {
            std::future::pending::<()>().await;
        }
        Ok(())
    };
    tokio::select! {
        end = write => end,
        end = read => end,
    }
}
