//! TLS for the gRPC port.

use std::{error::Error, fs, path::PathBuf, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use super::error::GrpcError;

/// A certificate chain and its key, in PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Reads both files, and sees whether they fit each other.
    pub fn read(&self) -> Result<TlsAcceptor, GrpcError> {
        let read = |file: &PathBuf| {
            fs::read(file).map_err(|error| GrpcError::TlsFile(file.clone(), error))
        };
        let (cert, key) = (read(&self.cert)?, read(&self.key)?);
        let config = config(&cert, &key).map_err(|error| GrpcError::Tls(error.to_string()))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn config(cert: &[u8], key: &[u8]) -> Result<ServerConfig, Box<dyn Error>> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(cert).collect::<Result<_, _>>()?;
    if chain.is_empty() {
        return Err("the certificate's file has no certificate in PEM".into());
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| format!("the key's file has no private key in PEM: {error}"))?;
    let builder = ServerConfig::builder().with_no_client_auth();
    let mut config = builder.with_single_cert(chain, key)?;
    // gRPC is HTTP/2 and nothing else.
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}
