//! What stands above a table, and unusual ways of writing its rows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::Case;
use serde_json::json;

const SITES: [&str; 3] = ["hall", "roof", "yard"];

/// The rows of a table, each made of its fields.
fn rows(row: impl Fn(&[String]) -> String) -> String {
    let fields = |at: usize| {
        [
            format!("{}.5", at * 7 % 31),
            format!("{}", at * 13 % 53),
            SITES[at % 3].to_owned(),
            ["up", "down"][at / 2 % 2].to_owned(),
        ]
    };
    (0..60).map(|at| row(&fields(at)) + "\n").collect()
}

fn commas() -> String {
    rows(|fields| fields.join(","))
}

const HEADER: &str = "temp,load,site,state\n";

/// What `preprocess` leaves of a table that is written in the usual way.
fn expected() -> Vec<u8> {
    let case = Case::new(HEADER.to_owned() + &commas());
    assert_eq!(case.preprocess(&[])["warnings"], json!([]));
    case.read("train.csv")
}

/// What is said of a table that comes to the same.
fn same(text: &str) -> serde_json::Value {
    let case = Case::new(text);
    let schema = case.preprocess(&[]);
    let train = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(train(case.read("train.csv")), train(expected()), "{text}");
    schema["warnings"].clone()
}

#[test]
fn a_title_above_the_header_is_not_read() {
    let table = HEADER.to_owned() + &commas();
    for (title, note) in [
        (
            "Machine report Q3 2026,,,\n,,,\n",
            "lines 1 to 2 are above the table and not read ('Machine report Q3 2026'); --skip-lines 0 reads all",
        ),
        (
            "Machine report\n",
            "line 1 is above the table and not read ('Machine report'); --skip-lines 0 reads all",
        ),
        (
            "\"Report, all sites\"\n\nmade,2026-01-01\n\n",
            "lines 1 to 4 are above the table and not read ('Report, all sites'); --skip-lines 0 reads all",
        ),
        (
            "Report,2026,,\nMade by,ann,,\n",
            "lines 1 to 2 are above the table and not read ('Report,2026'); --skip-lines 0 reads all",
        ),
        (
            "a, b, c, d, e, f\n",
            "line 1 is above the table and not read ('a, b, c, d, e, f'); --skip-lines 0 reads all",
        ),
    ] {
        assert_eq!(same(&(title.to_owned() + &table)), json!([note]));
        let windows = (title.to_owned() + &table).replace('\n', "\r\n");
        assert_eq!(same(&windows), json!([note]));
        let old = (title.to_owned() + &table).replace('\n', "\r");
        assert_eq!(same(&old), json!([note]));
    }
    // Words alone, and other delimiters.
    let words = "Report\nname;site;state\n".to_owned()
        + &"ann;hall;up\nbob;yard;down\neve;roof;up\n".repeat(9);
    assert_eq!(Case::new(words).preprocess(&[])["target"]["name"], "state");
}

#[test]
fn a_title_without_a_header_is_told_and_skipped_by_hand() {
    let case = Case::new("Machine report\n".to_owned() + &commas());
    assert_eq!(
        case.refused(&[]),
        "data.csv: line 1 looks like a title ('Machine report'), and the line of the header is not sure: --skip-lines 1 \
         skips what is above line 2"
    );
    let schema = case.preprocess(&["--skip-lines", "1"]);
    assert_eq!(schema["header"], "absent");
    let table = format!("{HEADER}{}", commas());
    let case = Case::new(format!("x,y,z,t\n1,2,3,4\n{table}1,2\n"));
    let schema = case.preprocess(&["--skip-lines", "2"]);
    assert_eq!(
        schema["warnings"],
        json!([
            "1 of 61 rows have another number of fields than the 4 of the first line (line 64 has 2): they are left out"
        ])
    );
    assert_eq!(case.read("train.csv"), expected());
    let case = Case::new(format!("Report\n{table}"));
    let whole = case.refused(&["--skip-lines", "0"]);
    assert!(
        whole.starts_with("data.csv: it has one column, 'Report'"),
        "{whole}"
    );
    assert_eq!(
        case.refused(&["--skip-lines", "99"]),
        "data.csv: there is nothing below the 99 lines that --skip-lines skips"
    );
    let said = case.run(&[
        "preprocess",
        "data.csv",
        "--out",
        "out",
        "--skip-lines",
        "two",
    ]);
    assert!(
        said.err.contains("a whole number such as 2 is needed"),
        "{}",
        said.err
    );
    assert!(
        case.run(&["preprocess", "data.csv", "--out", "out", "--skip-lines="])
            .ok
    );
}

#[test]
fn places_are_told_with_the_lines_of_the_file() {
    let open = format!("Report\n\n{HEADER}{}1,\"2\n", commas());
    assert_eq!(
        Case::new(open).refused(&[]),
        "data.csv: line 64: a quote opens here that is never closed"
    );
    let open = format!("# x\n{HEADER}{}1,'2\n", commas())
        .replace("hall", "'hall'")
        .replace("roof", "'roof'")
        .replace("yard", "'yard'");
    assert_eq!(
        Case::new(open).refused(&[]),
        "data.csv: line 63: a quote opens here that is never closed"
    );
}

#[test]
fn comments_are_not_read() {
    let table = HEADER.to_owned() + &commas();
    assert_eq!(
        same(&format!(
            "# made by a machine\n#\n# it's \"so, all\n{table}"
        )),
        json!([])
    );
    assert_eq!(same(&format!("# a,b,c,d\n{table}")), json!([]));
    let within = table.replacen("\n8", "\n# moved, and so on\n8", 3);
    assert_ne!(within, table);
    assert_eq!(
        same(&within),
        json!(["lines that begin with '#' are comments and are not read"])
    );
    // A header behind a mark.
    assert_eq!(same(&format!("# made by a machine\n# {table}")), json!([]));
    let schema = Case::new(format!("#{table}")).preprocess(&[]);
    assert_eq!(schema["columns"][0]["name"], "#temp");
    let schema = Case::new(table.replacen("temp", "#", 1)).preprocess(&[]);
    assert_eq!(schema["columns"][0]["name"], "#");
}

#[test]
fn values_that_begin_with_the_mark_of_a_comment_are_values() {
    let colours = |header: &str| {
        let row = |at: usize| {
            format!(
                "{},{},{}\n",
                ["#ff0000", "#00ff00", "red"][at % 3],
                at % 7,
                at % 2
            )
        };
        header.to_owned() + &(0..60).map(row).collect::<String>()
    };
    let schema = Case::new(colours("colour,x,y\n")).preprocess(&[]);
    assert_eq!(
        (&schema["rows"]["read"], &schema["warnings"]),
        (&60.into(), &json!([]))
    );
    let schema = Case::new(colours("")).preprocess(&[]);
    assert_eq!(
        (&schema["rows"]["read"], &schema["header"]),
        (&60.into(), &"absent".into())
    );
}

#[test]
fn single_quotes_and_backslashes_are_understood() {
    let single = |fields: &[String]| {
        let fields: Vec<_> = fields.iter().map(|it| format!("'{it}'")).collect();
        fields.join(",")
    };
    assert_eq!(
        same(&format!("'temp','load','site','state'\n{}", rows(single))),
        json!([])
    );
    let words = rows(|it| format!("{};{};'{}';'{}'", it[0], it[1], it[2], it[3]));
    assert_eq!(same(&format!("temp;load;site;state\n{words}")), json!([]));
    let case = Case::new(rows(|it| {
        format!("'{}, it''s; so',{},{}", it[2], it[1], it[3])
    }));
    let schema = case.preprocess(&[]);
    assert_eq!(
        (&schema["rows"]["read"], &schema["columns"][0]["kind"]),
        (&60.into(), &"category".into())
    );
    assert!(
        String::from_utf8(case.read("train.csv"))
            .unwrap()
            .contains("\"hall, it's; so\"")
    );

    let case = Case::new(
        "site,load,state\n".to_owned()
            + &rows(|it| format!("\"{} \\\"A\\\", \\\\x\",{},{}", it[2], it[1], it[3])),
    );
    let schema = case.preprocess(&[]);
    assert_eq!(
        (&schema["rows"]["read"], &schema["columns"][0]["kind"]),
        (&60.into(), &"category".into())
    );
    assert!(
        String::from_utf8(case.read("train.csv"))
            .unwrap()
            .contains("\"hall \"\"A\"\", \\x\"")
    );
    let case = Case::new(
        "site,load,state\n".to_owned() + &rows(|it| format!("{}\\, A,{},{}", it[2], it[1], it[3])),
    );
    case.preprocess(&[]);
    assert!(
        String::from_utf8(case.read("train.csv"))
            .unwrap()
            .contains("\"hall, A\"")
    );

    // An apostrophe is none, and a path ends with a backslash.
    let case = Case::new(
        "site,path,load,state\n".to_owned()
            + &rows(|it| format!("'t {},\"C:\\{}\\\",{},{}", it[2], it[2], it[1], it[3])),
    );
    case.preprocess(&[]);
    assert!(
        String::from_utf8(case.read("train.csv"))
            .unwrap()
            .contains("'t hall,C:\\hall\\,")
    );
}

#[test]
fn blanks_between_fields_are_a_delimiter() {
    let wide = |fields: &[String]| {
        let tab = if fields[1].len() > 1 { "\t" } else { " " };
        format!(
            "  {:>6}  {:>5}{tab}{:<6} {tab}{}  ",
            fields[0], fields[1], fields[2], fields[3]
        )
    };
    let header: Vec<String> = HEADER.trim().split(',').map(str::to_owned).collect();
    assert_eq!(same(&(wide(&header) + "\n" + &rows(wide))), json!([]));
    assert_eq!(
        same(&(HEADER.to_owned() + &commas()).replace(',', " ")),
        json!([])
    );
    // Several tabs, as blanks are wanted to line up.
    let tabs = rows(|it| {
        format!(
            "{}\t{}{}{}\t{}",
            it[0],
            it[1],
            if it[1].len() > 1 { "\t" } else { "\t\t" },
            it[2],
            it[3]
        )
    });
    assert_eq!(same(&(HEADER.replace(',', "\t") + &tabs)), json!([]));
    let marked = format!("# {}\n{}", header.join(" "), rows(wide));
    assert_eq!(same(&marked), json!([]));
    let quoted = rows(|it| format!("{} {} \"{}\" {}", it[0], it[1], it[2], it[3]));
    assert_eq!(same(&format!("temp load site state\n{quoted}")), json!([]));
    let case = Case::new((HEADER.to_owned() + &commas()).replace(',', "  "));
    assert_eq!(case.preprocess(&[])["delimiter"], " ");
    let said = case.run(&["preprocess", "data.csv", "--out", "out"]);
    assert!(
        said.err.contains("UTF-8, delimiter blank, 60 rows"),
        "{}",
        said.err
    );
}

#[test]
fn a_header_that_lacks_the_name_of_the_first_column_is_the_one_of_r() {
    let mut at = 0;
    let body: String = commas().lines().fold(String::new(), |text, line| {
        at += 1;
        text + &format!("\"{at}\" {}\n", line.replace(',', " "))
    });
    let header = "\"temp\" \"load\" \"site\" \"state\"\n";
    let note = "the header has one name less than the rows have fields: the first column is taken for the names of the \
                rows, as R and pandas write them";
    assert_eq!(same(&(header.to_owned() + &body)), json!([note]));
}

#[test]
fn numbers_in_a_row_and_years_are_names() {
    let header = |first: &str, columns: usize| {
        let row = |at: usize| {
            let fields: Vec<_> = (0..columns)
                .map(|it| format!("{}.{}", at * 7 % 13, (at + it) % 10))
                .collect();
            fields.join(",") + "\n"
        };
        let text = format!("{first}\n") + &(0..40).map(row).collect::<String>();
        Case::new(text).preprocess(&[])["header"].clone()
    };
    for first in [
        "2019,2020,2021",
        "2021,2020,2019",
        "1990,2000,2010,2020",
        "0,1,2",
        "1,2,3,4",
        "country,2019,2020",
        ",2019,2020,2021",
    ] {
        assert_eq!(
            header(first, first.split(',').count()),
            "present",
            "{first}"
        );
    }
    for first in ["2019.5,2020,2021", "3,1,2", "12,13", "1,3,5"] {
        assert_eq!(header(first, first.split(',').count()), "absent", "{first}");
    }
    let years: String = (0..40)
        .map(|at| format!("{},{},{}\n", 1990 + at % 5, 1996 + at % 7, 2004 + at % 3))
        .collect();
    assert_eq!(Case::new(years).preprocess(&[])["header"], "absent");
}
