//! The names of months and weekdays.

/// The months in English, German, French, Spanish, Italian and Portuguese, in small letters without accents.
const MONTHS: [&[&str]; 12] = [
    &[
        "january", "januar", "janvier", "enero", "gennaio", "janeiro",
    ],
    &[
        "february",
        "februar",
        "fevrier",
        "febrero",
        "febbraio",
        "fevereiro",
    ],
    &["march", "marz", "maerz", "mars", "marzo", "marco"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maggio", "maio"],
    &["june", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "aout", "agosto"],
    &[
        "september",
        "septembre",
        "septiembre",
        "settembre",
        "setembro",
    ],
    &[
        "october", "oktober", "octobre", "octubre", "ottobre", "outubro",
    ],
    &["november", "novembre", "noviembre", "novembro"],
    &[
        "december",
        "dezember",
        "decembre",
        "diciembre",
        "dicembre",
        "dezembro",
    ],
];

/// The weekdays in English, German, French, Spanish and Italian, likewise.
const WEEKDAYS: [&str; 36] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "lunedi",
    "martedi",
    "mercoledi",
    "giovedi",
    "venerdi",
    "sabato",
    "domenica",
];

/// The two letters that German has for them.
const TWO_LETTERS: [&str; 7] = ["mo", "di", "mi", "do", "fr", "sa", "so"];

/// The number of a month, by its name or the first letters of it.
pub fn month(word: &str) -> Option<u32> {
    let is_named = |names: &[&str]| names.iter().any(|name| is_short(word, name));
    let mut named = (1..).zip(MONTHS).filter(|(_, names)| is_named(names));
    let (month, _) = named.next()?;
    // `jui` may be June or July in French.
    named.next().is_none().then_some(month)
}

/// Whether a word is a weekday, or the first letters of one.
pub fn weekday(word: &str) -> bool {
    TWO_LETTERS.iter().any(|it| it.eq_ignore_ascii_case(word))
        || WEEKDAYS.iter().any(|it| is_short(word, it))
}

/// Whether a word is a name, or the first three to five letters of it, as `Sept`, `Tues` and `Thurs` are.
fn is_short(word: &str, name: &str) -> bool {
    let mut letters = name.chars();
    let mut length = 0;
    for letter in word.chars() {
        if letters.next() != Some(plain(letter)) {
            return false;
        }
        length += 1;
    }
    (3..=5).contains(&length) || (length > 5 && letters.next().is_none())
}

/// A letter in small, without an accent that the name of a month or a weekday has.
fn plain(letter: char) -> char {
    match letter {
        'ä' | 'Ä' => 'a',
        'á' | 'Á' => 'a',
        'ì' | 'Ì' => 'i',
        'é' | 'É' => 'e',
        'û' | 'Û' => 'u',
        'ç' | 'Ç' => 'c',
        _ => letter.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_of_a_month_is_known_and_so_are_its_first_letters_unless_another_month_has_them() {
        for (number, names) in (1..).zip(MONTHS) {
            for name in names {
                assert_eq!(month(name), Some(number), "{name}");
                for end in 3..=name.len().min(5) {
                    let wanted = Some(number).filter(|_| &name[..end] != "jui");
                    assert_eq!(month(&name[..end]), wanted, "{}", &name[..end]);
                }
            }
        }
        for (name, number) in [
            ("März", 3),
            ("FÉVRIER", 2),
            ("août", 8),
            ("Março", 3),
            ("déc", 12),
        ] {
            assert_eq!(month(name), Some(number), "{name}");
        }
        for word in ["ma", "marché", "septem", "mayor"] {
            assert_eq!(month(word), None, "{word}");
        }
    }
}
