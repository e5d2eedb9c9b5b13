//! What is said about the value of each key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn accounts_and_endpoints_are_checked() {
    assert_eq!(
        added("endpoint: https://x.blob.core.windows.net"),
        "give `account` or `endpoint`, not both"
    );
    let account = |value: &str| told(&format!("account: {value}\ncontainer: datasets\n"));
    let allowed = "allowed are 3 to 24 lower-case letters and digits";
    for bad in ["ab", "a-b-c", "abcdefghijklmnopqrstuvwxy", "äbc"] {
        assert_eq!(account(bad), format!("account: found `{bad}`; {allowed}"));
    }
    assert_eq!(
        account("Abc"),
        format!("account: found `Abc`; {allowed}: write `abc`")
    );
    for (bad, cure) in [
        ("store.blob.core.windows.net", "write `account: store`"),
        (
            "https://store.blob.core.windows.net",
            "write `account: store`",
        ),
        (
            "store.blob.core.chinacloudapi.cn",
            "write `endpoint: https://store.blob.core.chinacloudapi.cn`",
        ),
        (
            "http://azurite:10000",
            "lower-case letters and digits (for a URL use `endpoint`)",
        ),
    ] {
        let told = account(bad);
        assert!(
            told.starts_with("account: found `") && told.ends_with(cure),
            "{told}"
        );
    }
    let allowed = "allowed is a URL such as https://NAME.blob.core.windows.net";
    for (bad, cure) in [
        (
            "store.blob.core.windows.net",
            "write `https://store.blob.core.windows.net`",
        ),
        ("127.0.0.1:21100", "write `http://127.0.0.1:21100`"),
        (
            "localhost:10000/acct",
            "write `http://localhost:10000/acct`",
        ),
        ("azurite:10000/acct", "write `https://azurite:10000/acct`"),
        ("https://x:99999", "a port is a number from 1 to 65535"),
        ("https://x:0/", "a port is a number from 1 to 65535"),
        (
            "https://store.queue.core.windows.net",
            "which is the queue service of the account; write `https://store.blob.core.windows.net`",
        ),
        (
            "https://store.z12.dfs.storage.azure.net",
            "which is the dfs service of the account; write `https://store.z12.blob.storage.azure.net`",
        ),
        (
            "https://store.blob.core.windows.net/datasets",
            "with the path `datasets`; write the container under `container`, and here \
             `https://store.blob.core.windows.net`",
        ),
    ] {
        let told = endpoint(bad);
        assert!(
            told.starts_with("endpoint: found `") && told.ends_with(cure),
            "{told}"
        );
    }
    for bad in [
        "store",
        "ftp://x",
        "https://",
        "'https://x y'",
        "'https://x\\y'",
    ] {
        let found = bad.trim_matches('\'');
        assert_eq!(
            endpoint(bad),
            format!("endpoint: found `{found}`; {allowed}")
        );
    }
    assert_eq!(
        endpoint("https://x.blob.core.windows.net/?sv=2026&sig=abc"),
        "endpoint: has a query (`?…`); if it is a SAS, put it in a `credential`"
    );
    assert_eq!(
        endpoint("https://me:secret@x"),
        "endpoint: has a user name or a secret in it; put it in a `credential`"
    );
    assert_eq!(
        endpoint("https://x/#top"),
        "endpoint: found `https://x/#top`; remove the part from `#` on"
    );
}

#[test]
fn where_a_queue_is_is_checked_as_where_the_blobs_are() {
    let queue = |place: &str| added(&format!("source: {{queue: {{name: q-1, {place}}}}}"));
    assert_eq!(
        queue("account: others, endpoint: 'https://others.queue.core.windows.net'"),
        "source.queue: give `account` or `endpoint`, not both"
    );
    for (place, problem) in [
        (
            "account: x.queue.core.windows.net",
            "account: found `x.queue.core.windows.net`; write `account: x`",
        ),
        (
            "endpoint: 'https://store.blob.core.windows.net'",
            "endpoint: found `https://store.blob.core.windows.net/`, which is the blob service of the account; write \
             `https://store.queue.core.windows.net`",
        ),
        (
            "endpoint: others",
            "endpoint: found `others`; allowed is a URL such as https://NAME.queue.core.windows.net",
        ),
        (
            "endpoint: 'https://x/?sv=2026&sig=abc'",
            "endpoint: has a query (`?…`); if it is a SAS, put it in a `credential`",
        ),
        (
            "endpoint: 'https://me:secret@x'",
            "endpoint: has a user name or a secret in it; put it in a `credential`",
        ),
        (
            "endpoint: ",
            "endpoint: is empty; give a value or remove the key",
        ),
    ] {
        assert_eq!(queue(place), format!("source.queue.{problem}"));
    }
}

#[test]
fn containers_are_checked() {
    let rule = "allowed are 3 to 63 lower-case letters, digits and single hyphens, \
                a letter or digit first and last";
    for (bad, cure) in [
        ("raw/x", "write `container: raw` and `prefix: x/`"),
        ("datasets/", "write `container: datasets`"),
        (
            "https://store.blob.core.windows.net/datasets",
            "write `account: store` and `container: datasets`",
        ),
        ("Raw", "`$logs`): write `raw`"),
    ] {
        let told = container(bad);
        assert!(
            told.starts_with("container: found `") && told.ends_with(cure),
            "{told}"
        );
    }
    for bad in ["ab", "a--b", "-abc", "abc-", "a_b", "$other"] {
        assert_eq!(
            container(bad),
            format!("container: found `{bad}`; {rule} (or `$root`, `$web`, `$logs`)")
        );
    }
    assert_eq!(
        container(".."),
        "container: found `..`; that is a path, give a container's name"
    );
    for fine in ["abc", "0-1", "$root", "$web", "$logs", &"a".repeat(63)] {
        good(&format!("account: abc\ncontainer: {fine}\n"));
    }
    assert_eq!(
        added("state: {container: $web}"),
        format!("state.container: found `$web`; {rule}")
    );
    assert_eq!(
        added("state: {container: datasets}"),
        "state.container: is the container that is watched; the ledger's own blobs would be \
         announced"
    );
}

#[test]
fn names_of_files_and_sources_are_checked() {
    for bad in [
        "''",
        "a/b",
        "a\\b",
        "..",
        "a..b",
        ".hidden",
        "\"a\\0b\"",
        &"x".repeat(254),
    ] {
        let told = added(&format!("credential: {bad}"));
        assert!(told.starts_with("credential: found `"), "{told}");
        assert!(
            told.ends_with(
                "`; allowed is the name of a file in the server's credentials directory: \
                 1 to 253 bytes, no `/`, `\\`, `..` or control character, no leading dot"
            ),
            "{told}"
        );
    }
    assert_eq!(
        added("credential: 'AccountName=x;AccountKey=y'"),
        "credential: is a secret itself (not shown); allowed is the name of a file in the \
         server's credentials directory"
    );
    assert_eq!(
        added("credential: UseDevelopmentStorage=true"),
        "credential: is a connection string (not shown); put it into a file, and write the file's name here: allowed is the \
         name of a file in the server's credentials directory"
    );
    for bad in ["", "A", "-a", "a-", "a.b", &"x".repeat(64)] {
        let told = added(&format!("id: '{bad}'"));
        assert!(
            told.ends_with(
                "`; allowed are 1 to 63 lower-case letters, digits and hyphens, \
                 a letter or digit first and last"
            ),
            "{told}"
        );
    }
    good(&format!("{GOOD}id: a--b\n"));
}

#[test]
fn filters_are_checked() {
    assert_eq!(
        added(&format!("prefix: {}", "é".repeat(1025))),
        "prefix: is 1025 characters long; at most 1024 are allowed"
    );
    good(&format!("{GOOD}prefix: {}\n", "é".repeat(1024)));
    assert_eq!(
        added("pattern: []"),
        "pattern: is an empty list; give a pattern or remove the key"
    );
    assert_eq!(
        added("pattern: [~, 5, '!', a]"),
        "pattern[0]: is empty; give a pattern or remove the item\n\
         pattern[1]: found the number 5; put it in quotes\n\
         pattern[2]: the pattern is empty; `**` matches every name"
    );
    assert_eq!(
        added("pattern: a**"),
        "pattern: the pattern has a `**` at character 2 that is not a whole path segment; write `a/**`"
    );
    assert_eq!(
        added("pattern: '**/*.csv,**/*.tsv'"),
        "pattern: the pattern is several globs in one text; write a list: `[\"**/*.csv\", \"**/*.tsv\"]`"
    );
    assert_eq!(
        added("pattern: |\n  **/*.csv"),
        "pattern: the pattern ends in a line break; write it on the line of its key, without `|` and `>`: `\"**/*.csv\"`"
    );
    assert_eq!(
        added("pattern: “**/*.csv”"),
        "pattern: the pattern has quotes that YAML does not know; write straight ones: `\"**/*.csv\"`"
    );
    assert_eq!(
        added("prefix: raw/\npattern: [raw/a, in/*.csv]"),
        "pattern[1]: prefix `raw/` and pattern `in/*.csv` have no name in common: `pattern` is about the whole name, the \
         prefix included; write `\"raw/in/*.csv\"`, or remove `prefix`"
    );
    assert_eq!(
        added(&format!("pattern: ['a[',{}]", "a,".repeat(64))),
        "pattern: there are 65 patterns; at most 64 are allowed (`{a,b}` puts several into one)"
    );
}

#[test]
fn durations_are_checked() {
    let form = "allowed is a duration such as 30s, 5m, 1h30m, 2d or 250ms";
    assert_eq!(
        added("minAge: 30"),
        "minAge: found the number 30; write a unit, such as 30s"
    );
    assert_eq!(
        added("minAge: 0"),
        "minAge: found the number 0; write a unit, such as 0s"
    );
    assert_eq!(
        added("minAge: -5"),
        "minAge: found the number -5; write a unit, such as 5s"
    );
    for bad in ["1w", "-5s", ".nan", "", "s", "99999999999999999999999999h"] {
        assert_eq!(
            added(&format!("minAge: '{bad}'")),
            format!("minAge: found the text `{bad}`; {form}")
        );
    }
    assert_eq!(
        added("minAge: true"),
        format!("minAge: found the boolean true; {form}")
    );
    assert_eq!(
        added("minAge: 8761h"),
        "minAge: found `8761h`; allowed are 0s to 8760h"
    );
    let interval = |value: &str| added(&format!("source: {{listing: {{interval: {value}}}}}"));
    let bounds = "allowed are 1s to 24h";
    assert_eq!(
        interval("999ms"),
        format!("source.listing.interval: found `999ms`; {bounds}")
    );
    assert_eq!(
        interval("24h1s"),
        format!("source.listing.interval: found `24h1s`; {bounds}")
    );
    assert_eq!(
        added("limits: {settle: 61m}"),
        "limits.settle: found `61m`; allowed are 0s to 1h"
    );
}

#[test]
fn existing_is_checked() {
    assert_eq!(
        added("existing: all"),
        "existing: found the text `all`; allowed: `skip`, `emit` or `{since: 2026-01-01T00:00:00Z}`"
    );
    let allowed = "allowed is a date such as 2026-01-01, or a date and time with zone such as 2026-01-01T00:00:00Z";
    for bad in [
        "2026-1-1",
        "2026-02-30",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00+23:59",
    ] {
        assert_eq!(
            added(&format!("existing: {{since: {bad}}}")),
            format!("existing.since: found the text `{bad}`; {allowed}")
        );
    }
    assert_eq!(
        added("existing: {since: 2026}"),
        format!("existing.since: found the number 2026; {allowed}")
    );
    // What `replay --since` takes.
    assert_eq!(
        good(&format!("{GOOD}existing: {{since: 2026-01-31}}\n")).existing,
        Existing::Since(datetime!(2026-01-31 0:00 UTC))
    );
    for ago in ["2h", "7d", "90m"] {
        assert_eq!(
            added(&format!("existing: {{since: {ago}}}")),
            format!(
                "existing.since: found `{ago}`, which is a time before now and would move with each restart; write a date such \
                 as 2026-01-01, or a date and time with zone such as 2026-01-01T00:00:00Z"
            )
        );
    }
}
