//! Sizes in bytes, as Kubernetes writes quantities.

use super::raw::Value;

const UNITS: [(&str, u64); 9] = [
    ("", 1),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

/// The bytes that a value says: `500Mi`, `10Gi`, `1000000`.
pub(super) fn read(value: &Value) -> Result<u64, String> {
    let text = match value {
        Value::Number(text) | Value::Text(text) => text.as_str(),
        _ => "",
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = UNITS.iter().find(|(name, _)| *name == unit);
    let number: Option<u64> = number.parse().ok();
    let bytes = factor
        .zip(number)
        .and_then(|((_, factor), number)| number.checked_mul(*factor));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| {
        let found = value.described();
        format!("found {found}; allowed is a size of 1 byte or more, such as `500Mi` or `10Gi`")
    })
}

/// A text that [`read`] reads to the same number.
#[cfg(test)]
pub(super) fn write(bytes: u64) -> String {
    let fits = |(_, factor): &&(&str, u64)| bytes.is_multiple_of(*factor) && bytes >= *factor;
    let (unit, factor) = UNITS[..5].iter().rfind(fits).unwrap_or(&UNITS[0]);
    format!("{}{unit}", bytes / factor)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_units_of_kubernetes() {
        let text = |text: &str| read(&Value::Text(text.to_owned()));
        assert_eq!(text("10Gi"), Ok(10 << 30));
        assert_eq!(text("500M"), Ok(500_000_000));
        assert_eq!(read(&Value::Number("1000000".to_owned())), Ok(1_000_000));
        assert_eq!(write(text("10Gi").unwrap()), "10Gi");
        for bad in [
            "",
            "0",
            "-1",
            "1.5Gi",
            "10GB",
            "10 Gi",
            "Gi",
            "99999999999Ti",
        ] {
            let problem = text(bad).unwrap_err();
            assert!(problem.contains("such as `500Mi`"), "{bad}: {problem}");
        }
        assert!(read(&Value::Bool(true)).is_err());
    }
}
