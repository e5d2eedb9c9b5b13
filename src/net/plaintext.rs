//! What answers a TLS handshake with something else.

/// Whether these words of the TLS library (rustls 0.23) say that the server does not use TLS.
pub fn is_plaintext(cause: &str) -> bool {
    cause.contains("InvalidContentType")
}
