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
    let told = hint(&filter, "datasets", &all_of(names));
    for part in parts {
        assert!(told.contains(part), "{prefix} {patterns:?}: {told}");
    }
}

fn all_of(names: Vec<String>) -> Sample {
    let of = names.len() as u64;
    Sample { names, of }
}

/// What is said when the container has these names.
fn of(names: &[&str], prefix: &str, patterns: &[&str]) -> String {
    let owned = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let filter = FilterSpec {
        prefix: prefix.to_owned(),
        patterns: owned(patterns),
    };
    assert_eq!(
        matching(&filter, &owned(names)),
        None,
        "{patterns:?} matches"
    );
    hint(&filter, "lake", &all_of(owned(names)))
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
                "no name begins with `rww/`; the container has raw/ (5), Images/ (1)",
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
        &["the container has raw/ (5), Images/ (1): correct `prefix`"],
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
            "the patterns with `!` together exclude every name",
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
            "raw/ (5), Images/ (1), for example the blob raw/2026/a.csv",
        ),
    ] {
        told(prefix, patterns, &[cause, form]);
    }
}

const LAKE: &[&str] = &[
    "lake/2026/1.parquet",
    "lake/2026/a.csv",
    "lake/b.csv",
    "in/Sales Report.xlsx",
    "in/7.csv",
    "c.csv",
];

#[test]
fn a_mistake_of_form_gets_the_pattern_that_was_meant() {
    for (pattern, cause, form) in [
        (
            "**/sales*.xlsx",
            "upper and lower case",
            "\"**/Sales*.xlsx\"`: 1 of 6",
        ),
        (
            "sales*.xlsx",
            "upper and lower case",
            "\"**/Sales*.xlsx\"`: 1 of 6",
        ),
        (
            "^lake",
            "not a regular expression",
            "Remove `pattern`, and write `prefix: lake`: 3 of 6",
        ),
        (
            "lake.*",
            "not a regular expression",
            "Remove `pattern`, and write `prefix: lake`: 3 of 6",
        ),
        (
            "lake.*parquet",
            "not a regular expression",
            "\"lake*/**/*parquet\"`: 1 of 6",
        ),
        ("lake|in", "a list", "[\"lake/**\", \"in/**\"]`: 5 of 6"),
        ("-\"*.csv\"", "a space after its `-`", "\"*.csv\"`: 1 of 6"),
        ("%.csv", "`*` for any characters", "\"**/*.csv\"`: 4 of 6"),
        (
            "*.csv,*.parquet",
            "a list",
            "[\"**/*.csv\", \"**/*.parquet\"]`: 5 of 6",
        ),
        (
            "*.csv|*.parquet",
            "a list",
            "[\"**/*.csv\", \"**/*.parquet\"]`: 5 of 6",
        ),
        (
            "*.csv *.parquet",
            "a list",
            "[\"**/*.csv\", \"**/*.parquet\"]`: 5 of 6",
        ),
        ("**/* .csv", "a blank within", "\"**/*.csv\"`: 4 of 6"),
        (
            "**/\\d+.csv",
            "of regular expressions",
            "\"**/[0-9]*.csv\"`: 1 of 6",
        ),
    ] {
        let told = of(LAKE, "", &[pattern]);
        assert!(
            told.contains(cause) && told.contains(form),
            "{pattern}: {told}"
        );
    }
}

#[test]
fn a_prefix_of_another_world_gets_the_right_form() {
    for (prefix, form) in [
        (
            "abfss://lake@store.dfs.core.windows.net/in/",
            "Write `prefix: in/`: 2 of 6",
        ),
        (
            "wasbs://lake@store.blob.core.windows.net/in/",
            "Write `prefix: in/`: 2 of 6",
        ),
        ("az://lake/in/", "Write `prefix: in/`: 2 of 6"),
        ("dbfs:/mnt/store/in/", "Write `prefix: in/`: 2 of 6"),
        (
            "in/, lake/",
            "write `pattern: [\"in/**\", \"lake/**\"]`: 5 of 6",
        ),
    ] {
        let told = of(LAKE, prefix, &[]);
        assert!(told.contains(form), "{prefix}: {told}");
    }
    let told = of(LAKE, "in/, lake/", &["**/*.csv"]);
    assert!(
        told.contains("[\"in/**/*.csv\", \"lake/**/*.csv\"]`: 3 of 6"),
        "{told}"
    );
    let told = of(&["caf\u{e9}/a.csv"], "cafe\u{301}/", &[]);
    assert!(
        told.contains("Unicode form NFD") && told.contains("1 of 1"),
        "{told}"
    );
    let told = of(&["cafe\u{301}/a.csv"], "", &["caf\u{e9}/*.csv"]);
    assert!(
        told.contains("Unicode form NFC") && told.contains("1 of 1"),
        "{told}"
    );
}

#[test]
fn excludes_are_blamed_for_what_they_do() {
    let told = of(
        &["raw/a.csv", "raw/b.parquet", "raw/c.CSV"],
        "",
        &[
            "raw/**",
            "!raw/**/*.csv",
            "!raw/**/*.parquet",
            "!raw/**/*.CSV",
        ],
    );
    assert!(
        told.starts_with("the patterns with `!` together exclude every name"),
        "{told}"
    );
    let told = of(LAKE, "", &["*.parquet", "!**"]);
    assert!(
        told.starts_with("\"!**\" excludes every name: remove it."),
        "{told}"
    );
    assert!(told.contains("\"**/*.parquet\""), "{told}");
}

#[test]
fn counts_of_a_sample_are_those_of_the_container() {
    let mut names: Vec<_> = (0..90).map(|n| format!("raw/{n}.csv")).collect();
    names.extend((0..5).map(|n| format!("Landing/{n}.csv")));
    names.extend((0..3).map(|n| format!("landing/{n}.tsv")));
    names.extend(["a", "b/c"].map(str::to_owned));
    let sample = Sample { names, of: 10_000 };
    let told = |prefix: &str, pattern: &str| {
        let filter = FilterSpec {
            prefix: prefix.to_owned(),
            patterns: vec![pattern.to_owned()],
        };
        hint(&filter, "lake", &sample)
    };
    let ending = told("", "**/*.zzz");
    assert!(
        ending.contains("the names end in .csv (about 9500)"),
        "{ending}"
    );
    let folder = told("zzzzzz/", "**/*.zzz");
    let largest = "the container has raw/ (about 9000), Landing/ (about 500), landing/ (about 300) and 2 more";
    assert!(folder.contains(largest), "{folder}");
    let change = told("", "*.csv");
    assert!(
        change.contains("about 9500 of 10000 blobs match"),
        "{change}"
    );
}
