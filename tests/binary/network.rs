//! What lies between the server and the storage account: proxies, and who has signed its certificate.

use std::{fs, net::SocketAddr, process::Command, sync::Arc};

use rcgen::{CertificateParams, CertifiedKey, DnType, KeyPair};
use testkit::http::{ACCOUNT, HttpFace, KEY};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs::default_provider, pki_types::PrivateKeyDer},
};
use url::Url;

use crate::{
    process::{Finished, Process, binary},
    storage::Place,
};

/// `check` in an environment with these variables.
async fn check(place: &Place, variables: &[(&str, &str)]) -> Finished {
    let file = place.config_file(&place.stateless_config());
    let [option, directory] = place.storage_args();
    let mut command: Command = binary(&["check", "--config", &file, &option, &directory]);
    command.envs(variables.iter().copied());
    Process::spawn(command).finish().await
}

/// A certificate for `localhost` that is its own authority, called `name`.
fn certified(name: &str) -> CertifiedKey<KeyPair> {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let signing_key = KeyPair::generate().unwrap();
    let cert = params.self_signed(&signing_key).unwrap();
    CertifiedKey { cert, signing_key }
}

/// The fake service behind TLS with this certificate.
async fn behind_tls(face: &HttpFace, made: &CertifiedKey<KeyPair>) -> SocketAddr {
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let service = Url::parse(&face.endpoint()).unwrap();
    let service = service.socket_addrs(|| None).unwrap()[0];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(connection).await else {
                    return;
                };
                let mut service = TcpStream::connect(service).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut service).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_once_it_is_named() {
    let (mut place, face) = Place::fake().await;
    let (made, other) = (certified("ours"), certified("a stranger's"));
    let port = behind_tls(&face, &made).await.port();
    place.endpoint = format!("https://localhost:{port}/{ACCOUNT}");
    let secret = format!(
        "AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={}",
        place.endpoint
    );
    place.write_credential("storage", &secret);
    let write = |name: &str, text: &str| {
        let path = place.credentials().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let authority = write("authority.pem", &made.cert.pem());
    let stranger = write("stranger.pem", &other.cert.pem());
    // The names that `openssl rehash` gives.
    let hashed = write("authorities/0123abcd.0", &made.cert.pem());
    let directory = hashed.trim_end_matches("/0123abcd.0");
    let trusting = [
        &[("SSL_CERT_FILE", authority.as_str())][..],
        &[("SSL_CERT_DIR", directory)],
    ];
    for variables in trusting {
        let finished = check(&place, variables).await;
        assert!(
            finished.stdout.contains("the container is empty"),
            "{finished:?}"
        );
    }
    let finished = check(&place, &[("SSL_CERT_FILE", &stranger)]).await;
    for words in [
        "FAIL list",
        "the server's certificate is not trusted (UnknownIssuer): it is signed by an authority",
        "Let `SSL_CERT_FILE` name a PEM file",
    ] {
        assert!(finished.stdout.contains(words), "{words}: {finished:?}");
    }
    assert!(!finished.stdout.contains("resolve"), "{finished:?}");
    let renewed = write("renewed.pem", &certified("ours").cert.pem());
    let finished = check(&place, &[("SSL_CERT_FILE", &renewed)]).await;
    let words = "(BadSignature): an authority of the same name is known here, with another key";
    assert!(finished.stdout.contains(words), "{finished:?}");
    let finished = check(&place, &[("SSL_CERT_FILE", "/no/such/file")]).await;
    let words = "FAIL connect  this server trusts no certificate authority";
    assert!(finished.stdout.contains(words), "{finished:?}");
}

#[tokio::test]
async fn a_proxy_that_does_not_serve_is_named_and_can_be_passed_by() {
    let (place, _face) = Place::fake().await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    for variable in ["HTTP_PROXY", "all_proxy"] {
        let finished = check(&place, &[(variable, &proxy)]).await;
        assert!(finished.stdout.contains("FAIL list"), "{finished:?}");
        let words = format!("it goes through the proxy that `{variable}` names");
        assert!(finished.stdout.contains(&words), "{finished:?}");
        for direct in ["*", "127.0.0.1", "example.com, 127.0.0.0/8"] {
            let variables = [(variable, proxy.as_str()), ("NO_PROXY", direct)];
            let finished = check(&place, &variables).await;
            assert!(
                finished.stdout.contains("the container is empty"),
                "{finished:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_directory_of_credentials_that_is_not_there_is_told_at_the_start() {
    let (place, _face) = Place::fake().await;
    let missing = place.credentials().join("nosuch");
    let missing = missing.to_str().unwrap();
    let ports = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let args = [&["serve", "--credentials-dir", missing], &ports[..]].concat();
    let finished = Process::spawn(binary(&args)).finish().await;
    assert_eq!(finished.code(), 1);
    let words = format!(
        "error: the credentials directory {missing} (`--credentials-dir`) does not exist: mount"
    );
    assert!(finished.stderr.contains(&words), "{finished:?}");
}
