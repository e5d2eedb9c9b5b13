//! Whatever a credential holds, it is a way to sign in, or one sentence without a part of the key in it.

use azure_blob_eventsource::{azure::Connector, ports::connect::Location};

use crate::feed::{Outcome, feed, is_a_sentence_of, mutated};

/// A key of an account that there is not.
const KEY: &str = "a2V5IG9mIGFuIGFjY291bnQgdGhhdCB0aGVyZSBpcyBub3Q=";

/// What mutations begin with: each way in which the portal and the emulator write one.
const DOCUMENTS: [&str; 5] = [
    "DefaultEndpointsProtocol=https;AccountName=lake7;AccountKey=a2V5IG9mIGFuIGFjY291bnQgdGhhdCB0aGVyZSBpcyBub3Q=;EndpointSuffix=core.windows.net",
    "BlobEndpoint=https://lake7.blob.core.windows.net/;QueueEndpoint=https://lake7.queue.core.windows.net/;SharedAccessSignature=sv=2024-11-04&ss=bq&srt=sco&sp=rl&se=9999-01-01T00:00:00Z&sig=a2V5IG9mIGFuIGFjY291bnQgdGhhdCB0aGVyZSBpcyBub3Q%3D",
    "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1;",
    "\"AccountName=lake7;AccountKey=a2V5IG9mIGFuIGFjY291bnQgdGhhdCB0aGVyZSBpcyBub3Q=;BlobEndpoint=http://127.0.0.1:10000/lake7\"\r\n",
    KEY,
];

/// What means something to the reader.
const WORDS: [&str; 18] = [
    ";",
    "=",
    "==",
    "\u{feff}",
    "\"",
    "'",
    "\n",
    "AccountName=",
    "AccountKey=",
    "BlobEndpoint=",
    "QueueEndpoint=",
    "SharedAccessSignature=?",
    "sig=",
    "&",
    "https://",
    "http://u:p@",
    "true",
    "%00",
];

fn read(connector: &Connector, text: &str) -> Outcome {
    let location = Location::Account("lake7".into());
    match connector.connect_with(&location, Some(text)) {
        Ok(account) => {
            assert!(account.endpoint().starts_with("http"));
            Outcome::Read
        }
        Err(problem) => {
            let problem = problem.to_string();
            is_a_sentence_of(1000, &problem);
            // Each part of the key is as secret as all of it.
            let parts = (0..KEY.len() - 12).map(|at| &KEY[at..at + 12]);
            let told = parts.into_iter().find(|part| problem.contains(part));
            assert_eq!(told, None, "{problem}");
            Outcome::Refused
        }
    }
}

#[tokio::test]
async fn whatever_a_credential_holds_signs_in_or_is_told_in_a_sentence_without_a_secret() {
    let connector = Connector {
        credentials_dir: None,
        allowed_endpoints: Vec::new(),
        ..Connector::default()
    };
    feed(|rng| {
        let bytes = mutated(rng, &DOCUMENTS, &WORDS);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let connector = &connector;
        (text.clone().into_bytes(), move || read(connector, &text))
    });
}
