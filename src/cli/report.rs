//! What a command says of what it looked at: a line a step, and what to do about it.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::builder::styling::{AnsiColor, Style};
use serde_json::{Value, json};

use super::{args::Output, colours::has_colours, data};
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

    fn style(self) -> Style {
        match self {
            Self::Ok => AnsiColor::Green.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default().bold(),
            Self::Fail => AnsiColor::Red.on_default().bold(),
            Self::Skip => Style::new().dimmed(),
        }
    }
}

/// Advice, where there is any beyond the text.
fn said(advice: impl Into<String>) -> Option<String> {
    Some(advice.into()).filter(|it| !it.is_empty())
}

/// One step.
#[derive(Debug, Clone)]
pub(super) struct Step {
    mark: Outcome,
    name: &'static str,
    text: String,
    /// What can be typed, one of them.
    choices: Vec<String>,
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
        Self::new(Outcome::Warn, name, text, said(advice))
    }

    pub(super) fn fail(name: &'static str, text: String, advice: impl Into<String>) -> Self {
        Self::new(Outcome::Fail, name, text, said(advice))
    }

    /// The step with what can be typed, one of which is to be chosen.
    pub(super) fn with_choices(self, choices: Vec<String>) -> Self {
        Self { choices, ..self }
    }

    /// Whether nothing is wrong.
    pub(super) fn is_ok(&self) -> bool {
        self.mark == Outcome::Ok
    }

    /// As data: the mark, the name, the text, what to do about it, and from what to choose where there is a choice.
    pub(super) fn to_json(&self) -> Value {
        let mut step = json!({
            "mark": self.mark.word().to_lowercase(),
            "step": self.name,
            "text": self.text,
            "advice": self.advice,
        });
        if !self.choices.is_empty() {
            step["choices"] = json!(self.choices);
        }
        step
    }

    fn new(mark: Outcome, name: &'static str, text: String, advice: Option<String>) -> Self {
        Self {
            mark,
            name,
            text,
            choices: Vec::new(),
            advice,
        }
    }
}

/// Prints steps as they come and remembers whether one failed.
pub(super) struct Report<W> {
    out: W,
    output: Output,
    has_colours: bool,
    steps: Vec<Value>,
    warnings: usize,
    failed: bool,
}

impl Report<io::Stdout> {
    /// A report on stdout, with colours if that is a terminal.
    pub(super) fn on_stdout(output: Output) -> Self {
        let out = io::stdout();
        Self {
            has_colours: has_colours(out.is_terminal()),
            output,
            ..Self::new(out)
        }
    }
}

impl<W: io::Write> Report<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            output: Output::Table,
            has_colours: false,
            steps: Vec::new(),
            warnings: 0,
            failed: false,
        }
    }

    pub(super) fn add(&mut self, step: Step) -> io::Result<()> {
        self.failed |= step.mark == Outcome::Fail;
        self.warnings += usize::from(step.mark == Outcome::Warn);
        if self.output != Output::Table {
            self.steps.push(step.to_json());
            return Ok(());
        }
        let mark = format!("{:<4}", step.mark.word());
        let text = Plain(&step.text);
        match self.has_colours.then(|| step.mark.style()) {
            Some(style) => write!(self.out, "{style}{mark}{style:#}")?,
            None => write!(self.out, "{mark}")?,
        }
        writeln!(self.out, " {:<8} {text}", step.name)?;
        for line in step.choices.iter().chain(&step.advice) {
            writeln!(self.out, "              {}", Plain(line))?;
        }
        self.out.flush()
    }

    /// Prints all steps, where they are not printed as they come.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        match self.output {
            Output::Table => Ok(()),
            output => {
                let all =
                    json!({"ok": !self.failed, "warnings": self.warnings, "steps": self.steps});
                data::print(&all, output)
            }
        }
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
            "check whether this machine reaches the endpoint (DNS, proxy, firewall), and try again".to_owned()
        }
        StorageErrorKind::Unauthenticated => {
            "check whether the key or SAS is still valid, or the workload identity is set up, and the clock is right".to_owned()
        }
        StorageErrorKind::Forbidden => format!(
            "check whether the key or SAS in the credential is right and the SAS has its permissions; an identity \
             needs the role {role} on the {container}; allow this machine in the account's firewall"
        ),
        StorageErrorKind::NotFound => {
            format!("create the {container}, or correct its name or the account's")
        }
        StorageErrorKind::UnknownHost => {
            "correct the account's name or the endpoint, or check whether this machine resolves names".to_owned()
        }
        StorageErrorKind::Untrusted => {
            "check which server answers there: `openssl s_client -connect HOST:443` shows its certificate and who signed it".to_owned()
        }
        StorageErrorKind::Protocol => {
            "check whether the endpoint is that of the blob service and no proxy answers instead".to_owned()
        }
        StorageErrorKind::Rejected => "see what the service says about the request above".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn printed(has_colours: bool) -> String {
        let mut report = Report {
            has_colours,
            ..Report::new(Vec::new())
        };
        report
            .add(Step::fail("list", "no".to_owned(), "do"))
            .unwrap();
        String::from_utf8(report.into_parts().0).unwrap()
    }

    #[test]
    fn only_the_mark_has_a_colour() {
        let plain = "FAIL list     no\n              do\n";
        assert_eq!(printed(false), plain);
        let coloured = printed(true);
        assert!(coloured.starts_with("\u{1b}["), "{coloured:?}");
        let end = "FAIL\u{1b}[0m list     no\n              do\n";
        assert!(coloured.ends_with(end), "{coloured:?}");
    }
}
