//! A table of four columns, and what the program reads of it and says.

use super::Case;

pub(crate) const HEADER: &str = "temp,load,site,state";

/// The lines of a table without its header.
pub(crate) fn lines(rows: usize) -> Vec<String> {
    let line = |at: usize| {
        let (site, state) = (["hall", "roof", "yard"][at % 3], ["up", "down"][at / 2 % 2]);
        format!("{}.5,{},{site},{state}", at * 7 % 31, at * 13 % 53)
    };
    (0..rows).map(line).collect()
}

pub(crate) fn table(header: &str, lines: &[String]) -> String {
    format!("{header}\n{}\n", lines.join("\n"))
}

/// What is learned from a table, and what is said of it.
pub(crate) fn read(text: &str) -> (String, Vec<String>) {
    let case = Case::new(text);
    let schema = case.preprocess(&[]);
    let warnings = schema["warnings"].as_array().unwrap().iter();
    let warnings = warnings.map(|it| it.as_str().unwrap().to_owned()).collect();
    (String::from_utf8(case.read("train.csv")).unwrap(), warnings)
}
