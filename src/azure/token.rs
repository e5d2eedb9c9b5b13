//! The server's own identity: tokens of Microsoft Entra ID.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use azure_core::{
    Error,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::{ClientOptions, RetryOptions},
};
use azure_identity::{
    AzureCliCredential, ClientAssertionCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use tokio::sync::RwLock;

use super::transport::{Kind, Network};
use crate::text::plain::is_hidden;

/// What tokens are asked for; the same in all clouds.
pub(super) const SCOPE: &str = "https://storage.azure.com/.default";

/// Outside Azure nobody answers at the address of the metadata service, and `az` may wait for a person.
const PATIENCE: Duration = Duration::from_secs(10);

/// The ways to a token, tried in order the first time that one is wanted: workload identity where its
/// federated token is mounted (then no other way is tried), managed identity, Azure CLI. The first
/// that yields one is kept. The client library reads its own environment variables for them.
pub(super) struct TokenChain {
    network: Network,
    kept: RwLock<Option<Arc<dyn TokenCredential>>>,
}

impl TokenChain {
    /// Asks for tokens by way of `network`.
    pub(super) fn new(network: Network) -> Self {
        Self {
            network,
            kept: RwLock::default(),
        }
    }
}

#[async_trait::async_trait]
impl TokenCredential for TokenChain {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        if let Some(credential) = &*self.kept.read().await {
            return credential.get_token(scopes, options).await;
        }
        let mut kept = self.kept.write().await;
        let (credential, token) = first_that_works(&self.network, scopes, options).await?;
        *kept = Some(credential);
        Ok(token)
    }
}

impl fmt::Debug for TokenChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenChain")
    }
}

async fn first_that_works(
    network: &Network,
    scopes: &[&str],
    options: Option<TokenRequestOptions<'_>>,
) -> azure_core::Result<(Arc<dyn TokenCredential>, AccessToken)> {
    let workload = match workload_identity(network) {
        // A pod that is given an identity means that identity; another one would only confuse.
        Ok(credential) => {
            let token = credential
                .get_token(scopes, options)
                .await
                .map_err(|error| {
                    let reason = reason(&error);
                    Error::with_error(
                        ErrorKind::Credential,
                        error,
                        format!("no token through workload identity: {reason}"),
                    )
                })?;
            return Ok((credential, token));
        }
        Err(error) => reason(&error),
    };
    let managed = match attempt(managed_identity(network), scopes, options.clone()).await {
        Ok(found) => return Ok(found),
        Err(reason) => reason,
    };
    let cli = match attempt(azure_cli(), scopes, options).await {
        Ok(found) => return Ok(found),
        Err(reason) => reason,
    };
    Err(Error::with_message(
        ErrorKind::Credential,
        format!(
            "there is no identity to sign in with: name a `credential`, or set up workload identity (workload identity: {workload}; managed identity: {managed}; Azure CLI: {cli})"
        ),
    ))
}

async fn attempt(
    credential: azure_core::Result<Arc<dyn TokenCredential>>,
    scopes: &[&str],
    options: Option<TokenRequestOptions<'_>>,
) -> Result<(Arc<dyn TokenCredential>, AccessToken), String> {
    let credential = credential.map_err(|error| reason(&error))?;
    let token = in_time(credential.get_token(scopes, options)).await?;
    Ok((credential, token))
}

async fn in_time<T>(call: impl Future<Output = azure_core::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(answer) => answer.map_err(|error| reason(&error)),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

fn workload_identity(network: &Network) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let options = WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions {
            client_options: one_try(network)?,
        },
        ..Default::default()
    };
    Ok(WorkloadIdentityCredential::new(Some(options))?)
}

fn managed_identity(network: &Network) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let options = ManagedIdentityCredentialOptions {
        client_options: one_try(network)?,
        ..Default::default()
    };
    Ok(ManagedIdentityCredential::new(Some(options))?)
}

fn azure_cli() -> azure_core::Result<Arc<dyn TokenCredential>> {
    Ok(AzureCliCredential::new(None)?)
}

// When to try again is decided in one place, far above.
fn one_try(network: &Network) -> azure_core::Result<ClientOptions> {
    let transport = network
        .transport(Kind::Tokens)
        .map_err(|problem| Error::with_message(ErrorKind::Credential, problem))?;
    Ok(ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(transport),
        ..Default::default()
    })
}

/// The line that helps. Entra's own (`AADSTS700213: No matching federated identity record …`) says
/// what to set up; what other servers answered is not repeated.
fn reason(error: &Error) -> String {
    let text = error.to_string();
    let line = match text.find("AADSTS") {
        Some(start) => text[start..].lines().next().unwrap_or_default(),
        None if text.contains("request failed:") => "it was refused",
        None => text.lines().next().unwrap_or_default(),
    };
    let line = line.split(" Trace ID:").next().unwrap_or_default();
    let plain = line.chars().filter(|character| !is_hidden(*character));
    plain.take(240).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_helps_is_kept_and_bodies_are_not() {
        let of = |text: &'static str| reason(&Error::with_message(ErrorKind::Credential, text));
        assert_eq!(
            of(
                "WorkloadIdentityCredential authentication failed. AADSTS700213: No matching record. Trace ID: 1\nTo troubleshoot"
            ),
            "AADSTS700213: No matching record."
        );
        assert_eq!(
            of("x failed. The request failed: <html>secret</html>"),
            "it was refused"
        );
        assert_eq!(
            of("Azure CLI not found on path\nTo troubleshoot"),
            "Azure CLI not found on path"
        );
    }
}
