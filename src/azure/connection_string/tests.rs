#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const KEY: &str = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA==";

fn parse(text: &str) -> ConnectionString {
    ConnectionString::parse(text).unwrap()
}

fn refusal(text: &str) -> String {
    ConnectionString::parse(text).unwrap_err()
}

#[test]
fn the_portals_string_is_understood() {
    let it = parse(&format!(
        "DefaultEndpointsProtocol=https;AccountName=store;AccountKey={KEY};EndpointSuffix=core.windows.net"
    ));
    assert_eq!(it.account, "store");
    assert_eq!(it.endpoint.as_str(), "https://store.blob.core.windows.net");
    assert_eq!(it.proof, SignInWith::Key(Secret::new(KEY)));
}

#[test]
fn case_spaces_order_line_ends_quotes_and_other_services_do_not_matter() {
    let plain = parse(&format!("AccountName=store;AccountKey={KEY}"));
    for text in [
        format!("\u{feff} accountname = store ; ACCOUNTKEY = {KEY} ;\r\n"),
        format!("AccountKey={KEY};AccountName=store;;"),
        format!("\"AccountName=store;AccountKey={KEY}\"\n"),
        format!("'AccountName=store;AccountKey={KEY}'"),
        format!("AccountName=store;AccountName=store;AccountKey={KEY}"),
        format!("AccountName=store;AccountKey={KEY};TableEndpoint=https://t;Later2030=x"),
        format!("AccountName=store;AccountKey={KEY};SharedAccessSignature="),
    ] {
        assert_eq!(parse(&text), plain, "{text}");
    }
}

#[test]
fn endpoints_of_other_clouds_and_of_the_emulator() {
    let endpoint = |rest: &str| {
        parse(&format!("AccountName=store;AccountKey={KEY};{rest}"))
            .endpoint
            .as_str()
            .to_owned()
    };
    assert_eq!(
        endpoint("EndpointSuffix=core.chinacloudapi.cn"),
        "https://store.blob.core.chinacloudapi.cn"
    );
    assert_eq!(
        endpoint("DefaultEndpointsProtocol=http"),
        "http://store.blob.core.windows.net"
    );
    assert_eq!(
        endpoint("BlobEndpoint=http://store.argo.svc:10000/;EndpointSuffix=ignored"),
        "http://store.argo.svc:10000"
    );
    let it = parse("UseDevelopmentStorage=true");
    assert_eq!(
        it.endpoint.as_str(),
        "http://127.0.0.1:10000/devstoreaccount1"
    );
    assert_eq!(it.account, "devstoreaccount1");
    let it = parse("usedevelopmentstorage=TRUE;DevelopmentStorageProxyUri=http://azurite/");
    assert_eq!(
        it.endpoint.as_str(),
        "http://azurite:10000/devstoreaccount1"
    );
}

#[test]
fn a_sas_needs_no_account_name() {
    let it = parse(
        "BlobEndpoint=https://store.blob.core.windows.net/;SharedAccessSignature=?sv=2022-11-02&sp=rl&sig=a%2Bb%3D",
    );
    assert_eq!(it.account, "store");
    assert_eq!(
        it.proof,
        SignInWith::Sas(Secret::new("sv=2022-11-02&sp=rl&sig=a%2Bb%3D"))
    );
}

#[test]
fn a_bare_plus_in_a_signature_is_the_digit_that_it_is() {
    let it = parse(
        "AccountName=a;SharedAccessSignature=sv=1&sig=a+b/c+%3D&se=2030-01-01T00:00:00+01:00",
    );
    assert_eq!(
        it.proof,
        SignInWith::Sas(Secret::new(
            "sv=1&sig=a%2Bb/c%2B%3D&se=2030-01-01T00:00:00+01:00"
        ))
    );
}

#[test]
fn what_is_wrong_is_named() {
    let key = format!("AccountKey={KEY}");
    for (text, named) in [
        ("", "empty"),
        ("\u{feff}\n", "empty"),
        ("hunter2", "not a connection string"),
        ("AccountName=store", "neither `AccountKey`"),
        ("AccountName=store;AccountKey=%%%", "`AccountKey`"),
        ("AccountName=store;AccountKey=", "neither `AccountKey`"),
        (&key, "neither `AccountName`"),
        (&format!("BlobEndpoint=https://h;{key}"), "no `AccountName`"),
        (&format!("AccountName=a;AccountName=b;{key}"), "two values"),
        (&format!("AccountName=a/b;{key}"), "`AccountName`"),
        (
            &format!("AccountName=a;EndpointSuffix=x/y;{key}"),
            "`EndpointSuffix`",
        ),
        (
            &format!("AccountName=a;DefaultEndpointsProtocol=ftp;{key}"),
            "`DefaultEndpointsProtocol`",
        ),
        (
            &format!("AccountName=a;BlobEndpoint=nowhere;{key}"),
            "`BlobEndpoint`",
        ),
        (
            &format!("AccountName=a;{key};SharedAccessSignature=sig=x"),
            "both",
        ),
        (
            "AccountName=a;SharedAccessSignature=sv=1",
            "`SharedAccessSignature`",
        ),
        (
            "AccountName=a;SharedAccessSignature=sig=a b",
            "`SharedAccessSignature` of the connection string has a character",
        ),
        ("UseDevelopmentStorage=false", "`UseDevelopmentStorage`"),
        (
            "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=x",
            "`DevelopmentStorageProxyUri`",
        ),
    ] {
        let problem = refusal(text);
        assert!(problem.contains(named), "{text}: {problem}");
    }
}

#[test]
fn no_secret_is_shown() {
    let texts = [
        format!("AccountName=store;AccountKey={KEY}"),
        format!("AccountName=store;SharedAccessSignature=sv=1&sig={KEY}"),
        format!("AccountName=store;AccountKey={KEY}!"),
        format!("AccountName=store;AccountKey={KEY};AccountKey=b"),
        format!("AccountName=store;AccountKey={KEY};SharedAccessSignature=sig={KEY}"),
        format!("AccountName=store;SharedAccessSignature={KEY}"),
        format!("BlobEndpoint=https://x?sig={KEY};AccountName=store"),
        format!("https://store/?sig={KEY}"),
        KEY.to_owned(),
    ];
    for text in texts {
        let shown = format!("{:?}", ConnectionString::parse(&text));
        assert!(!shown.contains(&KEY[..12]), "{shown}");
    }
}

proptest! {
    #[test]
    fn any_text_never_panics(text in any::<String>()) {
        let _ = ConnectionString::parse(&text);
    }

    #[test]
    fn refusals_hold_no_value(value in "[a-z0-9]{16,32}", key in "(AccountKey|SharedAccessSignature|BlobEndpoint|UseDevelopmentStorage|Junk)") {
        if let Err(problem) = ConnectionString::parse(&format!("{key}={value};{value}")) {
            prop_assert!(!problem.contains(&value));
        }
    }
}
