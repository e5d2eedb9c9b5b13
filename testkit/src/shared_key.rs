//! What the service does with an account's key: sign requests, check their signatures, and make
//! shared access signatures.
//!
//! Facts: "Authorize with Shared Key" and "Create an account SAS", Azure Storage REST API.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use http::{header, request::Parts};
use sha2::Sha256;
use time::{OffsetDateTime, macros::format_description};

use crate::http::ACCOUNT;

/// The standard headers that a signature covers, in its order.
const SIGNED: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// The version that shared access signatures are made in.
const SAS_VERSION: &str = "2020-08-04";

/// The signature of a request of `account` with `key`, which is base64.
pub fn signature(request: &Parts, account: &str, key: &str) -> String {
    let header = |name: &str| {
        let value = request.headers.get(name);
        value.map_or("", |it| it.to_str().expect("text"))
    };
    let standard = SIGNED.map(|name| match (name, header(name)) {
        ("content-length", "0") => "\n".to_owned(),
        (_, value) => format!("{value}\n"),
    });
    let names = request.headers.keys().map(header::HeaderName::as_str);
    let mut own: Vec<_> = names
        .filter(|name| name.starts_with("x-ms-"))
        .map(|name| format!("{name}:{}\n", header(name)))
        .collect();
    own.sort();
    let query = request.uri.query().unwrap_or_default();
    let mut query: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| format!("\n{}:{value}", name.to_lowercase()))
        .collect();
    query.sort();
    let (method, path) = (&request.method, request.uri.path());
    hmac(
        key,
        &format!(
            "{method}\n{}{}/{account}{path}{}",
            standard.concat(),
            own.concat(),
            query.concat()
        ),
    )
}

/// Whether a request bears the signature that `key` gives.
pub fn is_signed_with(request: &Parts, key: &str) -> bool {
    let expected = format!("SharedKey {ACCOUNT}:{}", signature(request, ACCOUNT, key));
    request
        .headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

/// An account SAS of the development account for its containers and blobs, queues and messages, without `?`.
/// `permissions` are the service's letters in its order, `rwdlacup`.
pub fn account_sas(permissions: &str, expires: OffsetDateTime, key: &str) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let expires = expires.format(&format).expect("a date");
    let text =
        format!("{ACCOUNT}\n{permissions}\nbq\nsco\n\n{expires}\n\nhttps,http\n{SAS_VERSION}\n");
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("sv", SAS_VERSION)
        .append_pair("ss", "bq")
        .append_pair("srt", "sco")
        .append_pair("sp", permissions)
        .append_pair("se", &expires)
        .append_pair("spr", "https,http")
        .append_pair("sig", &hmac(key, &text))
        .finish()
}

fn hmac(key: &str, text: &str) -> String {
    let key = STANDARD.decode(key).expect("a key in base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
