//! Whether what people read may have colours.

use std::env;

/// Whether text for people may have colours on something that is or is no terminal.
pub fn has_colours(is_terminal: bool) -> bool {
    // As https://no-color.org has it.
    let refused = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|it| it == "dumb");
    is_terminal && !refused && !is_dumb
}
