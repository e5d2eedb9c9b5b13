#![allow(clippy::unwrap_used)]

use url::Url;

use crate::{azure::Connector, ports::connect::Location};

/// What is said of what was typed for `fetch`.
fn typed(endpoint: &str, secret: Option<&str>) -> String {
    let location = Location::Endpoint(Url::parse(endpoint).unwrap());
    let refused = Connector::default().connect_with(&location, secret);
    refused.unwrap_err().to_string()
}

#[test]
fn a_command_line_is_told_its_own_options() {
    let string = "AccountName=lake7;AccountKey=c2VjcmV0";
    for (endpoint, secret, words) in [
        (
            "http://lake7.example",
            None,
            "use https, or give `--key-file`",
        ),
        (
            "https://lake7.example",
            None,
            "give `--key-file`, or `--allow-endpoint lake7.example`",
        ),
        (
            "https://lake7.blob.core.windows.net/raw",
            None,
            "write the container under `--container`",
        ),
        (
            "https://other.blob.core.windows.net",
            Some(string),
            "write `--endpoint https://lake7.blob.core.windows.net`",
        ),
    ] {
        let told = typed(endpoint, secret);
        assert!(told.contains(words), "{told}");
        assert!(
            !told.contains("credential") && !told.contains("endpoint:"),
            "{told}"
        );
    }
}
