//! A blob's name as a part of a Kubernetes name.

/// The longest slug, so that `ml-pipeline-<slug>-<short id>` keeps to the 63 characters of a label.
pub const MAX_SLUG: usize = 36;

/// Makes an RFC 1123 label of at most [`MAX_SLUG`] characters of a blob's name: ASCII letters in
/// lower case and digits stay, each run of anything else becomes one hyphen. Never empty.
///
/// Many names share a slug; [`EventId::short`](super::EventId::short) tells them apart.
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(MAX_SLUG);
    for character in name.chars() {
        if slug.len() == MAX_SLUG {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    if slug.ends_with('-') {
        slug.pop();
    }
    if slug.is_empty() {
        slug.push_str("blob");
    }
    slug
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slugs_of_common_names() {
        assert_eq!(slug("raw/mydata.csv"), "raw-mydata-csv");
        assert_eq!(slug("/Raw//My Data (1).CSV"), "raw-my-data-1-csv");
        assert_eq!(slug("données/é.csv"), "donn-es-csv");
        assert_eq!(slug("日本語"), "blob");
        assert_eq!(slug(""), "blob");
        assert_eq!(slug("..."), "blob");
    }

    proptest! {
        #[test]
        fn every_slug_is_an_rfc_1123_label(name in any::<String>()) {
            let slug = slug(&name);
            prop_assert!(!slug.is_empty() && slug.len() <= MAX_SLUG);
            prop_assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-'));
            prop_assert_eq!(&slug, &super::slug(&name));
        }

        #[test]
        fn a_slug_is_its_own_slug(name in "[a-zA-Z0-9/._ -]{0,80}") {
            let once = slug(&name);
            prop_assert_eq!(&slug(&once), &once);
        }
    }
}
