//! Signing in: one policy for every call, whatever proves who we are.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use azure_core::credentials::Secret;
use azure_core::http::{
    Context, Request, StatusCode,
    policies::{Policy, PolicyResult, auth::BearerTokenAuthorizationPolicy},
};

use super::{
    connection_string::{ConnectionString, SignInWith},
    credential::CredentialFile,
    shared_key::SharedKey,
    token::{SCOPE, TokenChain},
    transport::Network,
};

/// A policy that authorizes each try by key, SAS or token.
///
/// After 401 or 403 the credential file is read again, and when it holds something else, the request
/// is made once more with that: a rotated key needs no restart.
pub(super) struct SignIn {
    current: RwLock<Current>,
    file: Option<CredentialFile>,
}

#[derive(Clone)]
struct Current {
    from: Option<ConnectionString>,
    signer: Arc<dyn Policy>,
}

impl SignIn {
    /// Signs in with what `file` held when it was read.
    pub(super) fn with_file(file: CredentialFile, content: ConnectionString) -> Self {
        Self {
            current: RwLock::new(Current::from(content)),
            file: Some(file),
        }
    }

    /// Signs in with what somebody read, and never reads it again.
    pub(super) fn with(content: ConnectionString) -> Self {
        Self {
            current: RwLock::new(Current::from(content)),
            file: None,
        }
    }

    /// Signs in with the server's own identity.
    pub(super) fn with_own_identity(network: &Network) -> Self {
        let tokens = Arc::new(TokenChain::new(network.clone()));
        Self {
            current: RwLock::new(Current {
                from: None,
                signer: Arc::new(BearerTokenAuthorizationPolicy::new(tokens, [SCOPE])),
            }),
            file: None,
        }
    }

    fn current(&self) -> Current {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What the file holds now, if that is not what was just `refused` and is meant for the same
    /// endpoint: a credential never goes anywhere but to its own.
    fn reread(&self, refused: &Current) -> Option<Current> {
        let file = self.file.as_ref()?;
        let (old, new) = (refused.from.as_ref()?, file.read().ok()?);
        if new == *old || new.endpoint != old.endpoint || new.queues != old.queues {
            return None;
        }
        let fresh = Current::from(new);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        tracing::info!(
            credential = file.name(),
            "the credential changed and was read again"
        );
        Some(fresh)
    }
}

impl From<ConnectionString> for Current {
    fn from(content: ConnectionString) -> Self {
        let signer: Arc<dyn Policy> = match &content.proof {
            SignInWith::Key(key) => Arc::new(SharedKey::new(content.account.clone(), key.clone())),
            SignInWith::Sas(sas) => Arc::new(SharedAccessSignature(sas.clone())),
        };
        Self {
            from: Some(content),
            signer,
        }
    }
}

#[async_trait::async_trait]
impl Policy for SignIn {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let plain_url = request.url().clone();
        let current = self.current();
        let answer = current.signer.send(ctx, request, next).await?;
        if !matches!(
            answer.status(),
            StatusCode::Unauthorized | StatusCode::Forbidden
        ) {
            return Ok(answer);
        }
        let Some(fresh) = self.reread(&current) else {
            return Ok(answer);
        };
        *request.url_mut() = plain_url;
        request.body_mut().reset().await?;
        fresh.signer.send(ctx, request, next).await
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("signer", &self.current().signer)
            .finish()
    }
}

/// Adds a shared access signature to the query of each try.
struct SharedAccessSignature(Secret);

#[async_trait::async_trait]
impl Policy for SharedAccessSignature {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let query = match request.url().query().filter(|query| !query.is_empty()) {
            Some(query) => format!("{query}&{}", self.0.secret()),
            None => self.0.secret().to_owned(),
        };
        request.url_mut().set_query(Some(&query));
        next[0].send(ctx, request, &next[1..]).await
    }
}

impl fmt::Debug for SharedAccessSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedAccessSignature(***)")
    }
}
