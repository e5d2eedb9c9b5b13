//! Compressed files, told by their first bytes: they are unpacked while they are read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Seek};
use std::path::Path;

use anyhow::{Context, Result};
use flate2::bufread::GzDecoder;
use zstd::Decoder;

use super::detect::fill;

/// How large a file may become in any case, and how many times its size in all others: tables do not shrink so
/// much, and a file that does may have been made to fill a disk.
const SIZE: u64 = 256 * 1024 * 1024;
const TIMES: u64 = 200;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    pub(super) fn of(path: &Path) -> Result<Self> {
        Ok(parts(path)?.1)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Packing::None => "",
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
        }
    }
}

/// Begins to read a file, unpacked.
pub(super) fn opened(path: &Path) -> Result<Box<dyn Read>> {
    let (file, packing) = parts(path)?;
    let limit = file.metadata()?.len().saturating_mul(TIMES).max(SIZE);
    let inner: Box<dyn Read> = match packing {
        Packing::None => return Ok(Box::new(file)),
        Packing::Gzip => Box::new(Members::of(BufReader::new(file))),
        Packing::Zstd => Box::new(Decoder::new(file)?),
    };
    Ok(Box::new(Unpacked {
        inner,
        packing,
        limit,
        count: 0,
    }))
}

fn parts(path: &Path) -> Result<(File, Packing)> {
    let named = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(named)?;
    let mut head = [0; 4];
    let held = fill(&mut file, &mut head).with_context(named)?;
    file.rewind().with_context(named)?;
    let packing = match head[..held] {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        // The second is a frame that is skipped, with which some programs begin.
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Packing::Zstd,
        _ => Packing::None,
    };
    Ok((file, packing))
}

/// What is in the members of a gzip file, one after the other. As for gzip, zeros behind the last one are nothing: tapes
/// and some programs fill a block with them.
struct Members<R> {
    /// Nothing at the end.
    decoder: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn of(inner: R) -> Self {
        Members {
            decoder: Some(GzDecoder::new(inner)),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            if let Some(decoder) = self.decoder.take() {
                let mut rest = decoder.into_inner();
                let has_more = !is_padding(&mut rest)?;
                self.decoder = has_more.then(|| GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Skips zeros, and tells whether nothing follows.
fn is_padding(rest: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let held = rest.fill_buf()?;
        if held.is_empty() {
            return Ok(true);
        }
        let zeros = held.iter().take_while(|byte| **byte == 0).count();
        let is_end = zeros < held.len();
        rest.consume(zeros);
        if is_end {
            return Ok(false);
        }
    }
}

/// What comes out of a compressed file, with errors that say what to do.
struct Unpacked {
    inner: Box<dyn Read>,
    packing: Packing,
    limit: u64,
    count: u64,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let name = self.packing.name();
        let count = self.inner.read(buffer).map_err(|error| {
            Error::other(match error.kind() {
                ErrorKind::UnexpectedEof => {
                    format!("the file is cut off within its {name} data: store it again")
                }
                _ => format!("its {name} data cannot be unpacked ({error}): store it again"),
            })
        })?;
        self.count += count as u64;
        if self.count > self.limit {
            return Err(Error::other(format!(
                "its {name} data becomes more than {} MiB, and {TIMES} times its size: no table shrinks so much, so look \
                 at the file, and unpack it if it is right",
                self.limit / (1024 * 1024)
            )));
        }
        Ok(count)
    }
}
