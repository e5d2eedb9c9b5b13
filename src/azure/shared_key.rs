//! Signing requests with an account key.
//!
//! Facts: "Authorize with Shared Key", Azure Storage REST API: the Blob service's string-to-sign for
//! version 2015-02-21 and later.

use std::{collections::BTreeMap, fmt, sync::Arc};

use azure_core::{
    credentials::Secret,
    hmac::hmac_sha256,
    http::{
        Context, Method, Request, Url,
        headers::{AUTHORIZATION, HeaderName, Headers},
        policies::{Policy, PolicyResult},
    },
    time::{OffsetDateTime, to_rfc7231},
};

const DATE: HeaderName = HeaderName::from_static("x-ms-date");

/// The headers whose values are signed by position, in their order, after the method. The third,
/// `content-length`, is empty for a body of no bytes; `date` is empty because we send `x-ms-date`.
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

/// A policy that dates and signs each try: the service refuses what is dated 15 minutes ago.
pub(super) struct SharedKey {
    account: String,
    key: Secret,
}

impl SharedKey {
    /// Signs for `account` with its key, in base64.
    pub(super) fn new(account: String, key: Secret) -> Self {
        Self { account, key }
    }

    fn sign(&self, request: &mut Request) -> azure_core::Result<()> {
        request.insert_header(DATE, to_rfc7231(&OffsetDateTime::now_utc()));
        let text = string_to_sign(
            &self.account,
            request.method(),
            request.url(),
            request.headers(),
            request.body().len().unwrap_or_default(),
        );
        let signature = hmac_sha256(&text, &self.key)?;
        let value = format!("SharedKey {}:{signature}", self.account);
        request.insert_header(AUTHORIZATION, value);
        Ok(())
    }
}

#[async_trait::async_trait]
impl Policy for SharedKey {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        self.sign(request)?;
        next[0].send(ctx, request, &next[1..]).await
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedKey({}, ***)", self.account)
    }
}

/// What is signed: method, standard headers, `x-ms-` headers and resource, a line each.
fn string_to_sign(
    account: &str,
    method: Method,
    url: &Url,
    headers: &Headers,
    length: u64,
) -> String {
    let mut text = String::from(method.as_str());
    for name in SIGNED {
        text.push('\n');
        match name {
            "content-length" if length > 0 => text.push_str(&length.to_string()),
            "content-length" | "date" => {}
            _ => text.push_str(header(headers, name)),
        }
    }
    text.push('\n');
    push_headers(&mut text, headers);
    push_resource(&mut text, account, url);
    text
}

fn header<'a>(headers: &'a Headers, name: &'static str) -> &'a str {
    headers
        .get_optional_str(&HeaderName::from_static(name))
        .unwrap_or_default()
        .trim()
}

// Sorted by name, white space folded: "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\n".
fn push_headers(text: &mut String, headers: &Headers) {
    let ours: BTreeMap<_, _> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .collect();
    for (name, value) in ours {
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("{name}:{value}\n"));
    }
}

// The account, then the path as it is sent (in path-style it names the account once more), then the
// parameters sorted by name in lower case, decoded, several values of one name joined by commas.
fn push_resource(text: &mut String, account: &str, url: &Url) {
    text.push('/');
    text.push_str(account);
    text.push_str(url.path());
    let mut parameters = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in url.query_pairs() {
        parameters
            .entry(name.to_lowercase())
            .or_default()
            .push(value.into_owned());
    }
    for (name, mut values) in parameters {
        values.sort_unstable();
        text.push_str(&format!("\n{name}:{}", values.join(",")));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> Headers {
        let mut headers = Headers::new();
        for &(name, value) in pairs {
            headers.insert(name, value);
        }
        headers
    }

    fn signed(
        method: Method,
        url: &str,
        pairs: &[(&'static str, &'static str)],
        length: u64,
    ) -> String {
        string_to_sign(
            "myaccount",
            method,
            &Url::parse(url).unwrap(),
            &headers(pairs),
            length,
        )
    }

    /// The example of "Authorize with Shared Key".
    #[test]
    fn the_documentations_example_of_container_metadata() {
        let text = signed(
            Method::Get,
            "https://myaccount.blob.core.windows.net/mycontainer?restype=container&timeout=20&comp=metadata",
            &[
                ("x-ms-version", "2015-02-21"),
                ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"),
            ],
            0,
        );
        assert_eq!(
            text,
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
             /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
        );
    }

    #[test]
    fn a_listing_is_signed_with_decoded_parameters() {
        let text = signed(
            Method::Get,
            "https://h/mycontainer?restype=container&comp=list&Prefix=a%2Fb%20%26%2B%C3%A9&include=metadata",
            &[
                ("x-ms-date", "D"),
                ("accept", "application/xml"),
                ("user-agent", "u"),
            ],
            0,
        );
        assert_eq!(
            text,
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:D\n/myaccount/mycontainer\ncomp:list\ninclude:metadata\n\
             prefix:a/b &+é\nrestype:container"
        );
    }

    #[test]
    fn an_append_is_signed_with_its_length_and_headers_in_order() {
        let text = signed(
            Method::Put,
            "http://127.0.0.1:10000/myaccount/state/a%20b?comp=appendblock",
            &[
                ("content-type", "application/octet-stream"),
                ("if-none-match", "*"),
                ("if-match", "\"0x1\""),
                ("range", "bytes=0-9"),
                ("date", "never signed"),
                ("x-ms-version", "2026-02-06"),
                ("x-ms-date", "D"),
                ("x-ms-blob-condition-appendpos", "12"),
                ("x-ms-client-request-id", "  a\t b  "),
            ],
            34,
        );
        assert_eq!(
            text,
            "PUT\n\n\n34\n\napplication/octet-stream\n\n\n\"0x1\"\n*\n\nbytes=0-9\n\
             x-ms-blob-condition-appendpos:12\nx-ms-client-request-id:a b\nx-ms-date:D\n\
             x-ms-version:2026-02-06\n/myaccount/myaccount/state/a%20b\ncomp:appendblock"
        );
    }

    #[test]
    fn several_values_of_a_parameter_are_joined_and_the_root_has_a_path() {
        assert!(
            signed(
                Method::Get,
                "https://h?include=b&include=a&COMP=list",
                &[],
                0
            )
            .ends_with("\n/myaccount/\ncomp:list\ninclude:a,b")
        );
    }

    /// HMAC-SHA256 over the documentation's example with the emulator's published key, computed
    /// with another implementation.
    #[test]
    fn the_signature_is_hmac_sha256_in_base64() {
        let text = "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
             /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20";
        let key = Secret::new(
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
        );
        assert_eq!(
            hmac_sha256(text, &key).unwrap(),
            "1u9lui2jDxj0+fpbHjQ5m5NnastJRSYM+PSmfi8TXx4="
        );
    }

    #[test]
    fn the_key_is_not_shown() {
        let policy = SharedKey::new("store".to_owned(), Secret::new("c2VjcmV0"));
        assert_eq!(format!("{policy:?}"), "SharedKey(store, ***)");
    }
}
