//! Currencies: their signs, and their codes.

/// Signs of money, and the code of each; `¤` is none of them.
const SIGNS: [(&str, &str); 50] = [
    ("US$", "usd"),
    ("HK$", "hkd"),
    ("NT$", "twd"),
    ("NZ$", "nzd"),
    ("MX$", "mxn"),
    ("CA$", "cad"),
    ("AU$", "aud"),
    ("R$", "brl"),
    ("A$", "aud"),
    ("C$", "cad"),
    ("S$", "sgd"),
    ("$", "usd"),
    ("€", "eur"),
    ("£", "gbp"),
    ("￡", "gbp"),
    ("CN¥", "cny"),
    ("¥", "jpy"),
    ("￥", "jpy"),
    ("¢", "cent"),
    ("₹", "inr"),
    ("₨", "inr"),
    ("Rs.", "inr"),
    ("Rs", "inr"),
    ("Rp.", "idr"),
    ("Rp", "idr"),
    ("SFr.", "chf"),
    ("Fr.", "chf"),
    ("kr.", "kr"),
    ("kr", "kr"),
    ("Kč", "czk"),
    ("₽", "rub"),
    ("₩", "krw"),
    ("￦", "krw"),
    ("₺", "try"),
    ("₪", "ils"),
    ("₫", "vnd"),
    ("₱", "php"),
    ("₦", "ngn"),
    ("฿", "thb"),
    ("₴", "uah"),
    ("₸", "kzt"),
    ("₡", "crc"),
    ("₲", "pyg"),
    ("₵", "ghs"),
    ("₮", "mnt"),
    ("₼", "azn"),
    ("₾", "gel"),
    ("₿", "btc"),
    ("៛", "khr"),
    ("zł", "pln"),
];

/// Codes of money (ISO 4217) that may stand before a number. Other words there are part of a name: `city 44`.
const CODES: [&str; 66] = [
    "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "RMB", "INR", "AUD", "CAD", "NZD", "SEK", "NOK",
    "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "RUB", "UAH", "ZAR", "BRL", "MXN",
    "ARS", "CLP", "COP", "PEN", "KRW", "SGD", "HKD", "TWD", "THB", "IDR", "MYR", "PHP", "VND",
    "ILS", "AED", "SAR", "EGP", "NGN", "KES", "GHS", "TZS", "UGX", "TND", "QAR", "KWD", "BHD",
    "OMR", "JOD", "PKR", "BDT", "LKR", "NPR", "KZT", "GEL", "RSD", "UYU", "PYG", "CRC", "DOP",
    "XOF",
];

/// A currency before a number.
pub(super) fn paid(text: &str) -> (&str, Option<String>) {
    for (sign, code) in SIGNS {
        if let Some(rest) = text.strip_prefix(sign) {
            return (rest.trim_start(), Some(code.to_owned()));
        }
    }
    let code = text
        .get(..3)
        .filter(|code| CODES.iter().any(|it| it.eq_ignore_ascii_case(code)));
    match code {
        Some(code) => (text[3..].trim_start(), Some(code.to_lowercase())),
        None => (text, None),
    }
}

/// The code of a sign.
pub(super) fn code(sign: &str) -> Option<&'static str> {
    let found = SIGNS.iter().find(|(it, _)| *it == sign);
    found.map(|(_, code)| *code)
}
