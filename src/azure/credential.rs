//! Credential files: what the server's operator mounted, one connection string a file.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use time::OffsetDateTime;

use super::connection_string::ConnectionString;
use crate::{ports::connect::ConnectError, text::encoding::is_utf16};

/// Far longer than any connection string.
const LONGEST: u64 = 64 * 1024;

/// A file in the credentials directory. It is read again whenever the service refuses what it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CredentialFile {
    path: PathBuf,
    name: String,
}

impl CredentialFile {
    /// The file called `name` in `dir`.
    ///
    /// # Errors
    /// A sentence when the name could lead out of the directory. The configuration refuses such names
    /// already; this is the last door before the file system.
    pub(super) fn new(dir: &Path, name: &str) -> Result<Self, String> {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty()
            || name.len() > 253
            || name.starts_with('.')
            || name.contains("..")
            || !name.bytes().all(harmless)
        {
            return Err(
                "a credential is the name of a file in the credentials directory".to_owned(),
            );
        }
        Ok(Self {
            path: dir.join(name),
            name: name.to_owned(),
        })
    }

    /// Its name, which a configuration gives.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What the file holds now.
    ///
    /// # Errors
    /// A sentence that names the file and holds nothing of its content.
    pub(super) fn read(&self) -> Result<ConnectionString, ConnectError> {
        let name = &self.name;
        let bytes = self.bytes().map_err(|error| self.unreadable(&error))?;
        text(&bytes)
            .and_then(ConnectionString::parse)
            .and_then(in_date)
            .map_err(|problem| {
                ConnectError::Credential(format!(
                    "credential: the file `{name}` cannot be used: {problem}"
                ))
            })
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.path)?
            .take(LONGEST)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    // The directory is looked at first: when it is not there, no file is.
    fn unreadable(&self, error: &io::Error) -> ConnectError {
        let dir = self.path.parent().unwrap_or(Path::new("/"));
        if let Err(problem) = look_into(dir) {
            return ConnectError::Credential(format!("credential: {problem}"));
        }
        let name = &self.name;
        let problem = match error.kind() {
            ErrorKind::NotFound => {
                return ConnectError::NoCredential(format!(
                    "credential: there is no file `{name}` in the server's credentials directory; mount it there, or \
                     correct the name"
                ));
            }
            ErrorKind::PermissionDenied => format!(
                "this server is not allowed to read the file `{name}`: give its user the permission \
                 (for a mounted Secret: `defaultMode`, and `fsGroup` of the pod)"
            ),
            ErrorKind::IsADirectory => format!(
                "`{name}` is a directory, and must be a file: mount the Secret's key as this file"
            ),
            _ => format!("the file `{name}` cannot be read: {error}"),
        };
        ConnectError::Credential(format!("credential: {problem}"))
    }
}

/// What was read, unless its SAS says itself that the service refuses it: the service does not say why.
///
/// # Errors
/// A sentence that names the moment.
pub(super) fn in_date(content: ConnectionString) -> Result<ConnectionString, String> {
    match content.out_of_date(OffsetDateTime::now_utc()) {
        Some(problem) => Err(problem),
        None => Ok(content),
    }
}

/// Whether a directory of credentials is there and can be looked into.
///
/// # Errors
/// A sentence that names it and says what to do.
pub(super) fn look_into(dir: &Path) -> Result<(), String> {
    fs::read_dir(dir)
        .map(drop)
        .map_err(|error| closed(dir, &error))
}

fn closed(dir: &Path, error: &io::Error) -> String {
    let shown = dir.display();
    match error.kind() {
        ErrorKind::NotFound => format!(
            "the credentials directory {shown} (`--credentials-dir`) does not exist: mount the credentials there, or \
             correct the option"
        ),
        ErrorKind::NotADirectory => format!(
            "the credentials directory {shown} (`--credentials-dir`) is a file: give the directory of the file"
        ),
        ErrorKind::PermissionDenied => format!(
            "this server is not allowed to read the credentials directory {shown} \
             (`--credentials-dir`): give its user the permission to read and enter it"
        ),
        _ => format!(
            "the credentials directory {shown} (`--credentials-dir`) cannot be read: {error}"
        ),
    }
}

/// The text of a file that holds a secret.
///
/// # Errors
/// A sentence that says what it holds instead of text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, String> {
    if is_utf16(bytes) {
        return Err(
            "it is text in UTF-16, as `>` of Windows PowerShell writes it: write it in UTF-8 \
             (`Set-Content -NoNewline -Encoding ascii`)"
                .to_owned(),
        );
    }
    std::str::from_utf8(bytes).map_err(|_| {
        "it is not UTF-8 text: the wrong file was mounted, or it was saved in another encoding"
            .to_owned()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_directory() {
        for name in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "/etc/passwd",
            "a\\b",
            ".hidden",
            "..data",
            "a\0b",
            "a..b",
        ] {
            assert!(
                CredentialFile::new(Path::new("/creds"), name).is_err(),
                "{name}"
            );
        }
        assert!(CredentialFile::new(Path::new("/creds"), "azure-storage.txt").is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_without_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let file = CredentialFile::new(dir.path(), "azure").unwrap();
        let missing = file.read().unwrap_err();
        assert!(
            matches!(&missing, ConnectError::NoCredential(it) if it.contains("there is no file `azure`")),
            "{missing}"
        );
        std::fs::write(dir.path().join("azure"), "hunter2").unwrap();
        let problem = file.read().unwrap_err().to_string();
        assert!(
            problem.contains("`azure`") && !problem.contains("hunter2"),
            "{problem}"
        );
        std::fs::write(
            dir.path().join("azure"),
            "AccountName=a;AccountKey=c2VjcmV0\n",
        )
        .unwrap();
        assert_eq!(file.read().unwrap().account, "a");
        let sas = |end: &str| format!("AccountName=a;SharedAccessSignature=sv=1&se={end}&sig=x");
        std::fs::write(dir.path().join("azure"), sas("2024-01-01T00:00:00Z")).unwrap();
        assert_eq!(
            file.read().unwrap_err().to_string(),
            "credential: the file `azure` cannot be used: its SAS expired on 2024-01-01T00:00:00Z: make a new SAS, and write it \
             into the file"
        );
        std::fs::write(dir.path().join("azure"), sas("9999-01-01")).unwrap();
        assert!(file.read().is_ok());
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn what_is_no_text_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = CredentialFile::new(dir.path(), "azure").unwrap();
        let string = "AccountName=a;AccountKey=c2VjcmV0";
        let marked = format!("\u{feff}{string}\r\n");
        for (bytes, named) in [
            (utf16(&marked, u16::to_le_bytes), "UTF-16"),
            (utf16(&marked, u16::to_be_bytes), "UTF-16"),
            (utf16(string, u16::to_le_bytes), "UTF-16"),
            (utf16(string, u16::to_be_bytes), "UTF-16"),
            (b"AccountName=\xe9".to_vec(), "not UTF-8 text"),
            (vec![0x1f, 0x8b, 8, 0, 0xff], "not UTF-8 text"),
            (Vec::new(), "it is empty"),
            (b" \r\n".to_vec(), "it is empty"),
        ] {
            std::fs::write(dir.path().join("azure"), &bytes).unwrap();
            let problem = file.read().unwrap_err().to_string();
            assert!(problem.contains(named), "{bytes:?}: {problem}");
            assert!(problem.starts_with("credential: the file `azure` cannot be used: "));
        }
    }

    #[test]
    fn a_directory_that_is_missing_or_a_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let of = |path: &Path| {
            CredentialFile::new(path, "azure")
                .unwrap()
                .read()
                .unwrap_err()
                .to_string()
        };
        let missing = dir.path().join("nosuch");
        let problem = of(&missing);
        let words = format!(
            "the credentials directory {} (`--credentials-dir`) does not exist",
            missing.display()
        );
        assert!(problem.contains(&words), "{problem}");
        let plain = dir.path().join("plain");
        std::fs::write(&plain, "x").unwrap();
        assert!(of(&plain).contains("is a file"));
        std::fs::create_dir(dir.path().join("azure")).unwrap();
        let problem = of(dir.path());
        assert!(
            problem.contains("`azure` is a directory, and must be a file"),
            "{problem}"
        );
        assert_eq!(look_into(dir.path()), Ok(()));
    }

    #[test]
    fn what_may_not_be_read_is_told_from_what_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        let file = CredentialFile::new(dir.path(), "azure").unwrap();
        let problem = file.unreadable(&denied).to_string();
        assert!(
            problem.contains("this server is not allowed to read the file"),
            "{problem}"
        );
        let problem = closed(dir.path(), &denied);
        assert!(
            problem.contains("is not allowed to read the credentials directory"),
            "{problem}"
        );
    }
}
