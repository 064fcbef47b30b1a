//! Sends the mails of the queue.

use super::{alert_mail, change_email, mail_link, top_up_notice};
use crate::{app::App, error::Error, work::Next};

/// Sends a queued mail, unless nobody needs it.
///
/// # Errors
/// The mail server's or the database's.
pub async fn send_mail(app: &App, key: &str) -> Result<Next, Error> {
    let Some(mailer) = &app.mailer else { return Ok(Next::Done) };
    let kinds = [
        alert_mail::message(app, key).await?,
        change_email::message(app, key).await?,
        top_up_notice::message(app, key).await?,
    ];
    let message = match kinds.into_iter().flatten().next() {
        Some(message) => Some(message),
        None => mail_link::message(app, key).await?,
    };
    if let Some(message) = message {
        mailer.send(message).await?;
    }
    Ok(Next::Done)
}
