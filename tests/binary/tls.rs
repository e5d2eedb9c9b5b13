//! TLS with a certificate of our own making.

use std::fs;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::{
    process::{Finished, Process, binary, run},
    server::{EVENT, Server},
    storage::Place,
};

/// Writes a certificate for `localhost` and its key, and returns where.
fn certificate(place: &Place, name: &str) -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let path = |kind: &str| {
        let path = place.credentials().join(format!("{name}.{kind}"));
        path.to_str().unwrap().to_owned()
    };
    let (cert_file, key_file) = (path("crt"), path("key"));
    fs::write(&cert_file, cert.pem()).unwrap();
    fs::write(&key_file, signing_key.serialize_pem()).unwrap();
    (cert_file, key_file)
}

async fn serving_tls(place: &Place, cert: &str, key: &str) -> Server {
    let mut args = place.storage_args().to_vec();
    args.extend(["--tls-cert", cert, "--tls-key", key].map(str::to_owned));
    Server::start(&args).await
}

async fn watch_once(place: &Place, url: &str, more: &[&str]) -> Finished {
    let config = place.config_file(&place.config());
    let args = [
        "watch",
        "--config",
        &config,
        "--connect",
        url,
        "--once",
        "--name",
        EVENT,
        "--take-over",
    ];
    run(&[&args[..], more].concat()).await
}

#[tokio::test]
async fn a_client_that_knows_the_authority_is_served() {
    let place = Place::azurite().await;
    place.put("raw/a.csv").await;
    let (cert, key) = certificate(&place, "server");
    let server = serving_tls(&place, &cert, &key).await;
    let url = format!("https://localhost:{}", server.grpc.port());
    let finished = watch_once(&place, &url, &["--ca-file", &cert]).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert!(finished.stdout.contains("\"blobname\":\"raw/a.csv\""));
}

#[tokio::test]
async fn a_client_that_cannot_trust_the_server_says_so() {
    let place = Place::azurite().await;
    let (cert, key) = certificate(&place, "server");
    let (other, _) = certificate(&place, "other");
    let server = serving_tls(&place, &cert, &key).await;
    let https = format!("https://localhost:{}", server.grpc.port());
    let stranger = watch_once(&place, &https, &["--ca-file", &other]).await;
    assert_eq!(stranger.code(), 1);
    let said =
        format!("error: cannot connect to {https}: the server's certificate is not trusted (");
    assert!(stranger.stderr.contains(&said), "{}", stranger.stderr);
    let unknown = watch_once(&place, &https, &[]).await;
    assert!(unknown.stderr.contains("--ca-file"), "{unknown:?}");
    // The address is not in the certificate.
    let by_address = format!("https://{}", server.grpc);
    let misnamed = watch_once(&place, &by_address, &["--ca-file", &cert]).await;
    assert_eq!(misnamed.code(), 1);
    assert!(
        misnamed.stderr.contains("not valid for name"),
        "{}",
        misnamed.stderr
    );
    let plain = watch_once(&place, &format!("http://{}", server.grpc), &[]).await;
    assert_eq!(plain.code(), 1, "{plain:?}");
    let tls = format!("uses TLS, write `https://{}`", server.grpc);
    assert!(plain.stderr.contains(&tls), "{plain:?}");
}

#[tokio::test]
async fn files_that_do_not_fit_stop_the_start() {
    let place = Place::azurite().await;
    let (cert, _) = certificate(&place, "server");
    let (_, other_key) = certificate(&place, "other");
    let broken = place.credentials().join("broken.crt");
    fs::write(&broken, "no certificate").unwrap();
    for (cert, key, said) in [
        (
            cert.as_str(),
            other_key.as_str(),
            "error: the TLS certificate and key cannot be used: ",
        ),
        (
            broken.to_str().unwrap(),
            &other_key,
            "error: the TLS certificate and key cannot be used: ",
        ),
        (
            "no/such.crt",
            &other_key,
            "error: the TLS file no/such.crt cannot be read: ",
        ),
    ] {
        let args = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
        ];
        let args = [&args[..], &["--tls-cert", cert, "--tls-key", key]].concat();
        let finished = Process::spawn(binary(&args)).finish().await;
        assert_eq!(finished.code(), 1);
        assert!(finished.stderr.contains(said), "{}", finished.stderr);
    }
}
