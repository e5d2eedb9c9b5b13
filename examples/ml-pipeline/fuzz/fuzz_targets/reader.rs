//! Any bytes are read or refused with one line; what is read is split into parts that are read again.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ml_pipeline::log::Log;
use ml_pipeline::preprocess::{Wishes, preprocess};
use ml_pipeline::schema::files;
use ml_pipeline::table::Table;

static DIR: LazyLock<PathBuf> = LazyLock::new(|| {
    tempfile::tempdir()
        .expect("a directory for temporary files")
        .keep()
});

fuzz_target!(|data: &[u8]| {
    let file = DIR.join("data.csv");
    fs::write(&file, data).expect("a file");
    match preprocess(&file, &DIR, &Wishes::default(), &Log::silent()) {
        Err(error) => assert!(!format!("{error:#}").is_empty()),
        Ok(schema) => {
            for (name, rows) in [
                (files::TRAIN, schema.rows.train),
                (files::TEST, schema.rows.test),
            ] {
                let table = Table::load(&DIR, name, &schema, rows, u64::MAX)
                    .expect("what was written is read");
                assert_eq!(table.len() as u64, rows);
            }
        }
    }
});
