//! A minimal Blob client for tests, signed with the account's key. It writes what the library only reads.
//!
//! It sends names as they are, each byte that is not plain percent-encoded, and never rewrites a
//! path; so it can write the names that URL libraries would fix.

use std::{error::Error, time::Duration};

use azure_blob_eventsource::blob::BlobType;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use crate::{
    account::NewBlob,
    http::{ACCOUNT, KEY, http_date},
    shared_key,
};

/// What need not be encoded in a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The newest version that Azurite and the service both speak.
const VERSION: &str = "2025-07-05";

/// How long [`BlobClient::send`] tries to get a connection.
const CONNECTING: Duration = Duration::from_secs(30);
/// The pause between two of its tries.
const RETRY: Duration = Duration::from_millis(500);

/// A client of one account.
#[derive(Debug, Clone)]
pub struct BlobClient {
    account: String,
    endpoint: String,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// An answer that is read to its end.
pub type Reply = Response<Bytes>;

impl BlobClient {
    /// A client for a blob endpoint of the development account, without a trailing slash.
    pub fn new(endpoint: &str) -> Self {
        Self::of_account(ACCOUNT, endpoint)
    }

    /// As [`Self::new`], for an account of another name with the development account's key.
    pub fn of_account(account: &str, endpoint: &str) -> Self {
        Self {
            account: account.to_owned(),
            endpoint: endpoint.to_owned(),
            http: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// A client for what a connection string of the development account names.
    ///
    /// # Errors
    /// A sentence when it names another account, whose key this client does not have.
    pub fn from_connection_string(text: &str) -> Result<Self, String> {
        let field = |key: &str| {
            let mut fields = text.split(';').filter_map(|part| part.split_once('='));
            fields.find_map(|(name, value)| (name.trim() == key).then_some(value.trim()))
        };
        if field("UseDevelopmentStorage") == Some("true") {
            return Ok(Self::new(&format!("http://127.0.0.1:10000/{ACCOUNT}")));
        }
        match (field("AccountName"), field("BlobEndpoint")) {
            (Some(ACCOUNT), Some(url)) => Ok(Self::new(url.trim_end_matches('/'))),
            _ => Err(format!(
                "the connection string must be UseDevelopmentStorage=true, or have AccountName={ACCOUNT} and BlobEndpoint"
            )),
        }
    }

    /// Makes a container.
    pub async fn create_container(&self, container: &str) {
        let query = [("restype", "container")];
        let reply = self.send(Method::PUT, container, &query, &[], Bytes::new());
        expect(&reply.await, StatusCode::CREATED);
    }

    /// Writes a blob as a whole, in place of what was there, and returns its ETag without quotes.
    pub async fn put_blob(&self, container: &str, name: &str, blob: &NewBlob) -> String {
        let reply = self.try_put_blob(container, name, blob).await;
        expect(&reply, StatusCode::CREATED);
        etag(reply.headers())
    }

    /// As [`Self::put_blob`], with whatever the service says.
    pub async fn try_put_blob(&self, container: &str, name: &str, blob: &NewBlob) -> Reply {
        let metadata = blob.metadata.iter();
        let metadata: Vec<_> = metadata
            .map(|(k, v)| (format!("x-ms-meta-{k}"), v))
            .collect();
        let mut headers = vec![("x-ms-blob-type", blob.blob_type.as_str())];
        if blob.blob_type == BlobType::BlockBlob {
            headers.push(("x-ms-blob-content-type", blob.content_type.as_str()));
        }
        headers.extend(metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let path = blob_path(container, name);
        let content = blob.content.clone();
        self.send(Method::PUT, &path, &[], &headers, content).await
    }

    /// Appends to an append blob.
    pub async fn append(&self, container: &str, name: &str, bytes: impl Into<Bytes>) {
        let path = blob_path(container, name);
        let query = [("comp", "appendblock")];
        let reply = self.send(Method::PUT, &path, &query, &[], bytes.into());
        expect(&reply.await, StatusCode::CREATED);
    }

    /// The whole content of a blob, if there is one.
    pub async fn get(&self, container: &str, name: &str) -> Option<Bytes> {
        let path = blob_path(container, name);
        let reply = self.send(Method::GET, &path, &[], &[], Bytes::new()).await;
        if reply.status() == StatusCode::NOT_FOUND {
            return None;
        }
        expect(&reply, StatusCode::OK);
        Some(reply.into_body())
    }

    /// Replaces a blob's metadata by one entry.
    pub async fn set_metadata(&self, container: &str, name: &str, key: &str, value: &str) {
        let path = blob_path(container, name);
        let key = format!("x-ms-meta-{key}");
        let (query, headers) = ([("comp", "metadata")], [(key.as_str(), value)]);
        let reply = self.send(Method::PUT, &path, &query, &headers, Bytes::new());
        expect(&reply.await, StatusCode::OK);
    }

    /// Moves a blob into another access tier.
    pub async fn set_tier(&self, container: &str, name: &str, tier: &str) {
        let path = blob_path(container, name);
        let (query, headers) = ([("comp", "tier")], [("x-ms-access-tier", tier)]);
        let reply = self.send(Method::PUT, &path, &query, &headers, Bytes::new());
        expect(&reply.await, StatusCode::OK);
    }

    /// Copies a blob onto a name of the same container, within one call as far as the service can.
    pub async fn copy(&self, container: &str, from: &str, to: &str) {
        let source = format!("{}/{}", self.endpoint, blob_path(container, from));
        let headers = [("x-ms-copy-source", source.as_str())];
        let path = blob_path(container, to);
        let reply = self.send(Method::PUT, &path, &[], &headers, Bytes::new());
        expect(&reply.await, StatusCode::ACCEPTED);
    }

    /// Deletes a blob.
    pub async fn delete(&self, container: &str, name: &str) {
        let path = blob_path(container, name);
        let reply = self.send(Method::DELETE, &path, &[], &[], Bytes::new());
        expect(&reply.await, StatusCode::ACCEPTED);
    }

    /// Sends one signed request. `path` is relative to the account and encoded; the queries are not.
    ///
    /// Where no connection is possible, it tries again for [`CONNECTING`]: on a busy cluster the name of
    /// the account is not always found at once, and nothing was sent yet.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Reply {
        let end = Instant::now() + CONNECTING;
        loop {
            let reply = self.try_send(method.clone(), path, query, headers, body.clone());
            match reply.await {
                Ok(reply) => return reply,
                Err(error) if is_connecting(&*error) && Instant::now() < end => {
                    sleep(RETRY).await;
                }
                Err(error) => panic!("{}{path} gave no answer: {error:?}", self.endpoint),
            }
        }
    }

    /// As [`Self::send`], when there may be nobody who answers.
    ///
    /// # Errors
    /// Why there is no complete answer.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Reply, Box<dyn Error + Send + Sync>> {
        let search = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let uri: Uri = format!("{}/{path}?{search}", self.endpoint)
            .parse()
            .expect("a URI");
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let date = http_date(OffsetDateTime::now_utc());
        let common = [("x-ms-date", date.as_str()), ("x-ms-version", VERSION)];
        for (name, value) in headers.iter().chain(&common) {
            let name = HeaderName::try_from(*name).expect("a header name");
            let value = value.parse().expect("a header value");
            request.headers_mut().insert(name, value);
        }
        // The service wants it on every write, and a client leaves it out when it is zero.
        let length = body.len().to_string().parse().expect("a number");
        request.headers_mut().insert(header::CONTENT_LENGTH, length);
        let (head, body) = request.into_parts();
        let signature = shared_key::signature(&head, &self.account, KEY);
        let mut request = Request::from_parts(head, body);
        let authorization = format!("SharedKey {}:{signature}", self.account);
        let authorization = authorization.parse().expect("a header value");
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, authorization);
        let (head, body) = self.http.request(request).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }
}

/// Whether a request failed before it was sent.
fn is_connecting(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<hyper_util::client::legacy::Error>()
        .is_some_and(hyper_util::client::legacy::Error::is_connect)
}

/// The path of a blob for [`BlobClient::send`].
pub fn blob_path(container: &str, name: &str) -> String {
    format!("{container}/{}", utf8_percent_encode(name, PATH))
}

/// The ETag of an answer, without quotes.
fn etag(headers: &HeaderMap) -> String {
    let etag = headers.get(header::ETAG).expect("an ETag");
    etag.to_str().expect("text").trim_matches('"').to_owned()
}

fn expect(reply: &Reply, status: StatusCode) {
    assert_eq!(
        reply.status(),
        status,
        "{}",
        String::from_utf8_lossy(reply.body())
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_says_where_the_development_account_is() {
        let endpoint = |text| BlobClient::from_connection_string(text).map(|it| it.endpoint);
        let usual = "http://127.0.0.1:10000/devstoreaccount1";
        assert_eq!(endpoint("UseDevelopmentStorage=true").unwrap(), usual);
        let elsewhere = crate::http::connection_string("http://127.0.0.1:1/devstoreaccount1/");
        assert_eq!(
            endpoint(&elsewhere).unwrap(),
            "http://127.0.0.1:1/devstoreaccount1"
        );
        assert!(endpoint("AccountName=other;BlobEndpoint=http://127.0.0.1:1/other").is_err());
        assert!(endpoint("").is_err());
    }
}
