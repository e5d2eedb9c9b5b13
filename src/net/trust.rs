//! What a certificate that is not trusted means, for people. The same for the storage account and for the API server.

/// What is wrong with the certificate that a server showed, and what to do about it; `None` when `cause`, the words of
/// the TLS library, is about something else.
pub fn distrust(cause: &str) -> Option<String> {
    let reason = cause.split_once("invalid peer certificate: ")?.1;
    let means = if reason.starts_with("UnknownIssuer") {
        "it is signed by an authority that this machine does not know: a private one, or that of a proxy which \
         inspects TLS. Let `SSL_CERT_FILE` name a PEM file with all authorities to trust (docs/operations.md, Certificates)"
    } else if reason.starts_with("BadSignature") {
        "an authority of the same name is known here, with another key: the authority was replaced, or another server answers. Let \
         `SSL_CERT_FILE` name a PEM file with the certificate that it has now (docs/operations.md, Certificates)"
    } else if reason.contains("not valid for name") || reason.starts_with("NotValidForName") {
        "it is for another host: see whether the URL is right, and whether another server answers"
    } else if reason.to_ascii_lowercase().contains("expired") {
        "it has expired: see whether the clock of this machine is right, or have the certificate renewed"
    } else if reason.to_ascii_lowercase().contains("not valid yet")
        || reason.starts_with("NotValidYet")
    {
        "it is not valid yet: see whether the clock of this machine is right"
    } else {
        "see whether another server answers"
    };
    Some(format!(
        "the server's certificate is not trusted ({reason}): {means}"
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::net::trust::*;

    #[test]
    fn each_reason_has_its_own_advice() {
        for (reason, advice) in [
            ("UnknownIssuer", "`SSL_CERT_FILE`"),
            (
                "certificate not valid for name \"localhost\"; certificate is only valid for DnsName(\"other\")",
                "another host",
            ),
            ("NotValidForName", "another host"),
            ("certificate expired: verification time 9 (UNIX)", "renewed"),
            ("Expired", "renewed"),
            (
                "certificate not valid yet: verification time 9",
                "it is not valid yet",
            ),
            ("BadSignature", "of the same name"),
            ("Revoked", "another server"),
        ] {
            let said = distrust(&format!("invalid peer certificate: {reason}")).unwrap();
            assert!(said.contains(&format!("({reason}): ")), "{said}");
            assert!(said.contains(advice), "{said}");
        }
        assert_eq!(distrust("Connection refused (os error 111)"), None);
    }
}
