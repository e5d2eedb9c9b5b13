//! Values of Parquet columns as the text that a CSV file would have.

use std::fmt::Write;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;
use time::{Date, Duration, OffsetDateTime};

/// How many digits a decimal number may have behind the point: as many as fit into 256 bits.
const DIGITS: u32 = 76;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// Numbers or truth values, as they are.
    Plain,
    /// A text.
    Text,
    /// Whole numbers without a sign.
    Unsigned,
    /// Whole numbers, with so many of their digits behind the point.
    Decimal(u32),
    /// Days since 1970-01-01.
    Date,
    /// Parts of a second since 1970-01-01, so many in a second.
    Moment(i64),
    /// Parts of a second since midnight, so many in a second.
    Time(i64),
    /// Numbers of 16 bits.
    Half,
    /// 16 bytes.
    Uuid,
    /// Bytes that should be a text, though the file does not say so.
    MaybeText,
}

impl Form {
    /// Nothing if no text stands for the values.
    pub(super) fn of(column: &ColumnDescriptor) -> Option<Self> {
        let logical = match column.logical_type_ref() {
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => Form::Text,
            Some(LogicalType::Integer(it)) if it.is_signed => Form::Plain,
            Some(LogicalType::Integer(_)) => Form::Unsigned,
            Some(LogicalType::Decimal(_)) => scaled(column)?,
            Some(LogicalType::Date) => Form::Date,
            Some(LogicalType::Timestamp(it)) => Form::Moment(parts(&it.unit)?),
            Some(LogicalType::Time(it)) => Form::Time(parts(&it.unit)?),
            Some(LogicalType::Float16) => Form::Half,
            Some(LogicalType::Uuid) => Form::Uuid,
            Some(LogicalType::Unknown) => Form::Plain,
            Some(_) => return None,
            None => return Form::converted(column),
        };
        Some(logical)
    }

    /// The same for files of older programs.
    fn converted(column: &ColumnDescriptor) -> Option<Self> {
        Some(match column.converted_type() {
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Form::Text,
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Form::Unsigned,
            ConvertedType::DECIMAL => scaled(column)?,
            ConvertedType::DATE => Form::Date,
            ConvertedType::TIMESTAMP_MILLIS => Form::Moment(1_000),
            ConvertedType::TIMESTAMP_MICROS => Form::Moment(1_000_000),
            ConvertedType::TIME_MILLIS => Form::Time(1_000),
            ConvertedType::TIME_MICROS => Form::Time(1_000_000),
            ConvertedType::BSON | ConvertedType::INTERVAL => return None,
            _ => match column.physical_type() {
                Type::BYTE_ARRAY => Form::MaybeText,
                Type::FIXED_LEN_BYTE_ARRAY => return None,
                _ => Form::Plain,
            },
        })
    }

    /// A whole number.
    pub(super) fn whole(self, number: i64, is_32: bool, text: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Form::Unsigned if is_32 => write!(text, "{}", number as i32 as u32),
            Form::Unsigned => write!(text, "{}", number as u64),
            Form::Decimal(scale) => return decimal(i128::from(number), scale, text),
            Form::Date => return date(number, text),
            Form::Moment(parts) => return moment(number, parts, text),
            Form::Time(parts) => return clock(number.rem_euclid(86_400 * parts), parts, text),
            _ => write!(text, "{number}"),
        };
    }

    /// Some bytes. What no text stands for counts as missing.
    pub(super) fn bytes(self, bytes: &[u8], text: &mut String) {
        match self {
            Form::Decimal(scale) => whole(bytes, scale, text),
            Form::Half => {
                if let [low, high] = *bytes {
                    float(half(u16::from_le_bytes([low, high])), text);
                }
            }
            Form::Uuid => {
                for (at, byte) in bytes.iter().enumerate() {
                    let mark = if [4, 6, 8, 10].contains(&at) { "-" } else { "" };
                    let _ = write!(text, "{mark}{byte:02x}");
                }
            }
            _ => text.push_str(&String::from_utf8_lossy(bytes)),
        }
    }
}

/// A number; nothing where it is none.
pub(super) fn float(number: impl Into<f64> + std::fmt::Display + Copy, text: &mut String) {
    let wide: f64 = number.into();
    if !wide.is_nan() {
        let _ = write!(text, "{number}");
    }
}

/// The moment in the form that Impala and old versions of Spark write: a day of the Julian calendar, and
/// nanoseconds.
pub(super) fn julian(day: u32, nanos: i64, text: &mut String) {
    const EPOCH: i64 = 2_440_588;
    let seconds = (i64::from(day) - EPOCH) * 86_400 + nanos.div_euclid(1_000_000_000);
    written(seconds, nanos.rem_euclid(1_000_000_000), text);
}

fn scaled(column: &ColumnDescriptor) -> Option<Form> {
    let scale = u32::try_from(column.type_scale()).ok()?;
    (scale <= DIGITS).then_some(Form::Decimal(scale))
}

fn parts(unit: &TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::MILLIS => Some(1_000),
        TimeUnit::MICROS => Some(1_000_000),
        TimeUnit::NANOS => Some(1_000_000_000),
        #[allow(unreachable_patterns, reason = "later versions may know more units")]
        _ => None,
    }
}

/// The bytes of a decimal number. One beyond 128 bits is written with as many digits as a 64-bit float has.
fn whole(bytes: &[u8], scale: u32, text: &mut String) {
    let sign = if bytes.first().is_some_and(|byte| *byte > 127) {
        0xff
    } else {
        0
    };
    let (upper, lower) = bytes.split_at(bytes.len().saturating_sub(16));
    let mut whole = [sign; 16];
    whole[16 - lower.len()..].copy_from_slice(lower);
    let whole = i128::from_be_bytes(whole);
    let is_extended = upper.iter().all(|byte| *byte == sign) && (whole < 0) == (sign > 0);
    if upper.is_empty() || is_extended {
        return decimal(whole, scale, text);
    }
    let above = if sign > 0 { -1.0 } else { 0.0 };
    let number = bytes
        .iter()
        .fold(above, |number, byte| number * 256.0 + f64::from(*byte));
    let _ = write!(text, "{:e}", number / 10_f64.powi(scale as i32));
}

/// Digits with a point among them.
fn decimal(number: i128, scale: u32, text: &mut String) {
    let digits = number.unsigned_abs().to_string();
    let scale = scale as usize;
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let sign = if number < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    let _ = write!(text, "{sign}{whole}{point}{part}");
}

fn date(days: i64, text: &mut String) {
    let epoch = OffsetDateTime::UNIX_EPOCH.date();
    if let Some(date) = epoch.checked_add(Duration::days(days.clamp(-1 << 40, 1 << 40))) {
        day(date, text);
    }
}

fn day(date: Date, text: &mut String) {
    let (year, month, day) = date.to_calendar_date();
    let _ = write!(text, "{year:04}-{:02}-{day:02}", u8::from(month));
}

fn moment(number: i64, parts: i64, text: &mut String) {
    let nanos = number.rem_euclid(parts) * (1_000_000_000 / parts);
    written(number.div_euclid(parts), nanos, text);
}

/// A moment that no calendar here has counts as missing.
fn written(seconds: i64, nanos: i64, text: &mut String) {
    if let Ok(at) = OffsetDateTime::from_unix_timestamp(seconds) {
        day(at.date(), text);
        text.push('T');
        clock(
            seconds.rem_euclid(86_400) * 1_000_000_000 + nanos,
            1_000_000_000,
            text,
        );
    }
}

/// A time of day, with as many digits behind the seconds as it needs.
fn clock(number: i64, parts: i64, text: &mut String) {
    let seconds = number / parts;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let _ = write!(text, "{hours:02}:{minutes:02}:{:02}", seconds % 60);
    let nanos = number % parts * (1_000_000_000 / parts);
    if nanos > 0 {
        let digits = format!("{nanos:09}");
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
}

/// A number of 16 bits (IEEE 754, binary16).
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut String)) -> String {
        let mut text = String::new();
        write(&mut text);
        text
    }

    #[test]
    fn whole_numbers_are_written_as_what_they_mean() {
        let whole = |form: Form, number, is_32| text(|it| form.whole(number, is_32, it));
        assert_eq!(whole(Form::Plain, -5, true), "-5");
        assert_eq!(whole(Form::Unsigned, -1, true), "4294967295");
        assert_eq!(whole(Form::Unsigned, -1, false), "18446744073709551615");
        assert_eq!(whole(Form::Decimal(2), -7, true), "-0.07");
        assert_eq!(whole(Form::Decimal(0), 7, true), "7");
        assert_eq!(whole(Form::Date, -1, true), "1969-12-31");
        assert_eq!(whole(Form::Date, i64::from(i32::MAX), true), "");
        assert_eq!(
            whole(Form::Moment(1000), -1, false),
            "1969-12-31T23:59:59.999"
        );
        assert_eq!(
            whole(Form::Moment(1_000_000), 1_700_000_000_000_000, false),
            "2023-11-14T22:13:20"
        );
        assert_eq!(whole(Form::Moment(1000), i64::MIN, false), "");
        assert_eq!(whole(Form::Time(1000), 3_723_500, true), "01:02:03.5");
    }

    #[test]
    fn bytes_are_written_as_what_they_mean() {
        let bytes = |form: Form, bytes: &[u8]| text(|it| form.bytes(bytes, it));
        assert_eq!(bytes(Form::Text, "öl".as_bytes()), "öl");
        assert_eq!(bytes(Form::Decimal(3), &[0xff, 0x85]), "-0.123");
        assert_eq!(bytes(Form::Decimal(1), &[]), "0.0");
        let below = [[0xff; 30].as_slice(), &[0xff, 0x85]].concat();
        assert_eq!(bytes(Form::Decimal(3), &below), "-0.123");
        let above = [[1].as_slice(), &[0; 16]].concat();
        assert_eq!(
            bytes(Form::Decimal(0), &above),
            "3.402823669209385e38",
            "2^128"
        );
        let above = [[0xfe].as_slice(), &[0; 16]].concat();
        assert_eq!(
            bytes(Form::Decimal(0), &above),
            "-6.80564733841877e38",
            "-2 * 2^128"
        );
        assert_eq!(bytes(Form::Half, &[0x00, 0x3e]), "1.5");
        assert_eq!(bytes(Form::Half, &[0x00, 0x7e]), "");
        assert_eq!(bytes(Form::Uuid, &[0xab, 1]), "ab01");
        assert_eq!(
            text(|it| julian(2_440_589, 3_600_000_000_000, it)),
            "1970-01-02T01:00:00"
        );
        assert_eq!(text(|it| float(f64::NAN, it)), "");
        assert_eq!(text(|it| float(0.1_f32, it)), "0.1");
    }
}
