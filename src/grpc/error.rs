//! Why gRPC cannot be served.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why gRPC cannot be served.
#[derive(Debug, Error)]
pub enum GrpcError {
    /// A PEM file cannot be read.
    #[error("the TLS file {0} cannot be read: {1}")]
    TlsFile(PathBuf, io::Error),
    /// The PEM files make no sense.
    #[error("the TLS certificate and key cannot be used: {0}")]
    Tls(String),
    /// The descriptors in this binary make no sense.
    #[error("reflection cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}
