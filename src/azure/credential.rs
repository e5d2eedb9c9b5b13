//! Credential files: what the server's operator mounted, one connection string a file.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::connection_string::ConnectionString;

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
    pub(super) fn read(&self) -> Result<ConnectionString, String> {
        let name = &self.name;
        let text = self.text().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!(
                    "credential: there is no file `{name}` in the server's credentials directory; mount it there, or correct the name"
                )
            }
            kind => format!("credential: the file `{name}` cannot be read: {kind}"),
        })?;
        ConnectionString::parse(&text)
            .map_err(|problem| format!("credential: the file `{name}` cannot be used: {problem}"))
    }

    fn text(&self) -> std::io::Result<String> {
        let mut text = String::new();
        File::open(&self.path)?
            .take(LONGEST)
            .read_to_string(&mut text)?;
        Ok(text)
    }
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
        assert!(
            file.read()
                .unwrap_err()
                .contains("there is no file `azure`")
        );
        std::fs::write(dir.path().join("azure"), "hunter2").unwrap();
        let problem = file.read().unwrap_err();
        assert!(
            problem.contains("`azure`") && !problem.contains("hunter2"),
            "{problem}"
        );
        std::fs::write(dir.path().join("azure"), [0xff, 0xfe]).unwrap();
        assert!(file.read().unwrap_err().contains("cannot be read"));
        std::fs::write(
            dir.path().join("azure"),
            "AccountName=a;AccountKey=c2VjcmV0\n",
        )
        .unwrap();
        assert_eq!(file.read().unwrap().account, "a");
    }
}
