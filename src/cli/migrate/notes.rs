//! What has no equal here: a line for each field, and why.

/// The longest line of a comment.
const WIDTH: usize = 118;

/// What people have to know about a migration.
#[derive(Debug, Default)]
pub(super) struct Notes {
    lines: Vec<String>,
    decisions: Vec<String>,
}

impl Notes {
    /// A field that is not taken over as it was, and why.
    pub(super) fn add(&mut self, field: &str, why: &str) {
        self.lines.push(format!("{field}: {why}"));
    }

    /// What somebody has to write before it is applied.
    pub(super) fn decide(&mut self, field: &str, what: &str) {
        self.decisions.push(format!("{field}: {what}"));
    }

    /// What somebody has to do before it is applied.
    pub(super) fn decisions(&self) -> &[String] {
        &self.decisions
    }

    /// As comments of YAML.
    pub(super) fn comments(&self) -> String {
        let mut text = String::new();
        for (title, lines) in [
            ("Before you apply it:", &self.decisions),
            ("What has changed, and why:", &self.lines),
        ] {
            if lines.is_empty() {
                continue;
            }
            text.push_str(&format!("# {title}\n"));
            for line in lines {
                text.push_str(&wrapped(line));
            }
        }
        text
    }
}

/// An item of a list in comments, over as many lines as it needs.
fn wrapped(text: &str) -> String {
    let mut lines = vec!["# -".to_owned()];
    for word in text.split(' ') {
        let fits = |line: &String| line.chars().count() + word.chars().count() < WIDTH;
        match lines.last_mut().filter(|line| fits(line)) {
            Some(line) => line.push_str(&format!(" {word}")),
            None => lines.push(format!("#   {word}")),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_wrapped_between_words() {
        let mut notes = Notes::default();
        notes.add("spec.a", &"word ".repeat(40));
        let comments = notes.comments();
        assert!(comments.lines().count() > 2, "{comments}");
        assert!(
            comments
                .lines()
                .all(|line| line.starts_with("# ") && line.len() <= WIDTH),
            "{comments}"
        );
    }
}
