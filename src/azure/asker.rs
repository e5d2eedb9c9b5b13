//! Who says where an account is. Messages name what that has: keys of a configuration, or options of a command.

/// A configuration, or a command line without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// An event source's, or that of a command with `--config`.
    Configuration,
    /// That of `fetch`.
    CommandLine,
}

impl Asker {
    /// What to give so that no token is needed.
    pub(super) fn other_proof(self) -> &'static str {
        match self {
            Self::Configuration => "name a `credential`",
            Self::CommandLine => "give `--key-file`",
        }
    }

    /// Who sends no token, and what allows it to send one to this host.
    pub(super) fn refusal(self, host: &str) -> String {
        match self {
            Self::Configuration => format!(
                "this server does not send its own token to `{host}`: name a `credential`, or ask the server's operator for \
                 `--allow-endpoint {host}`"
            ),
            Self::CommandLine => format!(
                "no token is sent to `{host}`, which is not one of Azure's own hosts: give `--key-file`, or `--allow-endpoint {host}`"
            ),
        }
    }

    /// Where the container goes that stands in a URL.
    pub(super) fn container(self) -> &'static str {
        match self {
            Self::Configuration => "`container`",
            Self::CommandLine => "`--container`",
        }
    }
}

#[cfg(test)]
mod tests;
