//! How many connections may wait until the server takes them.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait. When they are more, Linux drops the newcomer's first packet, and the client
/// repeats it after a second: too late for a probe. A burst of a thousand connections fills the standard
/// library's 128 within a tenth of a second (`ListenOverflows` of `/proc/net/netstat`).
const BACKLOG: u32 = 512;

/// Opens a port, where newcomers may wait while the server is busy. An address that a program that has
/// ended used a moment ago is free, as [`TcpListener::bind`] has it.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::{net::TcpStream, time::timeout};

    use super::listen;

    #[tokio::test]
    async fn newcomers_wait_without_a_repetition_while_nobody_is_taken() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let to = listener.local_addr().unwrap();
        let (began, mut waiting) = (Instant::now(), Vec::new());
        // The system may allow fewer.
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        let allowed: usize = allowed.trim().parse().unwrap();
        for number in 0..allowed.min(300) {
            // Less than the second after which Linux sends a first packet again.
            let connected = timeout(Duration::from_millis(900), TcpStream::connect(to)).await;
            let connected = connected
                .unwrap_or_else(|_| panic!("{number} wait already, {:?}", began.elapsed()));
            waiting.push(connected.unwrap());
        }
        for _ in &waiting {
            listener.accept().await.unwrap();
        }
    }
}
