//! What people paste instead of a connection string, each with its own way out. No sentence repeats what was
//! pasted: it is a secret, or next to one.

use azure_core::base64;

/// How often a text is taken out of base64, to see what is in it.
const LAYERS: usize = 3;
/// What a connection string has at least one of.
const KEYS: [&str; 4] = [
    "accountkey=",
    "sharedaccesssignature=",
    "blobendpoint=",
    "usedevelopmentstorage=",
];
/// An account's key is so long ("Manage storage account access keys", Azure Storage documentation).
const KEY_BYTES: usize = 64;

/// What `text`, without what is around it, is instead of a connection string, and what to do. `None` when it may
/// be one.
pub(super) fn mistake(text: &str) -> Option<String> {
    let told = if text.is_empty() {
        "it is empty: write the connection string into it"
    } else if text.starts_with(['{', '[']) {
        "it is JSON, and must be only the connection string, which `az storage account show-connection-string -o tsv` prints"
    } else if text.starts_with("http://") || text.starts_with("https://") {
        "it is a URL: write `BlobEndpoint=https://HOST;SharedAccessSignature=` and then the part after the `?` of a \
         SAS URL"
    } else if is_bare_sas(text) {
        "it is only a SAS: write `BlobEndpoint=https://ACCOUNT.blob.core.windows.net;SharedAccessSignature=` before it"
    } else if is_environment(text) {
        "it has lines of the form NAME=value, like a file of environment variables: keep only the text after the \
         first `=` of the line with the connection string, without quotes"
    } else if has_lines(text) {
        "the parts of the connection string are on separate lines: write them on one line, with `;` between them"
    } else {
        return in_base64(text);
    };
    Some(told.to_owned())
}

// `sv=…&sig=…`, as the portal shows under "SAS token".
fn is_bare_sas(text: &str) -> bool {
    let text = text.trim_start_matches('?');
    let mut pairs = text.split('&');
    !text.contains(';') && text.contains('&') && pairs.any(|pair| pair.starts_with("sig="))
}

// No key of a connection string has a `_`, or stands after `export`; nearly every variable has one.
fn is_environment(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| {
        let exported = line.strip_prefix("export ").map(str::trim);
        let Some((name, _)) = exported.unwrap_or(line).split_once('=') else {
            return false;
        };
        let name = name.trim();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !name.is_empty() && name.bytes().all(is_name) && (name.contains('_') || exported.is_some())
    })
}

// A string that was broken into lines at its `;` can be read; one that has only line ends cannot.
fn has_lines(text: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let is_part = |line: &&str| {
        KEYS.iter()
            .chain(&["accountname="])
            .any(|key| starts(line, key))
    };
    lines.len() > 1 && lines.iter().filter(|line| is_part(line)).count() > 1 && !text.contains(';')
}

fn starts(line: &str, key: &str) -> bool {
    line.get(..key.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(key))
}

fn in_base64(text: &str) -> Option<String> {
    let mut inner = decoded(text)?;
    for layers in 1..=LAYERS {
        let Ok(text) = std::str::from_utf8(&inner) else {
            break;
        };
        let lower = text.to_ascii_lowercase();
        if KEYS.iter().any(|key| lower.contains(key)) {
            let times = match layers {
                1 => "once too often",
                2 => "twice too often",
                _ => "three times too often",
            };
            return Some(format!(
                "it is a connection string in base64, encoded {times}: the file must contain it as \
                 plain text. `data:` of a Kubernetes Secret needs base64 once, and `stringData:` needs \
                 plain text"
            ));
        }
        let Some(next) = decoded(text) else {
            break;
        };
        inner = next;
    }
    (inner.len() == KEY_BYTES).then(|| {
        "it is only an account key: write `AccountName=ACCOUNT;AccountKey=` before it".to_owned()
    })
}

// People's tools break base64 into lines.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_whitespace().collect();
    let bytes = base64::decode(&text).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STRING: &str =
        "DefaultEndpointsProtocol=https;AccountName=store;AccountKey=c2VjcmV0LWtleQ==";

    #[test]
    fn each_mistake_is_named_for_what_it_is() {
        let once = base64::encode(STRING);
        let twice = base64::encode(&once);
        let broken = format!("{}\n{}", &once[..40], &once[40..]);
        let key = base64::encode([7; 64]);
        for (text, named) in [
            ("", "it is empty"),
            (
                r#"{"connectionString": "AccountKey=hunter2"}"#,
                "`az storage account",
            ),
            (
                "https://store.blob.core.windows.net/?sv=1&sig=hunter2",
                "it is a URL",
            ),
            ("?sv=2022-11-02&sp=rl&sig=hunter2%3D", "only a SAS"),
            ("sv=2022-11-02&sp=rl&sig=hunter2%3D", "only a SAS"),
            (
                &format!("AZURE_STORAGE_CONNECTION_STRING={STRING}"),
                "NAME=value",
            ),
            (
                &format!("AZURE_STORAGE_CONNECTION_STRING=\"{STRING}\""),
                "NAME=value",
            ),
            (
                &format!("# storage\nexport CONNECTION={STRING}\n"),
                "NAME=value",
            ),
            ("STORAGE_ACCOUNT=store\nSTORAGE_KEY=hunter2", "NAME=value"),
            ("AccountName=store\nAccountKey=hunter2", "on separate lines"),
            (&once, "once too often"),
            (&broken, "once too often"),
            (&twice, "twice too often"),
            (&base64::encode(&twice), "three times too often"),
            (&key, "only an account key"),
        ] {
            let said = mistake(text).unwrap_or_else(|| panic!("nothing is said of {text}"));
            assert!(said.contains(named), "{text}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn what_may_be_a_connection_string_is_none_of_them() {
        for text in [
            STRING,
            "AccountName=store;\nAccountKey=c2VjcmV0;\n",
            "UseDevelopmentStorage=true",
            "BlobEndpoint=https://h;SharedAccessSignature=sv=1&sig=x",
            "hunter2",
        ] {
            assert_eq!(mistake(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in any::<String>()) {
            let _ = mistake(&text);
        }
    }
}
