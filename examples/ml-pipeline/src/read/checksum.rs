//! The SHA-256 of a dataset, by which people can tell later which data a model is from.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The checksum of a file, as `sha256sum` prints it; of several files, that of such lines with their names.
///
/// # Errors
///
/// If a file cannot be read.
pub(super) fn checksum<'a>(paths: impl ExactSizeIterator<Item = &'a Path>) -> Result<String> {
    let is_one = paths.len() == 1;
    let mut all = Sha256::new();
    for path in paths {
        let sum = of_file(path)?;
        if is_one {
            return Ok(sum);
        }
        all.update(format!("{sum}  {}\n", super::text::name(path)));
    }
    Ok(hex(&all.finalize()))
}

fn of_file(path: &Path) -> Result<String> {
    let named = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(named)?;
    let mut sum = Sha256::new();
    io::copy(&mut file, &mut HashWriter(&mut sum)).with_context(named)?;
    Ok(hex(&sum.finalize()))
}

struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails so")]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_the_sum_that_people_know() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("a"), "abc").unwrap();
        std::fs::write(path("b"), "").unwrap();
        let (a, b) = (path("a"), path("b"));
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(checksum([a.as_path()].into_iter()).unwrap(), abc);
        let both = checksum([a.as_path(), &b].into_iter()).unwrap();
        assert_ne!(both, abc);
        assert_ne!(both, checksum([b.as_path(), &a].into_iter()).unwrap());
    }
}
