//! What the keys about delivery mean: `redelivery` and `limits`.

use std::time::Duration;

use super::{
    bounds,
    keys::{LIMITS, REDELIVERY},
    mistake::Mistakes,
    reader::Section,
    span,
};
use crate::{
    confirm::target::Confirm,
    delivery::policy::{Limits, Redelivery},
};

const IN_FLIGHT: usize = 100;
const ACTIVE_WORKFLOWS: usize = 20;
const SETTLE: Duration = Duration::from_secs(10);

/// When an unconfirmed event is sent again, and when it is given up.
pub(super) fn redelivery(root: &Section<'_>, m: &mut Mistakes) -> Redelivery {
    let default = Redelivery::default();
    let Some(section) = root.section("redelivery", &REDELIVERY, m) else {
        return default;
    };
    if !root.has("confirm") {
        m.add(
            "redelivery",
            "has no effect without `confirm`, which says what confirms an event; add `confirm: {workflows: {}}` or remove the key",
        );
    }
    let deadline = section.optional("deadline", m, |v| span::read(v, bounds::DEADLINE));
    let attempts = section.optional("maxAttempts", m, |v| v.whole_number(bounds::MAX_ATTEMPTS));
    let give_up = section.optional("giveUpAfter", m, |v| span::read(v, bounds::GIVE_UP_AFTER));
    let redelivery = Redelivery {
        deadline: deadline.unwrap_or(default.deadline),
        max_attempts: attempts.map_or(default.max_attempts, |n| n as u32),
        give_up_after: give_up.unwrap_or(default.give_up_after),
    };
    if redelivery.give_up_after < redelivery.deadline {
        let deadline = span::write(redelivery.deadline);
        m.add(
            &section.path_of("giveUpAfter"),
            format!("is shorter than `deadline`, which is {deadline}; give at least that"),
        );
    }
    redelivery
}

/// Bounds on what is under way.
pub(super) fn limits(root: &Section<'_>, confirm: &[Confirm], m: &mut Mistakes) -> Limits {
    let by_workflows = confirm.iter().any(|confirm| confirm.kind.is_workflow());
    let default = Limits {
        in_flight: IN_FLIGHT,
        active_workflows: by_workflows.then_some(ACTIVE_WORKFLOWS),
        settle: SETTLE,
    };
    let Some(section) = root.section("limits", &LIMITS, m) else {
        return default;
    };
    let in_flight = section.optional("inFlight", m, |v| v.whole_number(bounds::IN_FLIGHT));
    let active = section.optional("activeWorkflows", m, |v| {
        v.whole_number(bounds::ACTIVE_WORKFLOWS)
    });
    let settle = section.optional("settle", m, |v| span::read(v, bounds::SETTLE));
    // Of a `confirm` that cannot be read nobody knows what was meant.
    if active.is_some() && !by_workflows && (!confirm.is_empty() || !root.has("confirm")) {
        m.add(
            &section.path_of("activeWorkflows"),
            "needs Workflows that confirm; add `confirm: {workflows: {}}` or remove the key",
        );
    }
    Limits {
        in_flight: in_flight.unwrap_or(default.in_flight),
        active_workflows: active.or(default.active_workflows),
        settle: settle.unwrap_or(default.settle),
    }
}
