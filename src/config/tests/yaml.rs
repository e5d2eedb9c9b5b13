//! Text that YAML does not read as it was meant: each mistake is told with its cure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn the_words_of_the_parser_are_told_with_a_cure() {
    for (text, part) in [
        (
            "account: a: b",
            "line 1: has a second `: ` in one value; put the value in quotes",
        ),
        (
            "account: abc\n container: abc\n",
            "line 2: is indented further than the line before it, where `account` has a value",
        ),
        (
            "account abc\ncontainer: abc\n",
            "line 1: has no colon; write `key: value`",
        ),
        (
            "account: abc\ncontainer abc\n",
            "line 2: has no colon; write `key: value`",
        ),
        (
            "account: abc\nprefix: %a\n",
            "line 2: put text that starts with `%` in quotes",
        ),
        (
            "account: abc\nprefix: @a\n",
            "line 2: put text that starts with `@` in quotes",
        ),
        (
            "account: abc\nprefix: `a`\n",
            "line 2: put text that starts with a backtick in quotes",
        ),
        (
            "%a: abc\n",
            "a line that starts with `%` is a directive of YAML",
        ),
        (
            "account: abc\npattern: \"\\d.csv\"\n",
            "line 2: has a `\\` in double quotes, where it begins an escape",
        ),
        (
            "account: \"abc\",\ncontainer: \"a\"\n",
            "line 1: has more text behind a closing quote",
        ),
        (
            "{\"account\": \"abc\" \"container\": \"a\"}",
            "line 1: has more text behind a closing quote",
        ),
        (
            "source:\n  listing: {}\n queue: {}\n",
            "line 3: does not begin in the column of the other keys",
        ),
        (
            "account: abc\n- container: a\n",
            "line 2: begins with `-`, as an item of a list",
        ),
        (
            "account: abc\nprefix: | raw/\n",
            "line 2: has text behind `|` or `>`",
        ),
        (
            "account: abc\npattern:\n- \"a\"\n-\"b\"\n",
            "line 4: write a space after the `-`",
        ),
        (
            "// the account\naccount: abc\n",
            "line 1: a comment begins with `#` in YAML, and not with `//`",
        ),
    ] {
        let told = told(text);
        assert!(told.contains(part), "{text}: {told}");
        assert!(!told.contains("not YAML"), "{text}: {told}");
        assert_eq!(told.lines().count(), 1, "{text}: {told}");
    }
}

#[test]
fn comments_and_spaces_that_become_part_of_a_key_are_told() {
    for (line, part) in [
        (
            "{\n// the account\n\"account\": \"abc\", \"container\": \"abc\"}",
            "a comment begins with `#` in YAML, and not with `//`",
        ),
        (
            "{\"account\": \"abc\", // the account\n\"container\": \"abc\"}",
            "did you mean `container`?",
        ),
        (
            "{\n/* here */ \"account\": \"abc\", \"container\": \"abc\"}",
            "and not with `/*`",
        ),
        (
            "\u{a0}\u{a0}account: abc\ncontainer: abc",
            "the key `account` has a no-break space; write `account` with ordinary spaces",
        ),
        (
            "account: abc\ncontainer: abc\n\u{a0}listing: {}",
            "the key `listing` has a no-break space; write ordinary spaces",
        ),
        (
            "account: abc\n\u{200b}container: abc",
            "has a zero-width space; write `container`",
        ),
    ] {
        let told = told(line);
        assert!(told.contains(part), "{line}: {told}");
        assert_eq!(told.lines().count(), 1, "{line}: {told}");
    }
}

#[test]
fn another_encoding_is_named() {
    let utf16 =
        |order: fn(u16) -> [u8; 2]| -> Vec<u8> { GOOD.encode_utf16().flat_map(order).collect() };
    let marked: Vec<u8> = [vec![0xff, 0xfe], utf16(u16::to_le_bytes)].concat();
    for bytes in [utf16(u16::to_le_bytes), utf16(u16::to_be_bytes), marked] {
        let told = SourceConfig::parse(&bytes).unwrap_err().to_string();
        assert!(told.contains("is text in UTF-16"), "{told}");
        assert!(told.contains("save it in UTF-8"), "{told}");
    }
    let told = SourceConfig::parse(b"account: abc\ncontainer: \xff").unwrap_err();
    assert_eq!(
        told.to_string(),
        "line 2: has a character that is not UTF-8; save the file in UTF-8"
    );
    good(&format!("\u{feff}{GOOD}"));
}
