//! The streams that were refused before they began.

use std::fmt::{self, Write};

use time::OffsetDateTime;

use super::text::{Ago, Escaped, Many, Words};
use crate::registry::Refusal;

pub(super) fn write(page: &mut String, refused: &[Refusal], now: OffsetDateTime) -> fmt::Result {
    if refused.is_empty() {
        return Ok(());
    }
    page.push_str(
        "<section id=refused><h2>Refused streams</h2><p class=note>These streams did not start. An \
         event leaves this list when a stream of it starts here.</p><ul class=list>",
    );
    for refusal in refused {
        let times = Many(refusal.times, "time");
        write!(
            page,
            "<li><b class=name>{}</b> {}{times}, last {} ago<p class='reason bad'>{}</p></li>",
            Escaped(&refusal.event),
            of_source(refusal),
            Ago(refusal.at, now),
            Words(&refusal.reason),
        )?;
    }
    page.push_str("</ul></section>");
    Ok(())
}

fn of_source(refusal: &Refusal) -> String {
    match refusal.source.as_str() {
        "" => String::new(),
        source if source == refusal.event => String::new(),
        source => format!("source {}, ", Escaped(source)),
    }
}
