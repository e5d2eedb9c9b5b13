//! Whatever is read, the reader says something and does not panic. The same as the fuzz target
//! (`fuzz/fuzz_targets/reader.rs`), with tables that were damaged.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

use std::fs;
use std::path::Path;

use ml_pipeline::log::Log;
use ml_pipeline::preprocess::{Wishes, preprocess};
use ml_pipeline::schema::files;
use ml_pipeline::table::Table;
use proptest::collection::vec;
use proptest::prelude::*;

fn check(data: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data.csv");
    fs::write(&file, data).unwrap();
    check_dataset(&file, dir.path());
}

/// The same for a directory.
fn check_folder(files: &[Vec<u8>]) {
    let [dir, out] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for (name, data) in files.iter().enumerate() {
        fs::write(dir.path().join(name.to_string()), data).unwrap();
    }
    check_dataset(dir.path(), out.path());
}

fn check_dataset(data: &Path, dir: &Path) {
    match preprocess(data, dir, &Wishes::default(), &Log::silent()) {
        Err(error) => assert!(!format!("{error:#}").is_empty()),
        Ok(schema) => {
            for (name, rows) in [
                (files::TRAIN, schema.rows.train),
                (files::TEST, schema.rows.test),
            ] {
                let table = Table::load(dir, name, &schema, rows, u64::MAX).unwrap();
                assert_eq!(table.len() as u64, rows);
            }
        }
    }
}

/// A field as it stands in tables, and such that should not.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?[0-9]{1,4}(\\.[0-9]{1,3})?",
        2 => "[a-c]",
        1 => Just(String::new()),
        1 => "20[0-9]{2}-[0-9]{2}-[0-9]{2}",
        1 => "[\"',;\\t|.\\-+eEé ]{0,4}",
        1 => "\\PC{0,6}",
    ]
}

fn table() -> impl Strategy<Value = Vec<u8>> {
    let rows = (2_usize..6).prop_flat_map(|columns| vec(vec(field(), columns), 0..40));
    (
        rows,
        prop_oneof![Just(","), Just(";"), Just("\t"), Just("|")],
        prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
    )
        .prop_map(|(rows, delimiter, end)| {
            let lines: Vec<_> = rows.iter().map(|row| row.join(delimiter)).collect();
            lines.join(end).into_bytes()
        })
}

/// Files in each of the other formats.
const FILES: [&[u8]; 4] = [
    include_bytes!("../fuzz/seeds/snappy.parquet"),
    include_bytes!("../fuzz/seeds/zstd.parquet"),
    include_bytes!("../fuzz/seeds/table.csv.gz"),
    include_bytes!("../fuzz/seeds/table.csv.zst"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn tables_are_read_or_refused(data in table()) {
        check(&data);
    }

    #[test]
    fn damaged_tables_are_read_or_refused(
        mut data in table(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for (at, byte) in damage.iter().filter(|_| !data.is_empty()).collect::<Vec<_>>() {
            let at = at.index(data.len());
            data[at] = *byte;
        }
        check(&data);
    }

    #[test]
    fn folders_are_read_or_refused(
        one in table(),
        other in table(),
        damage in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut twin = one.clone();
        if let Some((at, byte)) = damage.filter(|_| !twin.is_empty()) {
            let at = at.index(twin.len());
            twin[at] = byte;
        }
        check_folder(&[one.clone(), other]);
        check_folder(&[one, twin]);
    }

    #[test]
    fn damaged_files_of_other_formats_are_read_or_refused(
        file in prop::sample::select(FILES.to_vec()),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in proptest::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let mut data = file.to_vec();
        for (at, byte) in damage {
            let at = at.index(data.len());
            data[at] = byte;
        }
        if let Some(cut) = cut {
            data.truncate(cut.index(data.len()));
        }
        check(&data);
    }

    #[test]
    fn any_bytes_are_read_or_refused(data in vec(any::<u8>(), 0..200)) {
        check(&data);
    }
}
