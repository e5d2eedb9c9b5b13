//! The streams that were refused before they began.

use std::fmt::{self, Write};

use time::OffsetDateTime;

use super::text::{Ago, Escaped, Many, Words};
use crate::{
    admin::status::{Phase, Status},
    registry::Refusal,
};

/// The refusals that no source of the page shows already.
pub(super) fn alone(status: &Status) -> impl Iterator<Item = &Refusal> {
    let is_shown = |refusal: &Refusal| {
        let mut refused = status.shown().filter(|it| it.state == Phase::Refused);
        refused.any(|it| it.source == refusal.source)
    };
    status.refused.iter().filter(move |it| !is_shown(it))
}

pub(super) fn write(page: &mut String, status: &Status, now: OffsetDateTime) -> fmt::Result {
    if alone(status).next().is_none() {
        return Ok(());
    }
    page.push_str(
        "<section id=refused><h2>Refused streams</h2><p class=note>These streams did not start. An \
         event leaves this list when a stream of it starts here.</p><ul class=list>",
    );
    for refusal in alone(status) {
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
