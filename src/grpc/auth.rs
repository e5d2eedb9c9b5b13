//! The bearer tokens that clients must present.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use thiserror::Error;
use tonic::{Request, Status, metadata::MetadataMap, service::Interceptor};
use tracing::error;

use super::tokens::{Sources, Tokens};
use crate::listener::connections::Connection;

/// Lets a request pass when it bears a token of the file; without a file, any request. The request
/// gets the token's [`Sources`] as an extension.
///
/// The file is read at each request, of which there is one a stream: a token that is rotated is
/// valid at once, and the old one is not. It is small and mounted, so the read does not block.
#[derive(Debug, Clone)]
pub struct BearerAuth {
    file: Option<PathBuf>,
}

/// Why there is no token to compare with.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the token file {0} cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    /// The file holds no token.
    #[error("the token file {0} is empty")]
    Empty(PathBuf),
    /// The file makes no sense.
    #[error("the token file {0} cannot be used: {1}")]
    Invalid(PathBuf, String),
}

impl BearerAuth {
    /// Reads the file once, so that a mistake shows at the start.
    pub fn new(file: Option<PathBuf>) -> Result<Self, TokenError> {
        if let Some(file) = &file {
            read_tokens(file)?;
        }
        Ok(Self { file })
    }

    fn check(&self, metadata: &MetadataMap) -> Result<Sources, Status> {
        let Some(file) = &self.file else {
            return Ok(Sources::All);
        };
        // First, so that a request without a token opens no file.
        let given = bearer(metadata).ok_or_else(|| {
            Status::unauthenticated(
                "this server wants a bearer token: set `authSecret` of the EventSource, or the \
                 metadata `authorization: Bearer <token>`",
            )
        })?;
        let tokens = read_tokens(file).map_err(|problem| {
            error!(%problem, "no request can be accepted");
            Status::unavailable("the server cannot read its bearer token; its log says why")
        })?;
        tokens.find(given).cloned().ok_or_else(|| Status::unauthenticated(
            "this server does not know the bearer token: compare the EventSource's `authSecret` with the server's token",
        ))
    }
}

impl Interceptor for BearerAuth {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let sources = self.check(request.metadata()).inspect_err(|status| {
            if let Some(connection) = request.extensions().get::<Arc<Connection>>() {
                connection.refused(status.message());
            }
        })?;
        request.extensions_mut().insert(sources);
        Ok(request)
    }
}

/// The one token in a client's file.
pub fn read_token(file: &Path) -> Result<String, TokenError> {
    let tokens = read_tokens(file)?;
    tokens.only().map(str::to_owned).ok_or_else(|| {
        let problem = "it holds several tokens; a client's file holds only its own".to_owned();
        TokenError::Invalid(file.to_owned(), problem)
    })
}

fn read_tokens(file: &Path) -> Result<Tokens, TokenError> {
    let text =
        fs::read_to_string(file).map_err(|error| TokenError::Unreadable(file.to_owned(), error))?;
    let tokens = Tokens::parse(&text);
    let tokens = tokens.map_err(|problem| TokenError::Invalid(file.to_owned(), problem))?;
    match tokens.is_empty() {
        true => Err(TokenError::Empty(file.to_owned())),
        false => Ok(tokens),
    }
}

// The scheme's name has no case (RFC 9110, section 11.1).
fn bearer(metadata: &MetadataMap) -> Option<&str> {
    let value = metadata.get("authorization")?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use tonic::Code;

    use super::*;

    fn ask(auth: &BearerAuth, header: Option<&str>) -> Result<(), Status> {
        let mut request = Request::new(());
        if let Some(header) = header {
            let value = header.parse().unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        auth.clone().call(request).map(drop)
    }

    fn code(result: Result<(), Status>) -> Code {
        result.map_or_else(|status| status.code(), |()| Code::Ok)
    }

    #[test]
    fn the_right_token_passes_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "s3cret\n").unwrap();
        let auth = BearerAuth::new(Some(file)).unwrap();
        assert_eq!(code(ask(&auth, Some("Bearer s3cret"))), Code::Ok);
        assert_eq!(code(ask(&auth, Some("bearer s3cret"))), Code::Ok);
        for wrong in [
            "Bearer s3cre",
            "Bearer s3cret2",
            "Bearer ",
            "Basic s3cret",
            "s3cret",
        ] {
            assert_eq!(
                code(ask(&auth, Some(wrong))),
                Code::Unauthenticated,
                "{wrong}"
            );
        }
        let status = ask(&auth, None).unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert!(status.message().contains("authSecret"));
    }

    #[test]
    fn a_rotated_token_is_valid_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "old").unwrap();
        let auth = BearerAuth::new(Some(file.clone())).unwrap();
        fs::write(&file, "new").unwrap();
        assert_eq!(code(ask(&auth, Some("Bearer old"))), Code::Unauthenticated);
        assert_eq!(code(ask(&auth, Some("Bearer new"))), Code::Ok);
    }

    #[test]
    fn a_token_that_is_lost_lets_nobody_in() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "old").unwrap();
        let auth = BearerAuth::new(Some(file.clone())).unwrap();
        fs::write(&file, " \n").unwrap();
        assert_eq!(code(ask(&auth, Some("Bearer "))), Code::Unavailable);
        fs::remove_file(&file).unwrap();
        let status = ask(&auth, Some("Bearer old")).unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(!status.message().contains("token\""));
    }

    #[test]
    fn a_mistake_shows_at_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        let error = BearerAuth::new(Some(file.clone())).unwrap_err();
        assert!(error.to_string().contains("cannot be read"));
        fs::write(&file, "\n").unwrap();
        let error = BearerAuth::new(Some(file)).unwrap_err();
        assert!(error.to_string().contains("is empty"));
    }

    #[test]
    fn the_request_gets_what_its_token_may_stream() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "one datasets\ntwo\n").unwrap();
        let mut auth = BearerAuth::new(Some(file.clone())).unwrap();
        let mut sources = |token: &str| {
            let mut request = Request::new(());
            let value = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", value);
            let passed = auth.call(request).unwrap();
            passed.extensions().get::<Sources>().cloned().unwrap()
        };
        assert!(sources("one").allow("datasets") && !sources("one").allow("models"));
        assert_eq!(sources("two"), Sources::All);
        let error = read_token(&file).unwrap_err().to_string();
        assert!(error.contains("holds only its own"), "{error}");
    }

    #[test]
    fn a_wrong_line_shows_at_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "good\ns3cret Not_a_source\n").unwrap();
        let error = BearerAuth::new(Some(file)).unwrap_err().to_string();
        assert!(
            error.contains("cannot be used: line 2 names sources"),
            "{error}"
        );
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn without_a_file_everybody_passes() {
        let auth = BearerAuth::new(None).unwrap();
        assert_eq!(code(ask(&auth, None)), Code::Ok);
    }
}
