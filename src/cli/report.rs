//! What a command says of what it looked at: a line a step, and what to do about it.

use std::{io, process::ExitCode};

use crate::{ports::error::StorageErrorKind, text::plain::Plain};

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Ok,
    Warn,
    Fail,
    Skip,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
            Self::Skip => "skip",
        }
    }
}

/// One step.
#[derive(Debug, Clone)]
pub(super) struct Step {
    mark: Outcome,
    name: &'static str,
    text: String,
    advice: Option<String>,
}

impl Step {
    pub(super) fn ok(name: &'static str, text: String) -> Self {
        Self::new(Outcome::Ok, name, text, None)
    }

    pub(super) fn skip(name: &'static str, why: &str) -> Self {
        Self::new(Outcome::Skip, name, why.to_owned(), None)
    }

    pub(super) fn warn(name: &'static str, text: String, advice: impl Into<String>) -> Self {
        Self::new(Outcome::Warn, name, text, Some(advice.into()))
    }

    pub(super) fn fail(name: &'static str, text: String, advice: impl Into<String>) -> Self {
        Self::new(Outcome::Fail, name, text, Some(advice.into()))
    }

    /// Whether nothing is wrong.
    pub(super) fn is_ok(&self) -> bool {
        self.mark == Outcome::Ok
    }

    /// As data: the mark, the name, the text and what to do about it.
    pub(super) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "mark": self.mark.word().to_lowercase(),
            "step": self.name,
            "text": self.text,
            "advice": self.advice,
        })
    }

    fn new(mark: Outcome, name: &'static str, text: String, advice: Option<String>) -> Self {
        Self {
            mark,
            name,
            text,
            advice,
        }
    }
}

/// Prints steps as they come and remembers whether one failed.
pub(super) struct Report<W> {
    out: W,
    failed: bool,
}

impl<W: io::Write> Report<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, failed: false }
    }

    pub(super) fn add(&mut self, step: Step) -> io::Result<()> {
        let mark = step.mark.word();
        self.failed |= step.mark == Outcome::Fail;
        let text = Plain(&step.text);
        writeln!(self.out, "{mark:<4} {:<8} {text}", step.name)?;
        if let Some(advice) = step.advice {
            writeln!(self.out, "              {}", Plain(&advice))?;
        }
        self.out.flush()
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        if self.failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }

    #[cfg(test)]
    pub(super) fn into_parts(self) -> (W, bool) {
        (self.out, self.failed)
    }
}

/// What to do about a storage account's answer.
pub(super) fn storage_advice(kind: StorageErrorKind, role: &str, container: &str) -> String {
    match kind {
        StorageErrorKind::Transient | StorageErrorKind::StaleContinuation => {
            "see whether this machine reaches the endpoint (DNS, proxy, firewall), and try again".to_owned()
        }
        StorageErrorKind::Unauthenticated => {
            "see whether the key or SAS is still valid, or the workload identity is set up, and the clock is right".to_owned()
        }
        StorageErrorKind::Forbidden => format!(
            "see whether the key or SAS in the credential is right and the SAS has its permissions; an identity \
             needs the role {role} on the {container}; let this machine through the account's firewall"
        ),
        StorageErrorKind::NotFound => {
            format!("create the {container}, or correct its name or the account's")
        }
        StorageErrorKind::UnknownHost => {
            "correct the account's name or the endpoint, or see whether this machine resolves names".to_owned()
        }
        StorageErrorKind::Untrusted => {
            "see who answers there: `openssl s_client -connect HOST:443` shows its certificate and who signed it".to_owned()
        }
        StorageErrorKind::Protocol => {
            "see whether the endpoint is that of the blob service and no proxy answers instead".to_owned()
        }
        StorageErrorKind::Rejected => "see what the service says about the request above".to_owned(),
    }
}
