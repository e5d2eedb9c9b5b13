//! What answers a TLS handshake with something else.

/// Whether these words of the TLS library (rustls 0.23) say that what answered does not speak TLS.
pub fn is_plaintext(cause: &str) -> bool {
    cause.contains("InvalidContentType")
}
