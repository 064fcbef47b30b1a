//! The effect of each timer.

use crate::{
    billing::{cancellation, delayed_payment, dunning, pending_update, phases, renewal},
    resources::checkout_session,
    store::{timers::Timer, work::Work},
};

/// Fires a timer. Obsolete timers are not removed: each effect checks whether it still applies.
pub(crate) fn fire(work: &mut Work<'_>, timer: &Timer) {
    match timer {
        Timer::SessionExpiry(session) => checkout_session::lapse(work, session),
        Timer::PeriodEnd(subscription) => renewal::period_ended(work, subscription),
        Timer::TrialNotice(subscription) => renewal::announce_trial_end(work, subscription),
        Timer::Cancellation(subscription) => cancellation::end_if_due(work, subscription),
        Timer::PhaseEnd(schedule) => phases::advance(work, schedule),
        Timer::PendingUpdateExpiry(subscription) => pending_update::expire(work, subscription),
        Timer::Finalization(invoice) => renewal::finalize(work, invoice),
        Timer::PaymentRetry(invoice) => dunning::retry(work, invoice),
        Timer::Bounce(intent) => drop(delayed_payment::settle(work, intent, false)),
    }
}
