//! The program as people run it, in a directory of its own.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod table;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A directory with a file `data.csv`, or a directory `data`, which are gone with it.
pub(crate) struct Case {
    dir: tempfile::TempDir,
    data: &'static str,
    /// The time that its runs are told, in seconds since 1970.
    epoch: Option<&'static str>,
}

/// What a run of the program said.
pub(crate) struct Said {
    /// Whether it succeeded.
    pub(crate) ok: bool,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

impl Case {
    /// With some bytes as the data.
    pub(crate) fn new(data: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("data.csv"), data).unwrap();
        Case {
            dir,
            data: "data.csv",
            epoch: None,
        }
    }

    /// Runs from now on are told this time, in seconds since 1970.
    pub(crate) fn at(mut self, epoch: &'static str) -> Self {
        self.epoch = Some(epoch);
        self
    }

    /// With a directory of files.
    pub(crate) fn folder(files: &[(&str, impl AsRef<[u8]>)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        for (name, data) in files {
            fs::write(dir.path().join("data").join(name), data).unwrap();
        }
        Case {
            dir,
            data: "data",
            epoch: None,
        }
    }

    /// A file in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What is in a file of the directory `out`.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path("out").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A JSON file of the directory `out`.
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// Runs the program in the directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let program = env!("CARGO_BIN_EXE_ml-pipeline");
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(program)
            .current_dir(self.dir.path())
            .args(arguments)
            .envs(self.epoch.map(|epoch| ("SOURCE_DATE_EPOCH", epoch)))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(stdout), text(stderr));
        assert!(!err.contains("panicked"), "{err}");
        Said {
            ok: status.success(),
            out,
            err,
        }
    }

    /// Runs the first step, which must succeed, and returns what it found.
    pub(crate) fn preprocess(&self, arguments: &[&str]) -> serde_json::Value {
        let said = self.run(&[&["preprocess", self.data, "--out", "out"], arguments].concat());
        assert!(said.ok, "{}", said.err);
        self.json("schema.json")
    }

    /// Runs the first step, which must fail with one line, and returns that.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let said = self.run(&[&["preprocess", self.data, "--out", "out"], arguments].concat());
        assert!(!said.ok, "{}", said.err);
        let mut lines = said.err.lines();
        let line = lines.next().unwrap();
        assert_eq!(lines.next(), None, "{}", said.err);
        line.strip_prefix("error: ")
            .unwrap_or_else(|| panic!("{line}"))
            .to_owned()
    }

    /// Runs all steps, which must succeed.
    pub(crate) fn pipeline(&self, arguments: &[&str]) -> Said {
        let said = self.run(&[&["run", self.data, "--out", "out"], arguments].concat());
        assert!(said.ok, "{}", said.err);
        said
    }
}

/// Rows of data whose last column, `kind`, follows from the others: a number, a word, a date.
pub(crate) fn plants(rows: u32) -> String {
    let mut text = "height,soil,planted,kind\n".to_owned();
    for row in 0..rows {
        let kind = row % 3;
        let height = f64::from(kind * 10 + row * 7 % 5) + 0.5;
        let soil =
            ["clay", "sand", "peat"][(if row % 7 == 0 { row / 7 } else { kind } % 3) as usize];
        let (month, day) = (1 + row * 5 % 12, 1 + row * 11 % 28);
        let _ = writeln!(
            text,
            "{height},{soil},2025-{month:02}-{day:02},{}",
            ["fern", "moss", "reed"][kind as usize]
        );
    }
    text
}

/// Rows of data whose last column, `price`, is a number that follows from the others.
pub(crate) fn prices(rows: u32) -> String {
    let mut text = "area,rooms,heated,price\n".to_owned();
    for row in 0..rows {
        let (area, rooms, heated) = (30 + row * 37 % 91, 1 + row * 13 % 5, row * 7 % 3 == 0);
        let price = f64::from(area * 3 + rooms * 20 + u32::from(heated) * 50)
            + f64::from(row * 17 % 10) / 2.0;
        let _ = writeln!(
            text,
            "{area}.5,{rooms},{},{price}",
            if heated { "yes" } else { "no" }
        );
    }
    text
}

/// Rows of data whose last column, `took`, is the small difference of two columns of a wide range.
pub(crate) fn trips(rows: u32) -> String {
    let mut text = "left,arrived,load,took\n".to_owned();
    for row in 0..rows {
        let mixed = row.wrapping_mul(0x9e37_79b9);
        let (left, took) = (mixed % 26_000_000, (mixed >> 7) % 900_000);
        let load = (mixed >> 3) % 100;
        let _ = writeln!(
            text,
            "{left},{},{load},{}",
            left + took,
            took + load * 3000 + mixed % 977
        );
    }
    text
}
