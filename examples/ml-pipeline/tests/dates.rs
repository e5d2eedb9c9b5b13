//! Dates and times in any usual form are read as such, when a model is trained and when it is served.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::Case;

/// 200 rows of a time, a number and a class.
fn column(of: impl Fn(usize) -> String) -> Case {
    let rows = (0..200).map(|row| {
        format!(
            "\"{}\",{},{}\n",
            of(row),
            row * 37 % 91,
            ["up", "down"][row * 7 % 5 % 2]
        )
    });
    Case::new(format!("when,load,state\n{}", rows.collect::<String>()))
}

/// The order of the first column, and the days of its first rows to learn from.
fn read(case: &Case) -> (String, Vec<f64>) {
    let schema = case.preprocess(&[]);
    let order = schema["columns"][0]["kind"]["date"]["order"].as_str();
    let order = order.unwrap_or_else(|| panic!("{schema}")).to_owned();
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    let days = train
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap().parse().unwrap());
    (order, days.collect())
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

#[test]
fn dates_are_read_in_any_usual_form_and_in_several_in_one_column() {
    let iso = |row: usize| format!("2025-{:02}-{:02}", 1 + row % 12, 1 + row % 28);
    let (_, expected) = read(&column(iso));
    type Written = fn(u32, u32) -> String;
    let ways: [(&str, Written); 10] = [
        ("year-month-day", |month, day| {
            format!("{day:02}-{}-2025", MONTHS[month as usize - 1])
        }),
        ("year-month-day", |month, day| {
            format!("{} {day}, 2025", MONTHS[month as usize - 1])
        }),
        ("year-month-day", |month, day| {
            format!("{day} {} 25", MONTHS[month as usize - 1])
        }),
        ("year-month-day", |month, day| format!("2025/{month}/{day}")),
        ("year-month-day", |month, day| {
            format!("2025-{month:02}-{day:02} 00:00:00 UTC")
        }),
        ("year-month-day", |month, day| {
            format!("{day} {} 2025 01:00:00 +0100", MONTHS[month as usize - 1])
        }),
        ("day-month-year", |month, day| {
            format!("{day:02}/{month:02}/25")
        }),
        ("month-day-year", |month, day| {
            format!("{month}/{day}/2025 12:00 AM")
        }),
        ("digits", |month, day| format!("2025{month:02}{day:02}")),
        ("day-month-year", |month, day| match day % 3 {
            0 => format!("2025-{month:02}-{day:02}"),
            1 => format!("{day}.{month}.2025"),
            _ => format!("{} {day}, 2025", MONTHS[month as usize - 1]),
        }),
    ];
    for (order, written) in ways {
        let case = column(|row| written(1 + row as u32 % 12, 1 + row as u32 % 28));
        assert_eq!(
            read(&case),
            (order.to_owned(), expected.clone()),
            "{}",
            written(11, 25)
        );
    }
    let seconds = |day: f64| day * 86_400.0;
    for (order, factor) in [("unix-seconds", 1.0), ("unix-milliseconds", 1e3)] {
        let case = column(|row| {
            let days = time::Date::from_calendar_date(
                2025,
                time::Month::try_from(1 + row as u8 % 12).unwrap(),
                1 + row as u8 % 28,
            );
            let days = (days.unwrap() - time::OffsetDateTime::UNIX_EPOCH.date()).whole_days();
            format!("{}", seconds(days as f64) * factor)
        });
        let (found, days) = read(&case);
        assert_eq!((found.as_str(), days), (order, expected.clone()));
        let warnings = case.json("schema.json")["warnings"].to_string();
        assert!(
            warnings.contains("'when': its numbers are read as dates"),
            "{warnings}"
        );
    }
}

#[test]
fn quarters_are_dates() {
    let first = |row: usize| format!("{}-{:02}-01", 2000 + row % 23, 1 + row % 4 * 3);
    let (_, expected) = read(&column(first));
    type Written = fn(usize, usize) -> String;
    let ways: [Written; 3] = [
        |year, quarter| format!("{year}-Q{quarter}"),
        |year, quarter| format!("{year}Q{quarter}"),
        |year, quarter| format!("Q{quarter} {year}"),
    ];
    for written in ways {
        let case = column(|row| written(2000 + row % 23, 1 + row % 4));
        let found = ("year-month-day".to_owned(), expected.clone());
        assert_eq!(read(&case), found, "{}", written(2024, 1));
    }
}

#[test]
fn a_date_that_stands_for_none_is_told() {
    let case = column(|row| {
        if row % 10 == 3 {
            "9999-12-31".into()
        } else {
            format!("2025-01-{:02}", 1 + row % 28)
        }
    });
    let told = case.preprocess(&[])["warnings"].to_string();
    assert!(
        told.contains(
            "'when': 20 of 200 dates are '9999-12-31', far from all others: if that stands for no value, \
             --missing='9999-12-31' says so"
        ),
        "{told}"
    );
    case.preprocess(&["--missing=9999-12-31"]);
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    assert!(train.lines().any(|line| line.starts_with(',')), "{train}");
}

#[test]
fn a_number_that_stands_for_no_date_is_told() {
    let with = |number: &str| {
        let number = number.to_owned();
        column(move |row| {
            if row % 10 == 3 {
                number.clone()
            } else {
                format!("202501{:02}", 1 + row % 28)
            }
        })
    };
    // The first is beyond the years of dates in digits, so without `--missing` the column has numbers.
    for number in ["99991231", "19000101"] {
        let case = with(number);
        let told = case.preprocess(&[])["warnings"].to_string();
        let wanted = format!(
            "'when': 20 of 200 values are {number}, far from all others (20250101 to 20250128): if that stands for \
             no value, --missing={number} says so"
        );
        assert!(told.contains(&wanted), "{told}");
        let schema = case.preprocess(&[&format!("--missing={number}")]);
        assert_eq!(schema["columns"][0]["kind"]["date"]["order"], "digits");
        let train = String::from_utf8(case.read("train.csv")).unwrap();
        assert!(train.lines().any(|line| line.starts_with(',')), "{train}");
    }
}

/// Rows whose class follows from the hour, the weekday or the month of a time.
fn schedule(written: impl Fn(u32, u32) -> String, is_busy: impl Fn(u32, u32) -> bool) -> Case {
    let mut text = "when,load,state\n".to_owned();
    for row in 0_u32..600 {
        let mixed = row.wrapping_mul(0x9e37_79b9) >> 8;
        let (day, minute) = (mixed % 364, mixed / 364 % 1440);
        let state = if is_busy(day, minute) { "busy" } else { "idle" };
        text += &format!("{},{},{state}\n", written(day, minute), mixed % 89);
    }
    Case::new(text)
}

fn score(case: &Case) -> f64 {
    case.pipeline(&[]);
    case.json("metrics.json")["score"]["value"]
        .as_f64()
        .unwrap()
}

#[test]
fn hour_weekday_and_month_are_learned() {
    let stamp = |day: u32, minute: u32| {
        // 2024 began on a Monday.
        let date = time::Date::from_ordinal_date(2024, 1 + day as u16).unwrap();
        format!("{date} {:02}:{:02}", minute / 60, minute % 60)
    };
    let hours = |_: u32, minute: u32| (540..1020).contains(&minute);
    assert!(score(&schedule(stamp, hours)) > 0.95);
    assert!(score(&schedule(stamp, |day, _| day % 7 >= 5)) > 0.95);
    assert!(score(&schedule(stamp, |day, _| (60..152).contains(&day))) > 0.95);
    let clock = |_: u32, minute: u32| {
        let half = if minute < 720 { "AM" } else { "PM" };
        format!("{}:{:02} {half}", (minute / 60 + 11) % 12 + 1, minute % 60)
    };
    let case = schedule(clock, hours);
    assert!(score(&case) > 0.95);
    std::fs::write(
        case.path("new.csv"),
        "when,load\n12:30 PM,3\n12:30 AM,3\n0.5,3\n",
    )
    .unwrap();
    for model in ["out/model.onnx", "out/model-quantized.onnx"] {
        let said = case.run(&["predict", model, "new.csv"]);
        let labels: Vec<_> = said
            .out
            .lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap())
            .collect();
        assert_eq!(labels, ["busy", "idle", "busy"], "{}", said.err);
    }
}

fn doubts(case: &Case) -> Vec<String> {
    let schema = case.preprocess(&[]);
    let warnings = schema["warnings"].as_array().unwrap().iter();
    let warnings = warnings.map(|it| it.as_str().unwrap().to_owned());
    warnings.filter(|it| it.starts_with("'when'")).collect()
}

#[test]
fn times_with_zones_marks_and_signs_of_their_own_are_read() {
    let day = |row: usize| (1 + row % 12, 1 + row % 28, 6 + row * 5 % 13, row * 7 % 60);
    let plain = |row: usize| {
        let (month, day, hour, minute) = day(row);
        format!("2024-{month:02}-{day:02} {hour:02}:{minute:02}")
    };
    let (_, expected) = read(&column(plain));
    type Written = fn(&str, (usize, usize, usize, usize)) -> String;
    let ways: [(&str, bool, Written); 10] = [
        ("day-month-year", false, |_, (month, day, hour, minute)| {
            format!("{day:02}.{month:02}.2024 {hour:02}:{minute:02} Uhr")
        }),
        ("year-month-day", false, |it, _| it.replace(':', "h")),
        ("year-month-day", false, |it, _| format!("{it}:00 UTC")),
        ("year-month-day", true, |it, _| format!("{it} IST")),
        ("year-month-day", true, |it, _| format!("{it}:00 BST")),
        ("year-month-day", true, |it, _| {
            format!("{it} Europe/Berlin")
        }),
        ("year-month-day", false, |_, (month, day, hour, minute)| {
            format!("2024年{month}月{day}日 {hour:02}:{minute:02}")
        }),
        ("digits", false, |it, _| it.replace(['-', ' ', ':'], "")),
        ("digits", false, |it, _| {
            it.replace(['-', ' ', ':'], "") + "00"
        }),
        ("year-month-day", false, |_, (month, day, hour, minute)| {
            let month = time::Month::try_from(month as u8).unwrap();
            let date = time::Date::from_calendar_date(2024, month, day as u8).unwrap();
            let (year, week, weekday) = date.to_iso_week_date();
            let weekday = weekday.number_from_monday();
            format!("{year}-W{week:02}-{weekday}T{hour:02}:{minute:02}")
        }),
    ];
    for (order, is_open, written) in ways {
        let case = column(|row| written(&plain(row), day(row)));
        let sample = written(&plain(3), day(3));
        assert_eq!(
            read(&case),
            (order.to_owned(), expected.clone()),
            "{sample}"
        );
        let told = doubts(&case);
        let is_told = told
            .iter()
            .any(|it| it.contains("does not tell how far they are from UTC"));
        assert_eq!(is_told, is_open, "{sample}: {told:?}");
    }
}

#[test]
fn years_of_two_digits_may_stand_first() {
    let iso = |row: usize| {
        format!(
            "20{}-{:02}-{:02}",
            22 + row % 4,
            1 + row % 12,
            1 + row * 5 % 28
        )
    };
    let (_, expected) = read(&column(iso));
    for mark in ["-", "/", "."] {
        let case = column(|row| iso(row)[2..].replace('-', mark));
        assert_eq!(
            read(&case),
            ("short-year-month-day".to_owned(), expected.clone())
        );
        let told = doubts(&case);
        assert!(
            told[0].contains("are read as year, month, day, but could also be"),
            "{told:?}"
        );
    }
    // No month has so many days.
    let case = column(|row| iso(row).replace("202", "9"));
    assert_eq!(read(&case).0, "short-year-month-day");
    assert_eq!(doubts(&case), [""; 0]);
    let case = column(|row| {
        format!(
            "{:02}/{:02}/{}",
            1 + row * 5 % 28,
            1 + row % 12,
            22 + row % 4
        )
    });
    assert_eq!(read(&case).0, "day-month-year");
    assert_eq!(doubts(&case), [""; 0]);
}

#[test]
fn zeros_among_seconds_since_1970_are_told() {
    let case = column(|row| match row % 10 {
        3 => "0".to_owned(),
        _ => (1_700_000_000 + row * 7919 % 991 * 86_400).to_string(),
    });
    let told = doubts(&case);
    assert!(
        told[0].starts_with(
            "'when': 20 of 200 values are 0, and all others can be seconds since 1970-01-01"
        ),
        "{told:?}"
    );
    let schema = case.preprocess(&["--missing=0"]);
    assert_eq!(
        schema["columns"][0]["kind"]["date"]["order"],
        "unix-seconds"
    );
}

#[test]
fn dates_of_cameras_logs_databases_and_spreadsheets_are_read() {
    let of = |row: usize| (1 + row % 12, 1 + row % 28, row % 24, row % 60);
    let iso = |row: usize| {
        let (month, day, hour, minute) = of(row);
        format!("2025-{month:02}-{day:02} {hour:02}:{minute:02}:00")
    };
    let (_, expected) = read(&column(iso));
    type Written = fn((usize, usize, usize, usize)) -> String;
    let ways: [Written; 9] = [
        |(m, d, h, min)| format!("2025:{m:02}:{d:02} {h:02}:{min:02}:00"),
        |(m, d, h, min)| format!("2025{m:02}{d:02}_{h:02}{min:02}00"),
        |(m, d, h, min)| format!("2025-{m:02}-{d:02}T{h:02}{min:02}"),
        |(m, d, h, min)| format!("Sun {} {d} {h:02}:{min:02}:00 2025 +0000", MONTHS[m - 1]),
        |(m, d, h, min)| format!("[{d:02}/{}/2025:{h:02}:{min:02}:00 +0000]", MONTHS[m - 1]),
        |(m, d, h, min)| {
            let (half, hour) = (if h < 12 { "AM" } else { "PM" }, (h + 11) % 12 + 1);
            format!(
                "{d:02}-{}-25 {hour:02}.{min:02}.00.000000 {half}",
                MONTHS[m - 1]
            )
        },
        |(m, d, h, min)| format!("2025-{m:02}-{d:02} (Sun) {h:02}:{min:02}"),
        |(m, d, h, min)| format!("{} {d}, 2025 | {h:02}:{min:02}", MONTHS[m - 1]),
        |(m, d, h, min)| format!("{d:02} {} '25 {h:02}:{min:02}", MONTHS[m - 1]),
    ];
    for written in ways {
        let case = column(|row| written(of(row)));
        assert_eq!(read(&case).1, expected, "{}", written(of(0)));
    }
    let (order, _) = read(&column(|row| {
        format!("So., {:02}.{:02}.2025", 1 + row % 28, 1 + row % 12)
    }));
    assert_eq!(order, "day-month-year");
    let (order, _) = read(&column(|row| format!("{}am", 1 + row % 12)));
    assert_eq!(order, "time-of-day");
}

#[test]
fn months_quarters_and_halves_have_many_forms() {
    let month = |row: usize| format!("2025-{:02}", 1 + row % 12);
    let (_, expected) = read(&column(month));
    type Written = fn(usize) -> String;
    let ways: [Written; 5] = [
        |month| format!("2025/{month:02}"),
        |month| format!("2025M{month:02}"),
        |month| format!("{month:02}-2025"),
        |month| format!("{month:02}.2025"),
        |month| format!("{}'25", MONTHS[month - 1]),
    ];
    for written in ways {
        let case = column(|row| written(1 + row % 12));
        assert_eq!(read(&case).1, expected, "{}", written(3));
    }
    let (_, expected) = read(&column(|row| format!("2025-Q{}", 1 + row % 4)));
    for written in [|q: usize| format!("Q{q}'25"), |q: usize| format!("{q}Q25")] {
        assert_eq!(
            read(&column(|row| written(1 + row % 4))).1,
            expected,
            "{}",
            written(1)
        );
    }
    let (_, halves) = read(&column(|row| {
        format!("{}-H{}", 2020 + row % 5, 1 + row % 2)
    }));
    assert_eq!(halves.len(), 160);
    let told = column(|row| format!("{:02}.2025", 1 + row % 12)).preprocess(&[]);
    assert_eq!(
        told["warnings"][0],
        "'when': its numbers are read as dates, as all of them can be a month and a year, such as '01.2025'"
    );
}

#[test]
fn numbers_beside_dates_are_told_with_an_example() {
    let case = column(|row| match row % 3 {
        0 => (1_700_000_000 + row * 7207).to_string(),
        _ => format!("2025-{:02}-{:02}", 1 + row % 12, 1 + row % 28),
    });
    let warning = case.preprocess(&[])["warnings"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        warning,
        "'when': 67 of 200 values are no dates, such as '1700000000': they count as missing"
    );
}

#[test]
fn a_count_of_seconds_among_dates_is_missing_for_the_model_too() {
    let rows = (0..200).map(|row| {
        let month = 1 + row * 7 % 12;
        let state = ["up", "down"][usize::from(month > 6)];
        match row % 3 {
            0 => format!("{},{},{state}\n", 1_700_000_000 + row * 7207, row * 37 % 91),
            _ => format!(
                "2025-{month:02}-{:02},{},{state}\n",
                1 + row % 28,
                row * 37 % 91
            ),
        }
    });
    let case = Case::new("when,load,state\n".to_owned() + &rows.collect::<String>());
    case.preprocess(&[]);
    assert!(case.run(&["train", "out"]).ok);
    let predicted = |when: &str| {
        std::fs::write(case.path("rows.csv"), format!("when,load\n{when},5\n")).unwrap();
        let said = case.run(&["predict", "out/model.onnx", "rows.csv"]);
        assert!(said.ok, "{}", said.err);
        said.out
    };
    assert_eq!(predicted("1700000000"), predicted(""));
    assert_eq!(predicted("20089"), predicted("2025-01-01"));
}
