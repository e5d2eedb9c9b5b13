//! The numbers as Prometheus' own text, which a browser shows: OpenMetrics, but for what the two call a counter.

/// The content type of what [`of`] gives.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The same as this OpenMetrics text. There a counter's name is without the `_total` of its numbers, here it has it.
pub(super) fn of(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let lines: Vec<&str> = open_metrics.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let Some(comment) = line.strip_prefix("# ") else {
            add(&mut text, &[line]);
            continue;
        };
        let mut words = comment.splitn(3, ' ');
        let (Some(kind @ ("HELP" | "TYPE")), Some(name), Some(rest)) =
            (words.next(), words.next(), words.next())
        else {
            continue;
        };
        // Of a family the type comes after the meaning.
        let type_of = format!("# TYPE {name} counter");
        let is_counter = lines[at..].iter().take(2).any(|line| *line == type_of);
        let total = if is_counter { "_total" } else { "" };
        add(&mut text, &["# ", kind, " ", name, total, " ", rest]);
    }
    text
}

fn add(text: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| text.push_str(part));
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_has_the_name_of_its_numbers() {
        let open = "# HELP x_sent Events.\n# TYPE x_sent counter\nx_sent_total{source=\"# a\"} 7\n\
                    # HELP x_seconds Time.\n# TYPE x_seconds gauge\n# UNIT x_seconds seconds\nx_seconds 1.5\n# EOF\n";
        assert_eq!(
            of(open),
            "# HELP x_sent_total Events.\n# TYPE x_sent_total counter\nx_sent_total{source=\"# a\"} 7\n\
             # HELP x_seconds Time.\n# TYPE x_seconds gauge\nx_seconds 1.5\n"
        );
    }
}
