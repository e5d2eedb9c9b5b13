//! Whatever an EventSource has as its configuration, it is one, or each mistake is told.

use azure_blob_eventsource::config::SourceConfig;

use crate::feed::{Outcome, feed, mutated};

const DOCUMENTS: [&str; 3] = [
    "endpoint: https://lake7.blob.core.windows.net\ncontainer: raw\nprefix: in/\npattern: [\"**/*.csv\", \"!**/tmp/**\"]\n\
     credential: azure-storage\nexisting: {since: 2026-11-02T08:15:30Z}\nstate: {container: eventsource-state}\n\
     source: {listing: {interval: 30s}, queue: {name: events}}\nconfirm: {workflows: {namespace: ml}}\n\
     limits: {inFlight: 100, activeWorkflows: 20}\nredelivery: {deadline: 60s}\nid: datasets\n",
    "{\"endpoint\": \"http://127.0.0.1:10000/devstoreaccount1\", \"container\": \"raw\", \"minAge\": \"1m\", \
     \"batch\": {\"by\": {\"depth\": 2}, \"quiet\": \"5m\", \"maxBytes\": \"10Gi\"}, \"version\": \"content\"}",
    "apiVersion: ml.example.com/v1\nkind: AzureBlobWatcher\nmetadata: {name: w}\nspec: {containerName: raw}\n",
];

const WORDS: [&str; 20] = [
    "{", "}", "[", "]", "\"", ":", "\n", "- ", "&a ", "*a", "!!str ", "|\n ", "---\n", "null",
    "1e999", "30s", "1d", "\\u0000", "interval", "\u{feff}",
];

#[test]
fn whatever_a_configuration_holds_is_read_or_each_mistake_is_told() {
    feed(|rng| {
        let bytes = mutated(rng, &DOCUMENTS, &WORDS);
        (bytes.clone(), move || match SourceConfig::parse(&bytes) {
            Ok(_) => Outcome::Read,
            Err(problem) => {
                assert!((1..=101).contains(&problem.mistakes.len()));
                for mistake in &problem.mistakes {
                    assert!(mistake.to_string().len() < 4000, "{mistake}");
                }
                Outcome::Refused
            }
        })
    });
}
