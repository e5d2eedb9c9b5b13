//! Files that are no table are named as what they are, with what to do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::{Case, plants};

/// What is said of a file, after its name.
fn told(data: impl AsRef<[u8]>) -> String {
    let refused = Case::new(data).refused(&[]);
    let told = refused
        .strip_prefix("data.csv: this is ")
        .map(str::to_owned);
    told.unwrap_or_else(|| panic!("{refused}"))
}

#[test]
fn binary_files_are_named() {
    for (data, name) in [
        (&b"BZh91AY&SY\0\x01"[..], "a file compressed with bzip2, not a table: unpack it first"),
        (b"\xfd7zXZ\0\0\x04", "a file compressed with xz, not a table: unpack it first"),
        (b"PK\x03\x04\x14\0\0\0", "a ZIP archive, not a table: unpack it first"),
        (b"PK\x05\x06\0\0", "an empty ZIP archive, not a table: give the file that has the table"),
        (
            b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0[Content_Types].xml",
            "an Excel workbook or another Office file, not a table: export its table as CSV first",
        ),
        (
            b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            "a LibreOffice spreadsheet, not a table: export its table as CSV first",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "an old Excel workbook or another old Office file, not a table: export its table as CSV first",
        ),
        (b"%PDF-1.7\n", "a PDF document, not a table: export its table as CSV first"),
        (b"SQLite format 3\0\x10\0", "an SQLite database, not a table: export its table as CSV first"),
        (b"\x80\x04\x95\x11\0\0", "a Python pickle, not a table: write its table as CSV or Parquet first"),
        (b"\x93NUMPY\x01\0v\0", "a NumPy array, not a table: write its table as CSV or Parquet first"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file, not a table: write its table as CSV or Parquet first"),
        (b"ARROW1\0\0\xff", "an Arrow (Feather) file, not a table: write its table as CSV or Parquet first"),
        (b"ORC\x08\x03\0\0", "an ORC file, not a table: write its table as CSV or Parquet first"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image, not a table: give the file that has the table"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image, not a table: give the file that has the table"),
        (b"RIFF\x24\0\0\0WAVE", "an image, a sound or a video (RIFF), not a table: give the file that has the table"),
        (b"\x7fELF\x02\x01\x01\0", "a program, not a table: give the file that has the table"),
        (b"\xff\xfe\0\0a\0\0\0", "text in UTF-32, not a table: store it in UTF-8"),
        (b"\x01\x02\x05\x06\x7f\x01abc", "a binary file, not a table: write its table as CSV or Parquet first"),
    ] {
        assert_eq!(told(data), name);
    }
    let mut tar = vec![0; 512];
    tar[..5].copy_from_slice(b"a.csv");
    tar[257..262].copy_from_slice(b"ustar");
    assert_eq!(told(tar), "a tar archive, not a table: unpack it first");
    // Letters alone make no binary file.
    let schema = Case::new(plants(60).replace("height", "ORC")).preprocess(&[]);
    assert_eq!(schema["columns"][0]["name"], "ORC");
}

#[test]
fn pages_and_documents_are_named() {
    for page in [
        "<!DOCTYPE html>\n<html><head><title>Sign\n in</title>",
        "\u{feff}<html>\n<HEAD><TITLE>Sign in</TITLE>",
    ] {
        assert_eq!(
            told(page),
            "an HTML page with the title 'Sign in', not a table: download the file itself"
        );
    }
    assert_eq!(
        told("<html><body>a,b\n1,2"),
        "an HTML page, not a table: download the file itself"
    );
    assert_eq!(
        told(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>BlobNotFound</Code><Message>The specified blob \
             does not exist.\nRequestId:1</Message></Error>"
        ),
        "the error of a storage service, not a table (BlobNotFound: The specified blob does not exist. RequestId:1): \
         download the file again"
    );
    assert_eq!(
        told("<?xml version='1.0'?>\n<!-- x -->\n<rows><row a='1'/></rows>"),
        "an XML document with the element 'rows', not a table: write its table as CSV or Parquet first"
    );
    // A header in angle brackets is one.
    let schema = Case::new(plants(60).replace("height,soil", "<HEIGHT>,<SOIL>")).preprocess(&[]);
    assert_eq!(schema["columns"][0]["name"], "<HEIGHT>");
}

#[test]
fn lists_of_objects_are_named() {
    let json = "a JSON file, not a table: write it as CSV first, such as with pandas.read_json";
    assert_eq!(
        told("[{\"a\": 1, \"b\": \"x\"},\n {\"a\": 2, \"b\": \"y\"}]\n"),
        json
    );
    assert_eq!(told("{\"a\": [1, 2], \"b\": [3, 4]}"), json);
    let long = "[".to_owned() + &"{\"a\": 1},\n".repeat(60_000) + "{}]";
    assert_eq!(told(long), json);
    assert_eq!(
        told("{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"b\": \"y\"}\n"),
        "a JSON Lines file, not a table: write it as CSV first, such as with pandas.read_json(…, lines=True)"
    );
    assert_eq!(
        told("{\"error\": {\"code\": \"AuthenticationFailed\", \"message\": \"Sign in first.\"}}"),
        "the error of a service as JSON, not a table (\"Sign in first.\"): download the file again"
    );
    let lists = "a,b,y\n".to_owned() + &"[1],{2},u\n[2],{1},v\n".repeat(20);
    assert_eq!(
        Case::new(lists.replacen("a,b,y\n", "", 1)).preprocess(&[])["rows"]["read"],
        40
    );
}

#[test]
fn formats_of_other_programs_are_named() {
    assert_eq!(
        told("% iris\n\n@RELATION iris\n@ATTRIBUTE a NUMERIC\n@DATA\n1,2\n"),
        "an ARFF file of Weka, not a CSV file: write it as CSV first, such as with scipy.io.arff.loadarff"
    );
    assert_eq!(
        told("1 1:0.5 3:0.25\n-1 2:1\n".repeat(9)),
        "a LIBSVM file, not a CSV file: write it as CSV first, such as with sklearn.datasets.load_svmlight_file"
    );
    assert_eq!(
        told("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
        "a pointer of Git LFS, not the file itself: run `git lfs pull` and give the file"
    );
}
