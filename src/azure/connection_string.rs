//! Connection strings: what the portal shows under "Access keys" and "Shared access signature".
//!
//! Facts: "Configure Azure Storage connection strings", Azure Storage documentation.

use std::{collections::BTreeMap, fmt};

use azure_core::credentials::Secret;
use time::OffsetDateTime;

use super::{endpoint::Endpoint, pasted};

mod validity;

/// The emulator's account and key. They are published ("Use the Azurite emulator") and no secret.
const EMULATOR_ACCOUNT: &str = "devstoreaccount1";
const EMULATOR_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Azure's own have 24 at most ("Storage account overview", Azure Storage documentation).
const LONGEST_ACCOUNT: usize = 63;

/// An account that can be signed in to. Its `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ConnectionString {
    /// The account's name.
    pub(super) account: String,
    /// The URL of its blob service.
    pub(super) endpoint: Endpoint,
    /// The URL of its queue service where it is given, or what is wrong with it.
    pub(super) queues: Option<Result<Endpoint, String>>,
    /// What proves that we may.
    pub(super) proof: SignInWith,
}

/// What proves that we may use an account.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum SignInWith {
    /// The account's key, in base64: it signs each request and is never sent.
    Key(Secret),
    /// A shared access signature, as a query without `?`: it is sent with each request.
    Sas(Secret),
}

impl ConnectionString {
    /// Reads the content of a credential file. White space, a byte order mark and quotes around it
    /// are no part of it; keys are compared without regard to case; keys that concern other services
    /// are passed over.
    ///
    /// # Errors
    /// A sentence that names the key that is wrong, and holds no value.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = unwrapped(text);
        if let Some(mistake) = pasted::mistake(text) {
            return Err(mistake);
        }
        let fields = Fields::read(text)?;
        if let Some(yes) = fields.get("UseDevelopmentStorage") {
            return emulator(yes, fields.get("DevelopmentStorageProxyUri"));
        }
        let endpoint = fields.endpoint()?;
        let account = match (fields.get("AccountName"), endpoint.account()) {
            (Some(name), _) => name,
            (None, Some(name)) if fields.get("AccountKey").is_none() => name,
            _ => return Err(
                "the connection string has no `AccountName`: put `AccountName=ACCOUNT;` before it"
                    .to_owned(),
            ),
        };
        // The emulator takes other names than Azure does.
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if account.len() > LONGEST_ACCOUNT || !account.chars().all(fits) {
            return Err(format!(
                "`AccountName` must be the name of a storage account: letters and digits, at most {LONGEST_ACCOUNT}"
            ));
        }
        Ok(Self {
            account: account.to_owned(),
            proof: fields.proof()?,
            queues: fields.queues(),
            endpoint,
        })
    }

    /// Why its SAS proves nothing `now`, with the moment that it names; `None` for a key, and for a SAS that may be valid.
    pub(super) fn out_of_date(&self, now: OffsetDateTime) -> Option<String> {
        match &self.proof {
            SignInWith::Key(_) => None,
            SignInWith::Sas(sas) => validity::out_of_date(sas.secret(), now),
        }
    }

    /// Reads a connection string, or the key alone of the account at `endpoint`, as Argo's artifacts take it.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub(super) fn parse_or_key(text: &str, endpoint: &Endpoint) -> Result<Self, String> {
        let (Ok(proof), Some(account)) = (account_key(unwrapped(text)), endpoint.account()) else {
            return Self::parse(text);
        };
        Ok(Self {
            account: account.to_owned(),
            endpoint: endpoint.clone(),
            queues: None,
            proof,
        })
    }
}

impl fmt::Debug for ConnectionString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionString")
            .field("account", &self.account)
            .field("endpoint", &self.endpoint)
            .field("proof", &self.proof)
            .finish()
    }
}

impl fmt::Debug for SignInWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(***)",
            Self::Sas(_) => "Sas(***)",
        })
    }
}

/// The parts of a connection string that concern us, by their names in lower case.
struct Fields<'a>(BTreeMap<String, &'a str>);

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        let mut fields = BTreeMap::new();
        for part in text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            // Only the first `=` divides: keys and signatures end in more of them.
            let (key, value) = part.split_once('=').ok_or(NOT_ONE)?;
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(NOT_ONE.to_owned());
            }
            if fields
                .insert(key, value)
                .is_some_and(|other| other != value)
            {
                return Err(
                    "the connection string has two values for one key: keep the right one, or copy it again"
                        .to_owned(),
                );
            }
        }
        Ok(Self(fields))
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        let value = self.0.get(&key.to_ascii_lowercase())?;
        (!value.is_empty()).then_some(*value)
    }

    // One that is wrong is the concern of whoever asks for a queue.
    fn queues(&self) -> Option<Result<Endpoint, String>> {
        let url = self.get("QueueEndpoint")?;
        Some(Endpoint::parse(url).map_err(|problem| {
            format!("`QueueEndpoint` of the connection string is wrong: {problem}")
        }))
    }

    fn endpoint(&self) -> Result<Endpoint, String> {
        if let Some(url) = self.get("BlobEndpoint") {
            return Endpoint::parse(url).map_err(|problem| {
                format!("`BlobEndpoint` of the connection string is wrong: {problem}")
            });
        }
        let account = self.get("AccountName").ok_or(NEITHER_NAME_NOR_ENDPOINT)?;
        let scheme = self.get("DefaultEndpointsProtocol").unwrap_or("https");
        let suffix = self.get("EndpointSuffix").unwrap_or("core.windows.net");
        if !is_label(account) {
            return Err(
                "`AccountName` of the connection string is not an account name, which has only letters and digits: copy it again"
                    .to_owned(),
            );
        }
        if !suffix.split('.').all(is_label) {
            return Err(
                "`EndpointSuffix` of the connection string is not a host name such as `core.windows.net`: copy it again"
                    .to_owned(),
            );
        }
        Endpoint::parse(&format!("{scheme}://{account}.blob.{suffix}")).map_err(|_| {
            "`DefaultEndpointsProtocol` of the connection string must be https or http".to_owned()
        })
    }

    fn proof(&self) -> Result<SignInWith, String> {
        match (self.get("AccountKey"), self.get("SharedAccessSignature")) {
            (Some(key), None) => account_key(key),
            (None, Some(sas)) => shared_access_signature(sas),
            (Some(_), Some(_)) => Err(
                "the connection string has both `AccountKey` and `SharedAccessSignature`: keep only one of them"
                    .to_owned(),
            ),
            (None, None) => Err(
                "the connection string has neither `AccountKey` nor `SharedAccessSignature`: copy all of it again, or put \
                 `;AccountKey=KEY` behind it"
                    .to_owned(),
            ),
        }
    }
}

const NOT_ONE: &str = "it is not a connection string such as `AccountName=…;AccountKey=…`: copy it from the portal (Access keys) \
                       or with `az storage account show-connection-string -o tsv`";
const NEITHER_NAME_NOR_ENDPOINT: &str = "the connection string has neither `AccountName` nor `BlobEndpoint`: copy all of it again, or put \
     `AccountName=ACCOUNT;` before it";

fn account_key(key: &str) -> Result<SignInWith, String> {
    match azure_core::base64::decode(key) {
        Ok(bytes) if !bytes.is_empty() => Ok(SignInWith::Key(Secret::new(key.to_owned()))),
        _ => Err(
            "`AccountKey` of the connection string is not base64: was it copied completely?"
                .to_owned(),
        ),
    }
}

fn shared_access_signature(sas: &str) -> Result<SignInWith, String> {
    let sas = sas.trim_start_matches('?');
    if !sas.split('&').any(|pair| pair.starts_with("sig=")) {
        return Err(
            "`SharedAccessSignature` of the connection string is not a SAS, because it has no `sig=…`: copy all of it again"
                .to_owned(),
        );
    }
    let is_query = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    if !sas.bytes().all(is_query) {
        return Err(
            "`SharedAccessSignature` of the connection string has a character that is not allowed in a SAS, such as a space: copy \
             it again"
                .to_owned(),
        );
    }
    Ok(SignInWith::Sas(Secret::new(with_plus_encoded(sas))))
}

// A signature is base64, where `+` is a digit; in a query the service reads a bare one as a space.
fn with_plus_encoded(sas: &str) -> String {
    let pairs = sas.split('&').map(|pair| match pair.starts_with("sig=") {
        true => pair.replace('+', "%2B"),
        false => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn emulator(yes: &str, proxy: Option<&str>) -> Result<ConnectionString, String> {
    if !yes.eq_ignore_ascii_case("true") {
        return Err(
            "`UseDevelopmentStorage` can only be `true`: write `UseDevelopmentStorage=true`"
                .to_owned(),
        );
    }
    let proxy = proxy.unwrap_or("http://127.0.0.1");
    let endpoint = format!("{}:10000/{EMULATOR_ACCOUNT}", proxy.trim_end_matches('/'));
    Ok(ConnectionString {
        account: EMULATOR_ACCOUNT.to_owned(),
        endpoint: Endpoint::parse(&endpoint).map_err(|problem| {
            format!("`DevelopmentStorageProxyUri` of the connection string is wrong: {problem}")
        })?,
        queues: None,
        proof: SignInWith::Key(Secret::new(EMULATOR_KEY)),
    })
}

// Emulators allow names that Azure does not; a host name's label is all that we need it to be.
fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= 63 && text.bytes().all(plain)
}

// Editors add byte order marks and line ends, people quotes.
fn unwrapped(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim();
    let quoted = ['"', '\''].iter().find_map(|&quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner.trim())
    });
    quoted.unwrap_or(text)
}

#[cfg(test)]
mod tests;
