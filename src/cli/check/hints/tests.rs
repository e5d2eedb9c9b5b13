use super::*;

const NAMES: [&str; 6] = [
    "raw/2026/a.csv",
    "raw/2026/b.CSV",
    "raw/c.csv",
    "raw/sub/machines.csv",
    "Images/d.png",
    "raw/e.parquet",
];

#[track_caller]
fn told(prefix: &str, patterns: &[&str], parts: &[&str]) {
    let filter = FilterSpec {
        prefix: prefix.to_owned(),
        patterns: patterns.iter().map(|it| (*it).to_owned()).collect(),
    };
    let names: Vec<_> = NAMES.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(
        matching(&filter, &names),
        None,
        "{prefix} {patterns:?} matches"
    );
    let told = hint(&filter, "datasets", &names);
    for part in parts {
        assert!(told.contains(part), "{prefix} {patterns:?}: {told}");
    }
}

#[test]
fn a_prefix_with_which_no_name_begins_gets_the_one_that_works() {
    const CSV: &[&str] = &["**/*.csv"];
    for (prefix, parts) in [
        (
            "/raw/",
            ["does not begin with `/`", "Write `prefix: raw/`: 3 of 6"],
        ),
        (
            "./raw/",
            ["does not begin with `/` or `./`", "Write `prefix: raw/`"],
        ),
        ("raw//", ["one `/` separates", "Write `prefix: raw/`"]),
        ("raw\\", ["and not by `\\`", "Write `prefix: raw/`"]),
        ("raw/ ", ["a blank or a line break", "Write `prefix: raw/`"]),
        (
            "raw/\n",
            ["a blank or a line break", "Write `prefix: raw/`"],
        ),
        ("“raw/”", ["straight ones", "Write `prefix: raw/`"]),
        ("'raw/'", ["once", "Write `prefix: raw/`"]),
        (
            "raw%2F2026",
            ["not percent-encoded", "Write `prefix: raw/2026`"],
        ),
        (
            "datasets/raw/",
            ["name of the container", "Write `prefix: raw/`"],
        ),
        (
            "https://x.blob.core.windows.net/datasets/raw/",
            ["not its URL", "Write `prefix: raw/`"],
        ),
        ("RAW/", ["upper and lower case", "Write `prefix: raw/`"]),
        (
            "rww/",
            [
                "no name begins with `rww/`; the container has Images/, raw/",
                "Write `prefix: raw/`: 3 of 6",
            ],
        ),
        (
            "raw/2025/",
            [
                "no name begins with `raw/2025/`",
                "Write `prefix: raw/2026/`",
            ],
        ),
        (
            "raw/other/",
            ["no name begins with `raw/other/`", "Write `prefix: raw/`"],
        ),
        (
            "sub/",
            ["beginning of the whole name", "Write `prefix: raw/sub/`"],
        ),
        (
            "raw/c/",
            ["no blob is in a folder", "Write `prefix: raw/c`"],
        ),
        (
            "input/",
            ["no name begins with `input/`", "Remove `prefix`: 3 of 6"],
        ),
        (
            "${PREFIX}",
            ["`${PREFIX}` is not replaced", "write the text itself"],
        ),
    ] {
        told(prefix, CSV, &parts);
    }
    told(
        "input/",
        &[],
        &["the container has Images/, raw/: correct `prefix`"],
    );
}

#[test]
fn a_glob_as_the_prefix_keeps_the_pattern() {
    let plain = "`prefix` is plain text";
    for (prefix, patterns, form) in [
        ("raw/*", &["**/*.csv"][..], "Write `prefix: raw/`: 3 of 6"),
        ("raw/*", &[], "Write `prefix: raw/`: 5 of 6"),
        (
            "raw/20*/",
            &[],
            "Remove `prefix`, and write `pattern: \"raw/20*/**\"`: 2 of 6",
        ),
        (
            "raw/20*/",
            &["**/*.csv"],
            "Remove `prefix`, and write `pattern: \"raw/20*/**/*.csv\"`: 1 of 6",
        ),
        (
            "*.csv",
            &[],
            "Remove `prefix`, and write `pattern: \"**/*.csv\"`: 3 of 6",
        ),
        ("*.csv", &["**/*.csv"], "Remove `prefix`: 3 of 6"),
        ("raw?/", &["**/*.csv"], "Remove `prefix`: 3 of 6"),
    ] {
        told(prefix, patterns, &[plain, form]);
    }
}

#[test]
fn a_pattern_that_matches_nothing_gets_the_form_that_does() {
    for (prefix, patterns, cause, form) in [
        (
            "",
            &["(raw|Logs)/**"][..],
            "a glob",
            "`pattern: \"{raw,Logs}/**\"`",
        ),
        (
            "",
            &["raw/[0-9]{4}/*.csv"],
            "a glob",
            "`pattern: \"raw/[0-9][0-9][0-9][0-9]/*.csv\"`",
        ),
        ("", &["**/*.{ csv}"], "a glob", "`pattern: \"**/*.{csv}\"`"),
        ("", &["raw/**/"], "a glob", "`pattern: \"raw/**\"`"),
        (
            "",
            &["/raw/*.csv"],
            "does not begin with `/`",
            "`pattern: \"raw/*.csv\"`",
        ),
        (
            "",
            &["^raw/.*\\.csv$"],
            "not a regular expression",
            "`pattern: \"raw/**/*.csv\"`",
        ),
        (
            "",
            &[".*\\.png"],
            "not a regular expression",
            "`pattern: \"**/*.png\"`",
        ),
        (
            "",
            &["\\.csv$"],
            "not a regular expression",
            "`pattern: \"**/*.csv\"`",
        ),
        (
            "",
            &["csv$"],
            "not a regular expression",
            "`pattern: \"**/*csv\"`",
        ),
        (
            "",
            &["raw/[a-z]+\\.csv"],
            "not a regular expression",
            "`pattern: \"raw/*.csv\"`",
        ),
        (
            "raw/",
            &["*.csv"],
            "the prefix included",
            "`pattern: \"raw/**/*.csv\"`",
        ),
        (
            "",
            &["*.csv"],
            "about the whole name",
            "`pattern: \"**/*.csv\"`",
        ),
        (
            "",
            &["machines.csv"],
            "about the whole name",
            "`pattern: \"**/machines.csv\"`",
        ),
        (
            "",
            &["sub/*.csv"],
            "about the whole name",
            "`pattern: \"**/sub/*.csv\"`",
        ),
        (
            "",
            &[".csv"],
            "about the whole name",
            "`pattern: \"**/*.csv\"`",
        ),
        (
            "",
            &["csv"],
            "about the whole name",
            "`pattern: \"**/*csv\"`",
        ),
        (
            "",
            &["{csv,parquet}"],
            "about the whole name",
            "`pattern: \"**/*{csv,parquet}\"`",
        ),
        (
            "",
            &["raw"],
            "about the whole name",
            "`pattern: \"raw/**\"`",
        ),
        (
            "",
            &["raw/"],
            "about the whole name",
            "`pattern: \"raw/**\"`",
        ),
        (
            "",
            &["machine"],
            "about the whole name",
            "`pattern: \"**/*machine*\"`",
        ),
        (
            "",
            &["*.PNG"],
            "upper and lower case",
            "`pattern: \"**/*.png\"`",
        ),
        (
            "",
            &["datasets/raw/*.csv"],
            "the name of the container",
            "`pattern: \"raw/*.csv\"`",
        ),
        (
            "",
            &["raw\\sub\\*.csv"],
            "and not by `\\`",
            "`pattern: \"raw/sub/*.csv\"`",
        ),
        (
            "",
            &["raw/**/*.csv "],
            "a blank or a line break",
            "`pattern: \"raw/**/*.csv\"`",
        ),
        (
            "",
            &["*.png,*.csv"],
            "a list",
            "`pattern: [\"**/*.png\", \"**/*.csv\"]`",
        ),
        (
            "",
            &["raw/**", "!**"],
            "`!**` excludes every",
            "Write `pattern: \"raw/**\"`",
        ),
        (
            "",
            &["!raw/**", "**/*.csv"],
            "`!raw/**` excludes every name that the other patterns match",
            "Write `pattern: \"**/*.csv\"`",
        ),
        (
            "",
            &["**/*.csv", "!raw/**", "!**/*.csv"],
            "the patterns with `!` exclude every name",
            "Write `pattern: \"**/*.csv\"`: 3 of 6",
        ),
        (
            "raw/",
            &["**/*.png"],
            "no name that begins with `raw/` matches",
            "Remove `prefix`: 1 of 6",
        ),
        (
            "",
            &["rww/**/*.csv"],
            "no blob has this name",
            "`pattern: \"raw/**/*.csv\"`: 3 of 6",
        ),
        (
            "",
            &["raw/d.csv", "!b"],
            "no blob has this name",
            "`pattern: [\"raw/c.csv\", \"!b\"]`: 1 of 6",
        ),
        (
            "",
            &["**/*.xlsx"],
            "no name ends in .xlsx",
            "in .csv (3), .CSV (1), .parquet (1) and 1 more",
        ),
        (
            "",
            &["x*/*"],
            "compare the names",
            "Images/, raw/, for example the blob raw/2026/a.csv",
        ),
    ] {
        told(prefix, patterns, &[cause, form]);
    }
}
