//! The rules of `config::names` as regular expressions, which JavaScript reads in the same way.
//!
//! A test holds each against the function that the reader uses.

pub(super) const ACCOUNT: &str = "^[a-z0-9]+$";
pub(super) const ENDPOINT: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s\\@?#\x00-\x1f\x7f-\x9f]+$";
pub(super) const CONTAINER: &str = r"^(\$root|\$web|\$logs|[a-z0-9](-?[a-z0-9])*)$";
pub(super) const STATE_CONTAINER: &str = "^[a-z0-9](-?[a-z0-9])*$";
pub(super) const CREDENTIAL: &str =
    r"^[^./=\\\x00-\x1f\x7f-\x9f](\.?[^./=\\\x00-\x1f\x7f-\x9f])*\.?$";
pub(super) const LABEL: &str = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$";
pub(super) const GROUP: &str =
    r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)?$";
pub(super) const VERSION: &str = "^v[a-z0-9]+$";
pub(super) const KIND: &str = "^[A-Z][A-Za-z0-9]*$";
pub(super) const LABEL_KEY: &str = r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$";
pub(super) const LABEL_VALUE: &str = "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$";
pub(super) const SELECTOR: &str = r"^\s*[A-Za-z0-9][A-Za-z0-9_./-]*\s*==?\s*[A-Za-z0-9][A-Za-z0-9_.-]*\s*(,\s*[A-Za-z0-9][A-Za-z0-9_./-]*\s*==?\s*[A-Za-z0-9][A-Za-z0-9_.-]*\s*){0,7}$";
pub(super) const DURATION: &str = r"^([0-9]+(\.[0-9]{1,9})?(d|h|ms|m|s))+$";
pub(super) const SIZE: &str = "^0*[1-9][0-9]*(Ki|Mi|Gi|Ti|k|M|G|T)?$";
pub(super) const MOMENT: &str = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$";

use proptest::prelude::*;
use regex::Regex;

use crate::config::{endpoint, names, raw::Value, size, span};

/// Asks the reader and the expression about a text.
fn agree(
    expression: &str,
    bounds: (usize, usize),
    text: &str,
    reader: bool,
) -> Result<(), TestCaseError> {
    let regex = Regex::new(expression).unwrap();
    let length = text.chars().count();
    let schema = regex.is_match(text) && (bounds.0..=bounds.1).contains(&length);
    prop_assert_eq!(schema, reader, "{:?} and {}", text, expression);
    Ok(())
}

proptest! {
    #[test]
    fn the_expressions_say_what_the_reader_says(
        text in "[a-z0-9-]{0,9}|[a-z0-9-]{60,66}|[a-zA-Z0-9._/-]{0,9}|v[a-z0-9]{0,3}|\\$(root|web|logs|x)|[ -~]{0,6}|\\PC{0,4}",
    ) {
        let text = text.as_str();
        agree(ACCOUNT, (3, 24), text, names::account(text).is_ok())?;
        agree(CONTAINER, (3, 63), text, names::container(text).is_ok())?;
        agree(STATE_CONTAINER, (3, 63), text, names::state_container(text).is_ok())?;
        agree(STATE_CONTAINER, (3, 56), text, names::queue(text).is_ok())?;
        agree(LABEL, (1, 63), text, names::id(text).is_ok())?;
        agree(LABEL, (1, 63), text, names::namespace(text).is_ok())?;
        agree(GROUP, (0, 253), text, names::group(text).is_ok())?;
        agree(VERSION, (2, 63), text, names::version(text).is_ok())?;
        agree(KIND, (1, 63), text, names::kind(text).is_ok())?;
        agree(LABEL_KEY, (0, 999), text, names::label(text).is_ok())?;
        agree(LABEL_VALUE, (1, 63), text, names::label_value(text).is_ok())?;
        if text.is_ascii() {
            agree(CREDENTIAL, (1, 253), text, names::credential(text).is_ok())?;
        }
    }

    #[test]
    fn durations_and_sizes_are_the_readers(text in "[0-9]{0,3}(\\.[0-9]{0,2})?(d|h|m|s|ms|w|)([0-9]{1,2}[hms])?|[0-9]{0,3}(Ki|Mi|G|T|k|KB|)") {
        let value = Value::Text(text.clone());
        let any = crate::config::bounds::Span { least: std::time::Duration::ZERO, most: std::time::Duration::MAX };
        agree(DURATION, (0, 999), &text, span::read(&value, any).is_ok())?;
        agree(SIZE, (0, 999), &text, size::read(&value).is_ok())?;
    }

    #[test]
    fn a_url_and_a_moment_that_the_reader_takes_is_one_for_the_schema(
        url in "https?://[a-z]{1,5}(\\.[a-z]{1,5}){0,2}(:[0-9]{1,4})?(/[a-zA-Z0-9%.~-]{0,9}){0,2}",
        year in 1..=9999_u32, month in 1..=13_u32, day in 1..=32_u32, hour in 0..=24_u32, zone in "Z|\\+0[0-9]:30|-2[0-9]:00|",
    ) {
        if endpoint::endpoint(&url, "blob").is_ok() {
            prop_assert!(Regex::new(ENDPOINT).unwrap().is_match(&url), "{url}");
        }
        let moment = format!("{year:04}-{month:02}-{day:02}T{hour:02}:00:00{zone}");
        if names::moment(&Value::Text(moment.clone())).is_ok() {
            prop_assert!(Regex::new(MOMENT).unwrap().is_match(&moment), "{moment}");
        }
    }
}
