//! Data for programs: JSON or YAML on stdout.

use std::io::{self, Write};

use serde_json::Value;

use super::args::Output;
use crate::text::plain::{Json, is_hidden};

/// Prints data in the form that was asked for; a table is made elsewhere.
pub(super) fn print(data: &Value, output: Output) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{}", text(data, output)?)?;
    Ok(())
}

fn text(data: &Value, output: Output) -> anyhow::Result<String> {
    if output == Output::Yaml {
        let yaml = serde_saphyr::to_string(data)?;
        // JSON is YAML, too, and has a way to write what a terminal would obey.
        if !yaml.chars().any(|c| c != '\n' && is_hidden(c)) {
            return Ok(yaml.trim_end().to_owned());
        }
    }
    Ok(Json(&serde_json::to_string_pretty(data)?).to_string())
}

/// One document of several.
pub(super) fn document(data: &Value) -> anyhow::Result<String> {
    Ok(format!("---\n{}", text(data, Output::Yaml)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_is_what_json_is() {
        for name in [
            "raw/a.csv",
            "a: b # c",
            "\u{1b}[2J",
            "line\nbreak",
            "\u{202e}x",
            "yes",
            "0x10",
            "",
        ] {
            let data = json!({"blob": name, "steps": [{"mark": "ok", "advice": null, "n": 1}]});
            let yaml = text(&data, Output::Yaml).unwrap();
            let read: Value = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(read, data, "{yaml}");
            let hidden = yaml.chars().find(|c| *c != '\n' && is_hidden(*c));
            assert_eq!(hidden, None, "{yaml:?}");
        }
        let plain = text(&json!({"blob": "raw/a.csv"}), Output::Yaml).unwrap();
        assert_eq!(plain, "blob: raw/a.csv");
    }
}
