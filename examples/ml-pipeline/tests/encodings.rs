//! Files in any encoding are read, or named with what to do; nothing is read wrongly in silence.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::Case;

/// A table whose third column has one of these words, in an encoding.
fn table(words: [&str; 3], encoding: &str) -> Vec<u8> {
    let mut text = "temp,load,site,state\n".to_owned();
    for at in 0..120 {
        text += &format!(
            "{}.5,{},{},{}\n",
            at * 7 % 31,
            at * 13 % 53,
            words[at % 3],
            ["up", "down"][at / 2 % 2]
        );
    }
    let encoding = encoding_rs::Encoding::for_label(encoding.as_bytes()).unwrap();
    let (bytes, _, is_lossy) = encoding.encode(&text);
    assert!(!is_lossy);
    bytes.into_owned()
}

fn words(case: &Case) -> Vec<String> {
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    let mut words: Vec<_> = train
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(2).unwrap().to_owned())
        .collect();
    words.sort();
    words.dedup();
    words
}

#[test]
fn encodings_that_are_told_by_their_bytes_are_read_and_named() {
    for (name, label, texts) in [
        ("Shift_JIS", "shift_jis", ["大阪", "東京", "横浜市"]),
        ("EUC-JP", "euc-jp", ["大阪", "東京", "横浜市"]),
        ("GBK", "gbk", ["北京市", "上海市", "广州市"]),
        ("Big5", "big5", ["臺北市", "高雄市", "臺中市"]),
        ("EUC-KR", "euc-kr", ["서울", "부산", "대구"]),
        (
            "windows-1251",
            "windows-1251",
            ["Москва", "Казань", "Самара"],
        ),
        ("KOI8-U", "koi8-u", ["Москва", "Казань", "Самара"]),
        ("windows-1253", "windows-1253", ["Αθήνα", "Πάτρα", "Βόλος"]),
        ("Latin-1", "windows-1252", ["Köln", "München", "Gießen"]),
    ] {
        let case = Case::new(table(texts, label));
        let schema = case.preprocess(&[]);
        let warning = schema["warnings"][0].as_str().unwrap();
        assert_eq!(schema["encoding"], name, "{warning}");
        assert!(
            warning.starts_with("line 2 has the byte 0x")
                && warning.contains(&format!(
                    "which is not valid UTF-8: the file is read as {name}, such as '{}' in line 2; if that is wrong, name its \
                     encoding with --encoding",
                    texts[0]
                )),
            "{warning}"
        );
        let mut expected = texts.to_vec();
        expected.sort_unstable();
        assert_eq!(words(&case), expected);
        // Named by hand, nothing is to be said.
        let schema = case.preprocess(&["--encoding", label]);
        assert_eq!(
            (&schema["encoding"], &schema["warnings"]),
            (&name.into(), &serde_json::json!([]))
        );
        assert_eq!(words(&case), expected);
    }
}

#[test]
fn a_few_bad_bytes_do_not_make_another_encoding_of_utf8() {
    let warning = |data: Vec<u8>| {
        let schema = Case::new(data).preprocess(&[]);
        assert_eq!(schema["encoding"], "UTF-8");
        schema["warnings"][0].as_str().unwrap().to_owned()
    };
    let plain = table(["hall", "roof", "yard"], "utf-8");
    let mut one = plain.clone();
    let at = String::from_utf8(plain.clone())
        .unwrap()
        .find("hall")
        .unwrap();
    one[at + 1] = 0xff;
    assert_eq!(
        warning(one),
        "line 2 has the byte 0xff, which is not valid UTF-8: it is read as '\u{fffd}'; if the file is in another encoding, name \
         it with --encoding"
    );
    let umlauts = table(["Köln", "München", "Gießen"], "utf-8");
    let lines: Vec<_> = umlauts.split_inclusive(|byte| *byte == b'\n').collect();
    let mut some = lines.concat();
    for line in [5, 9, 40] {
        let start = lines[..line].concat().len();
        some[start] = 0xe9;
    }
    let said = warning(some);
    assert!(
        said.starts_with(
            "bytes in 3 places are no UTF-8 and are read as '\u{fffd}': line 6 has the byte 0xe9"
        ),
        "{said}"
    );
    // The last character is cut.
    let mut cut = table(["Köln", "München", "Gießen"], "utf-8");
    cut.extend_from_slice(b"1,2,K\xc3");
    assert!(warning(cut).contains("line 122 has the byte 0xc3"));
}

#[test]
fn utf16_is_told_without_a_mark_and_with_any_letters() {
    let text = String::from_utf8(table(["大阪", "東京", "横浜市"], "utf-8")).unwrap();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (name, data) in [("UTF-16LE", little), ("UTF-16BE", big)] {
        let case = Case::new(data);
        assert_eq!(case.preprocess(&[])["encoding"], name);
        assert_eq!(words(&case), ["大阪", "東京", "横浜市"]);
    }
}

#[test]
fn an_encoding_that_does_not_fit_is_told_with_the_line() {
    let case = Case::new(table(["Москва", "Казань", "Самара"], "windows-1251"));
    assert_eq!(
        case.refused(&["--encoding", "utf-8"]),
        "data.csv: line 2 has the byte 0xcc, which is not valid UTF-8: name the right encoding with --encoding"
    );
    let said = case.run(&[
        "preprocess",
        "data.csv",
        "--out",
        "out",
        "--encoding",
        "klingon",
    ]);
    assert!(
        !said.ok
            && said.err.contains("a name such as UTF-8, windows-1252")
            && said
                .err
                .contains("convert a file in another encoding to UTF-8"),
        "{}",
        said.err
    );
    assert_eq!(
        case.preprocess(&["--encoding", ""])["encoding"],
        "windows-1251"
    );
}

#[test]
fn each_file_of_a_directory_has_its_encoding() {
    let words = ["Köln", "München", "Gießen"];
    let (utf8, latin1) = (table(words, "utf-8"), table(words, "latin1"));
    let case = Case::folder(&[("a.csv", &utf8), ("b.csv", &latin1)]);
    let warnings = case.preprocess(&[])["warnings"].clone();
    assert!(
        warnings[0].as_str().unwrap().starts_with(
            "'b.csv': line 2 has the byte 0xf6, which is not valid UTF-8: the file is read as Latin-1"
        ),
        "{warnings}"
    );
    assert_eq!(
        warnings[1],
        "the files are stored in Latin-1 (1) and UTF-8 (1)"
    );
}
