//! Which mark is the decimal one in a column: a point or a comma. `1.234` may be one and a bit, or a thousand and more.

use std::cmp::Ordering;

use super::{Numerals, number};

/// How many numbers with three digits behind their only mark make thousands certain, where smaller ones have no mark: of as
/// many decimal numbers, some would end with a 0 and so be shorter.
const ENOUGH: u64 = 40;

/// From where on a number in groups of digits has a mark.
const THOUSAND: f64 = 1000.0;

/// How the numbers of a column use points and commas.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// How many have a decimal point or a decimal comma for sure.
    points: u64,
    commas: u64,
    /// How many have one point or one comma that may be decimal or not.
    open_points: u64,
    open_commas: u64,
    /// The first of these.
    example: Option<String>,
    /// How many have no mark, below a thousand and from there on.
    small: u64,
    large: u64,
}

impl Marks {
    /// Takes the next value of the column.
    pub fn add(&mut self, field: &str) {
        let (has_point, has_comma) = (field.contains('.'), field.contains(','));
        if has_point && !has_comma && is_decimal(field) {
            self.points += 1;
            return;
        }
        let point = number(field, Numerals::Point);
        if !has_point && !has_comma {
            match point {
                Some(number) if number.abs() < THOUSAND => self.small += 1,
                Some(_) => self.large += 1,
                None => {}
            }
            return;
        }
        match (point, number(field, Numerals::Comma)) {
            (Some(_), None) => self.points += 1,
            (None, Some(_)) => self.commas += 1,
            (Some(point), Some(comma)) if point != comma => {
                self.open_points += u64::from(has_point);
                self.open_commas += u64::from(has_comma);
                self.example.get_or_insert_with(|| field.to_owned());
            }
            _ => {}
        }
    }

    /// How the column writes numbers, if some can be read in one way only.
    pub fn sure(&self) -> Option<Numerals> {
        match self.points.cmp(&self.commas) {
            Ordering::Greater => Some(Numerals::Point),
            Ordering::Less => Some(Numerals::Comma),
            Ordering::Equal => None,
        }
    }

    /// How the column writes numbers, if all of them together prove it.
    pub fn proven(&self) -> Option<Numerals> {
        let are_thousands =
            |open, other| open >= ENOUGH && other == 0 && self.small > 0 && self.large == 0;
        if self.points + self.commas > 0 {
            self.sure()
        } else if are_thousands(self.open_points, self.open_commas) {
            Some(Numerals::Comma)
        } else if are_thousands(self.open_commas, self.open_points) {
            Some(Numerals::Point)
        } else {
            None
        }
    }

    /// A warning of numbers that may be read in another way. `usual` is how the file writes numbers.
    pub fn doubt(&self, name: &str, usual: Numerals) -> Option<String> {
        let example = self.example.as_ref()?;
        if self.points + self.commas > 0 {
            return None;
        }
        let read = |numerals| number(example, numerals);
        let (mark, decimal) = match self.open_points {
            0 => ("comma", Numerals::Comma),
            _ => ("point", Numerals::Point),
        };
        match self.proven() {
            Some(numerals) if numerals != usual => Some(format!(
                "'{name}': the {mark} in numbers such as '{example}' is read as a mark of thousands ({}), as each has three \
                 digits behind it, and numbers without it are below 1000",
                read(numerals)?
            )),
            None if usual == Numerals::Comma && decimal == Numerals::Point => Some(format!(
                "'{name}': numbers such as '{example}' are read as {}, as the file has decimal commas, but could also be {}: \
                 write all of them without marks of thousands if that is wrong",
                read(usual)?,
                read(decimal)?
            )),
            _ => None,
        }
    }
}

/// Whether a field is certainly a number with a decimal point, which costs less than to read it twice.
fn is_decimal(field: &str) -> bool {
    let Some((whole, part)) = field.split_once('.') else {
        return false;
    };
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    part.len() != 3 && !part.is_empty() && !whole.is_empty() && is_digits(whole) && is_digits(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = String>) -> Marks {
        let mut marks = Marks::default();
        values.into_iter().for_each(|it| marks.add(&it));
        marks
    }

    fn written(values: &[&str]) -> Marks {
        of(values.iter().map(|&it| it.to_owned()))
    }

    #[test]
    fn numbers_that_can_be_read_in_one_way_decide() {
        for values in [
            &["1,5"][..],
            &["2.575,62 €", "48.054"],
            &["1.081.320"],
            &["6,108e+02"],
            &["0,5 %"],
        ] {
            assert_eq!(
                written(values).proven(),
                Some(Numerals::Comma),
                "{values:?}"
            );
        }
        for values in [
            &["1.5"][..],
            &["1,234.5", "1,234"],
            &["1,678,016,400"],
            &["0.123"],
        ] {
            assert_eq!(
                written(values).proven(),
                Some(Numerals::Point),
                "{values:?}"
            );
        }
        for values in [
            &["48.054", "48.040"][..],
            &["1,234"],
            &["7"],
            &["a.b", "1.2.3"],
            &[],
        ] {
            assert_eq!(written(values).proven(), None, "{values:?}");
        }
    }

    #[test]
    fn three_digits_behind_each_point_are_thousands_where_smaller_numbers_have_none() {
        let prices = |least: u32, count: u32| {
            (0..count).map(move |row| match least + row * 37 {
                it @ 1000.. => format!("$ {}.{:03}", it / 1000, it % 1000),
                it => format!("$ {it}"),
            })
        };
        let marks = of(prices(800, 60));
        assert_eq!(marks.proven(), Some(Numerals::Comma));
        assert_eq!(
            marks.doubt("a", Numerals::Point).unwrap_or_default(),
            "'a': the point in numbers such as '$ 1.022' is read as a mark of thousands (1022), as each has three digits \
             behind it, and numbers without it are below 1000"
        );
        assert_eq!(marks.doubt("a", Numerals::Comma), None);
        assert_eq!(of(prices(800, 30)).proven(), None, "too few");
        assert_eq!(of(prices(1000, 60)).proven(), None, "none is below 1000");
        let beside = |other: &str| of(prices(800, 60).chain([other.to_owned()])).proven();
        assert_eq!(beside("1500"), None);
        assert_eq!(beside("1.5"), Some(Numerals::Point));
        let commas = of(prices(800, 60).map(|it| it.replace('.', ",")));
        assert_eq!(commas.proven(), Some(Numerals::Point));
    }

    #[test]
    fn what_only_the_file_decides_is_told() {
        let marks = written(&["48.054", "48.040"]);
        assert_eq!(
            marks.doubt("lat", Numerals::Comma).unwrap_or_default(),
            "'lat': numbers such as '48.054' are read as 48054, as the file has decimal commas, but could also be 48.054: \
             write all of them without marks of thousands if that is wrong"
        );
        assert_eq!(marks.doubt("lat", Numerals::Point), None);
    }
}
