//! What a certificate that is not trusted means, for people. The same for the storage account, for the API server and
//! for our own.

/// How a client of Azure or of the cluster gets to know an authority.
pub const BY_VARIABLE: &str = "Let `SSL_CERT_FILE` name a PEM file with all authorities to trust (docs/operations.md, Certificates)";
/// How a client of our own server gets to know an authority.
pub const BY_OPTION: &str = "Give the PEM file of the authority with --ca-file";

/// What is wrong with the certificate that a server showed, and what to do about it, where `how` says how an authority
/// gets known; `None` when `cause`, the words of the TLS library, is about something else.
pub fn distrust(cause: &str, how: &str) -> Option<String> {
    let reason = short(cause.split_once("invalid peer certificate: ")?.1);
    let means = if reason.starts_with("UnknownIssuer") {
        format!(
            "it is signed by an authority that this machine does not know: a private one, or that of a proxy which \
             inspects TLS. {how}"
        )
    } else if reason.starts_with("BadSignature")
        || reason.starts_with("UnsupportedSignatureAlgorithm")
    {
        format!(
            "an authority of the same name is known here, with another key: the authority was replaced, or another server \
             answers. {how}, as it is now"
        )
    } else {
        of_the_certificate(reason).to_owned()
    };
    Some(format!(
        "the server's certificate is not trusted ({reason}): {means}"
    ))
}

fn of_the_certificate(reason: &str) -> &'static str {
    let lower = reason.to_ascii_lowercase();
    if reason.starts_with("CaUsedAsEndEntity") {
        "it is the certificate of an authority, and a server needs one of its own: make one, for example with \
         `openssl req -x509 … -addext basicConstraints=critical,CA:FALSE`"
    } else if reason.contains("not valid for name") || reason.starts_with("NotValidForName") {
        "it is for another host: check whether the URL is right and whether another server answers"
    } else if lower.contains("expired") {
        "it has expired: renew the certificate, or check whether the clock of this machine is right"
    } else if lower.contains("not valid yet") || reason.starts_with("NotValidYet") {
        "it is not valid yet: check whether the clock of this machine is right"
    } else {
        "check whether another server answers"
    }
}

// The library shows the reason as its source code has it, with all that belongs to it.
fn short(reason: &str) -> &str {
    let reason = reason.split(" {").next().unwrap_or_default();
    let inner = reason
        .strip_prefix("Other(OtherError(")
        .and_then(|it| it.strip_suffix("))"));
    inner.unwrap_or(reason)
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
            ("certificate expired: verification time 9 (UNIX)", "renew"),
            ("Expired", "renew"),
            (
                "certificate not valid yet: verification time 9",
                "it is not valid yet",
            ),
            ("BadSignature", "of the same name"),
            (
                "UnsupportedSignatureAlgorithmForPublicKeyContext",
                "of the same name",
            ),
            ("CaUsedAsEndEntity", "CA:FALSE"),
            ("Revoked", "another server"),
        ] {
            let said =
                distrust(&format!("invalid peer certificate: {reason}"), BY_VARIABLE).unwrap();
            assert!(said.contains(&format!("({reason}): ")), "{said}");
            assert!(said.contains(advice), "{said}");
        }
        let refused = distrust("Connection refused (os error 111)", BY_VARIABLE);
        assert_eq!(refused, None);
    }

    #[test]
    fn a_reason_is_a_word() {
        for (reason, word) in [
            ("Other(OtherError(CaUsedAsEndEntity))", "CaUsedAsEndEntity"),
            (
                "UnsupportedSignatureAlgorithmForPublicKeyContext { signature_algorithm_id: [48] }",
                "UnsupportedSignatureAlgorithmForPublicKeyContext",
            ),
        ] {
            let said = distrust(&format!("invalid peer certificate: {reason}"), BY_OPTION);
            let said = said.unwrap();
            assert!(said.contains(&format!(" ({word}): ")), "{said}");
        }
        let unknown = distrust("invalid peer certificate: UnknownIssuer", BY_OPTION).unwrap();
        assert!(unknown.ends_with("with --ca-file"), "{unknown}");
    }
}
