//! What the name of a column says of it.

/// What identifies a row, as the last word of a name.
const IDENTIFIERS: [&str; 10] = [
    "id", "ids", "uuid", "guid", "key", "index", "nr", "no", "number", "num",
];

/// What counts rows, as the whole name without its marks.
const COUNTERS: [&str; 24] = [
    "idx",
    "index",
    "row",
    "rows",
    "rowid",
    "rownum",
    "rownumber",
    "rowname",
    "rownames",
    "line",
    "obs",
    "observation",
    "case",
    "record",
    "entry",
    "item",
    "seq",
    "sequence",
    "serial",
    "sno",
    "slno",
    "srno",
    "level0",
    "#",
];

/// Words for persons and things that have identifiers and several rows.
const PERSONS_AND_THINGS: [&str; 12] = [
    "user", "customer", "client", "person", "patient", "member", "employee", "student", "account",
    "subject", "session", "device",
];

/// What else may be written together with `id`, as in `rowid`. Other words only end so, such as `humid`, `paid` and `grid`.
const OWNERS: [&str; 22] = [
    "u",
    "r",
    "p",
    "g",
    "c",
    "s",
    "t",
    "passenger",
    "order",
    "product",
    "item",
    "store",
    "shop",
    "row",
    "record",
    "case",
    "sample",
    "transaction",
    "trip",
    "event",
    "loan",
    "object",
];

/// Whether a column's name says that it identifies its rows: `id`, `user_id`, `PassengerId`, `Row Number`.
pub fn is_id(name: &str) -> bool {
    let last = words(name).pop().unwrap_or_default();
    IDENTIFIERS.contains(&last.as_str())
}

/// Words for others of which a table has several rows.
const SOMEONE: [&str; 16] = [
    "participant",
    "donor",
    "driver",
    "player",
    "household",
    "family",
    "machine",
    "sensor",
    "unit",
    "vehicle",
    "engine",
    "pump",
    "animal",
    "plant",
    "meter",
    "respondent",
];

/// Whether a column's name says that its values are persons or things: `patient`, `Customer No`, `device_id`.
pub fn is_someone(name: &str) -> bool {
    let words = words(name);
    let is_key = words.len() == 1 || is_id(name);
    let is_one = |word: &str| PERSONS_AND_THINGS.contains(&word) || SOMEONE.contains(&word);
    is_key && words.iter().any(|word| is_one(word))
}

/// Whether a column of whole numbers that run through its rows is named like their index, or has no name.
pub fn is_index(name: &str, is_first: bool) -> bool {
    let words = words(name);
    let joined = words.concat();
    let whole = if joined.is_empty() {
        name.trim()
    } else {
        joined.as_str()
    };
    is_id(name)
        || COUNTERS.contains(&whole)
        || words
            .first()
            .is_some_and(|word| matches!(word.as_str(), "row" | "unnamed"))
        || joined
            .strip_suffix("id")
            .is_some_and(|owner| PERSONS_AND_THINGS.contains(&owner) || OWNERS.contains(&owner))
        || (is_first && is_made_up(name))
}

/// Whether a name was made for a column that had none: here, by R or by pandas.
fn is_made_up(name: &str) -> bool {
    let number = ["column_", "column", "X.", "X", "V", "..."]
        .iter()
        .find_map(|start| name.strip_prefix(start));
    name.trim().is_empty()
        || number.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The words of a name in small letters, which marks, blanks or capital letters set apart.
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && last.is_lowercase();
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words
                .last_mut()
                .into_iter()
                .for_each(|word| word.extend(c.to_lowercase()));
        }
        last = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_told_by_its_name_or_by_its_place_without_one() {
        for name in [
            "id",
            "PassengerId",
            "customerID",
            "row_number",
            "S.No",
            "Unnamed: 0",
            "index",
            "idx",
            "#",
            "userid",
            "UID",
            "Row",
            "row_count",
            "level_0",
        ] {
            assert!(is_index(name, false), "{name}");
        }
        for name in ["column_1", "", "X", "V1", "...1", "X.1"] {
            assert!(is_index(name, true) && !is_index(name, false), "{name}");
        }
        for name in [
            "year",
            "height",
            "time",
            "t",
            "day",
            "no_of_rooms",
            "Xenon",
            "number_of_visits",
            "x1",
            "Vo2",
            "humid",
            "grid",
            "paid",
            "valid",
            "liquid",
            "amount_paid",
        ] {
            assert!(!is_index(name, true), "{name}");
        }
    }

    #[test]
    fn names_have_words() {
        assert_eq!(words("sl_no"), ["sl", "no"]);
        assert_eq!(
            words("PassengerID of row"),
            ["passenger", "id", "of", "row"]
        );
    }
}
