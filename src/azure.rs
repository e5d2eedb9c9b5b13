//! Azure Storage: sign-in, List Blobs and the state container. The only importer of the Azure crates.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use self::{
    asker::Asker,
    blobs::Listing,
    connection_string::ConnectionString,
    credential::{CredentialFile, in_date},
    download::Download,
    endpoint::Endpoint,
    failure::Serves,
    feed::Feed,
    pipeline::Service,
    properties::Blobs,
    queue::Queue,
    sign_in::SignIn,
    state::Container,
    transport::Kind,
};
pub use self::{
    download::{DownloadError, Downloaded},
    transport::Network,
};
use crate::ports::{
    connect::{ConnectError, Location},
    feed::ChangeFeed,
    listing::BlobListing,
    notifications::NotificationQueue,
    properties::BlobProperties,
    state::StateStore,
};

mod asker;
mod blobs;
mod connection_string;
mod credential;
mod date;
mod download;
mod endpoint;
mod failure;
mod feed;
pub mod list_page;
mod open;
mod pasted;
mod pipeline;
mod plain;
mod properties;
mod queue;
mod shared_key;
mod sign_in;
mod state;
mod token;
mod transport;
mod unanswered;
mod xml;
mod xml_text;

/// The key that says where the queue service is.
const QUEUES: &str = "source.queue.endpoint";

/// Makes connections to storage accounts with the credentials that the server's operator mounted.
#[derive(Debug, Clone, Default)]
pub struct Connector {
    /// The directory of credential files (`--credentials-dir`).
    pub credentials_dir: Option<PathBuf>,
    /// Endpoints beside the clouds' own to which the server's own identity may send its token
    /// (`--allow-endpoint`): a URL, a host, `host:port`, or `*.suffix`. Always over https.
    pub allowed_endpoints: Vec<String>,
    /// What all accounts that it connects to share.
    pub network: Network,
}

/// A storage account that we can call.
#[derive(Clone)]
pub struct Account {
    service: Arc<Service>,
    /// The URL of its queue service, or why it may not be asked.
    queues: Result<Endpoint, String>,
}

impl Connector {
    /// Sees whether there is a directory of credentials where one is configured, so that a mistake shows at the start.
    ///
    /// # Errors
    /// [`ConnectError::Credential`].
    pub fn look_into_credentials(&self) -> Result<(), ConnectError> {
        let dir = self.credentials_dir.as_deref();
        dir.map_or(Ok(()), credential::look_into)
            .map_err(ConnectError::Credential)
    }

    /// Resolves the account's endpoint and how to sign in: with the connection string in the file
    /// `credential`, or, without one, with the server's own identity. Reads a small file; sends nothing.
    ///
    /// # Errors
    /// [`ConnectError`], whose sentence is fit for the author of the configuration: it holds no secret.
    pub fn connect(
        &self,
        location: &Location,
        credential: Option<&str>,
    ) -> Result<Account, ConnectError> {
        match credential {
            Some(name) => self.with_credential(location, name),
            None => self.with_own_identity(location, Asker::Configuration),
        }
    }

    /// An account that is signed in to with `secret`, the account's key or a connection string, or, without
    /// one, with the identity of this process.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn connect_with(
        &self,
        location: &Location,
        secret: Option<&str>,
    ) -> Result<Account, ConnectError> {
        match secret {
            Some(secret) => self.with_secret(location, secret),
            None => self.with_own_identity(location, Asker::CommandLine),
        }
    }

    /// As [`Self::connect`], to the account whose queue service is at `url`: only its queues are asked.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn connect_queues(
        &self,
        url: &Url,
        credential: Option<&str>,
    ) -> Result<Account, ConnectError> {
        let asked = Endpoint::parse(url.as_str()).map_err(|problem| wrong(QUEUES, &problem))?;
        if let Some(problem) = asked.serves_blobs() {
            return Err(wrong(QUEUES, &problem));
        }
        let Some(name) = credential else {
            asked
                .permits_token(&self.allowed_endpoints, Asker::Configuration)
                .map_err(ConnectError::Invalid)?;
            return self.account(
                asked.clone(),
                Ok(asked),
                SignIn::with_own_identity(&self.network),
            );
        };
        let (file, content) = self.credential(name)?;
        must_serve(&content, &asked, name)?;
        self.account(asked.clone(), Ok(asked), SignIn::with_file(file, content))
    }

    fn with_credential(&self, location: &Location, name: &str) -> Result<Account, ConnectError> {
        let (file, content) = self.credential(name)?;
        must_belong(&content, location, name)?;
        let (endpoint, queues) = (content.endpoint.clone(), queues_of(&content));
        self.account(endpoint, queues, SignIn::with_file(file, content))
    }

    fn credential(&self, name: &str) -> Result<(CredentialFile, ConnectionString), ConnectError> {
        let dir = self.credentials_dir.as_deref().ok_or_else(|| {
            ConnectError::NoCredential(
                "credential: this server has no credentials; its operator can mount them and set `--credentials-dir`"
                    .to_owned(),
            )
        })?;
        let file = CredentialFile::new(dir, name).map_err(ConnectError::Invalid)?;
        let content = file.read()?;
        Ok((file, content))
    }

    fn with_own_identity(
        &self,
        location: &Location,
        asker: Asker,
    ) -> Result<Account, ConnectError> {
        let endpoint = endpoint_of(location)?;
        endpoint
            .permits_token(&self.allowed_endpoints, asker)
            .map_err(ConnectError::Invalid)?;
        let queues = queues_beside(&endpoint, "give it as `source.queue.endpoint`");
        let queues = queues.and_then(|queues| {
            queues.permits_token(&self.allowed_endpoints, asker)?;
            Ok(queues)
        });
        self.account(endpoint, queues, SignIn::with_own_identity(&self.network))
    }

    fn with_secret(&self, location: &Location, secret: &str) -> Result<Account, ConnectError> {
        let endpoint = endpoint_of(location)?;
        let content = ConnectionString::parse_or_key(secret, &endpoint).and_then(in_date);
        let content = content.map_err(|problem| {
            ConnectError::Credential(format!("--key-file: the key cannot be used: {problem}"))
        })?;
        must_be_of(&content, &endpoint)?;
        let queues = queues_of(&content);
        self.account(endpoint, queues, SignIn::with(content))
    }

    fn account(
        &self,
        endpoint: Endpoint,
        queues: Result<Endpoint, String>,
        sign_in: SignIn,
    ) -> Result<Account, ConnectError> {
        let transport = self.network.transport(Kind::Blobs);
        let transport = transport.map_err(ConnectError::Machine)?;
        let service = Service::new(endpoint, sign_in, transport);
        Ok(Account {
            service: Arc::new(service),
            queues,
        })
    }
}

// A key or a SAS goes to the queue service that its own connection string names, or to the one beside its blobs.
fn queues_of(content: &ConnectionString) -> Result<Endpoint, String> {
    match &content.queues {
        Some(queues) => queues.clone(),
        None => queues_beside(
            &content.endpoint,
            "put `QueueEndpoint=URL` into the credential",
        ),
    }
}

fn queues_beside(endpoint: &Endpoint, cure: &str) -> Result<Endpoint, String> {
    endpoint.queues().ok_or_else(|| {
        format!(
            "the URL of the queue service cannot be derived from {}: {cure}",
            endpoint.as_str()
        )
    })
}

/// The text of a file that holds a secret: `bytes` are all of it.
///
/// # Errors
/// A sentence that says what it holds instead of text, and nothing of it.
pub fn text_of_secret(bytes: &[u8]) -> Result<&str, String> {
    credential::text(bytes)
}

fn endpoint_of(location: &Location) -> Result<Endpoint, ConnectError> {
    match location {
        Location::Account(name) => {
            Endpoint::of_account(name).map_err(|problem| wrong("account", &problem))
        }
        Location::Endpoint(url) => parse_endpoint(url.as_str()),
    }
}

// A connection string only ever goes to its own endpoint, whatever a configuration says. The account
// and the endpoint of a credential are no secret, and its author needs them to write what fits.
fn must_belong(
    content: &ConnectionString,
    location: &Location,
    credential: &str,
) -> Result<(), ConnectError> {
    let endpoint = content.endpoint.as_str();
    let problem = match location {
        Location::Account(name) if *name == content.account => return Ok(()),
        Location::Account(name) => format!(
            "`account` is `{name}`, but the credential `{credential}` is for the account `{}` at {endpoint}: write `{}`, or name the credential of the account `{name}`",
            content.account,
            key_for(content)
        ),
        Location::Endpoint(url) => {
            let asked = parse_endpoint(url.as_str())?;
            if asked == content.endpoint {
                return Ok(());
            }
            let asked = asked.as_str();
            let below = asked.strip_prefix(endpoint);
            if let Some(container) = below.and_then(|it| it.strip_prefix('/')) {
                return Err(ConnectError::Invalid(format!(
                    "`endpoint` is {asked}, and the account of the credential `{credential}` is at {endpoint}: write `{}` and \
                     `container: {container}`",
                    key_for(content)
                )));
            }
            format!(
                "`endpoint` is {asked}, but the credential `{credential}` is for the account `{}` at {endpoint}: write `{}`, or ask whoever manages the credential to put `BlobEndpoint={asked}` into it",
                content.account,
                key_for(content)
            )
        }
    };
    Err(ConnectError::Invalid(problem))
}

// As `must_belong`, of a key file that was given on the command line.
fn must_be_of(content: &ConnectionString, asked: &Endpoint) -> Result<(), ConnectError> {
    if content.endpoint == *asked {
        return Ok(());
    }
    let own = content.endpoint.as_str();
    Err(ConnectError::Invalid(format!(
        "--endpoint is {}, but the file of --key-file is for the account `{}` at {own}: write `--endpoint {own}`, or give the \
         key file of the other account",
        asked.as_str(),
        content.account
    )))
}

// As a connection string belongs to its blob service, it belongs to its queue service.
fn must_serve(
    content: &ConnectionString,
    asked: &Endpoint,
    credential: &str,
) -> Result<(), ConnectError> {
    let own = queues_of(content).map_err(ConnectError::Invalid)?;
    if own == *asked {
        return Ok(());
    }
    let (asked, own) = (asked.as_str(), own.as_str());
    Err(ConnectError::Invalid(format!(
        "`{QUEUES}` is {asked}, but the credential `{credential}` is for the queues of the account `{}` at {own}: write \
         `endpoint: {own}`, or ask whoever manages the credential to put `QueueEndpoint={asked}` into it",
        content.account
    )))
}

// As short as a configuration can say it.
fn key_for(content: &ConnectionString) -> String {
    let endpoint = &content.endpoint;
    match Endpoint::of_account(&content.account) {
        Ok(of_account) if of_account == *endpoint => format!("account: {}", content.account),
        _ => format!("endpoint: {}", endpoint.as_str()),
    }
}

fn parse_endpoint(text: &str) -> Result<Endpoint, ConnectError> {
    Endpoint::parse(text).map_err(|problem| wrong("endpoint", &problem))
}

fn wrong(field: &str, problem: &str) -> ConnectError {
    ConnectError::Invalid(format!("`{field}` is wrong: {problem}"))
}

impl Account {
    /// The URL of the blob service, without a trailing slash.
    pub fn endpoint(&self) -> &str {
        self.service.endpoint()
    }

    /// The listing of a container.
    pub fn listing(&self, container: &str) -> Arc<dyn BlobListing> {
        Arc::new(Listing::new(self.service.clone(), container))
    }

    /// The properties of single blobs of a container.
    pub fn properties(&self, container: &str) -> Arc<dyn BlobProperties> {
        Arc::new(Blobs::new(self.service.clone(), container))
    }

    /// A queue of the account, with the same sign-in.
    ///
    /// # Errors
    /// [`ConnectError::Invalid`] when the URL of the queue service is not known, or no token may go there.
    pub fn queue(&self, name: &str) -> Result<Arc<dyn NotificationQueue>, ConnectError> {
        let endpoint = self.queues.clone().map_err(ConnectError::Invalid)?;
        let service = self.service.beside(endpoint, Serves::Queues);
        Ok(Arc::new(Queue::new(Arc::new(service), name)))
    }

    /// The change feed of the account.
    pub fn feed(&self) -> Arc<dyn ChangeFeed> {
        Arc::new(Feed::new(self.service.clone()))
    }

    /// Downloads one version of the blob `name` of `container` to the file `to`, as [`download::Download`].
    ///
    /// # Errors
    /// [`DownloadError`]; then there is no file.
    pub async fn download(
        &self,
        container: &str,
        name: &str,
        etag: Option<&str>,
        to: &Path,
    ) -> Result<Downloaded, DownloadError> {
        let download = Download::new(&self.service, container, name, etag);
        download.save(to).await
    }

    /// A container as a place for ledgers.
    pub fn state(&self, container: &str) -> Arc<dyn StateStore> {
        Arc::new(Container::new(self.service.clone(), container))
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({})", self.endpoint())
    }
}

#[cfg(test)]
mod tests;
