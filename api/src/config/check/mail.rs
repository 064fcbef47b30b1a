//! The settings of mail.

use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::config::{Mail, Problems, is_loopback, variables::MailVariables};

impl MailVariables {
    /// Checks the settings of mail, and adds their problems. Returns the public address of the pages, too.
    pub(super) fn take(self, problems: &mut Problems) -> (Mail, String) {
        let url = self.smtp_url.take_if(problems, |url| url.as_ref().map_or(Ok(()), check_smtp_url));
        let from = self.mail_from.take_if(problems, |from| from.as_deref().map_or(Ok(()), check_sender));
        let public_url = self.public_url.take_if(problems, |url| url.as_deref().map_or(Ok(()), check_public_url));
        let Some(url) = url else { return (Mail::Disabled, public_url.unwrap_or_default()) };
        if from.is_none() {
            problems.add("MAIL_FROM", "must be set to the sender of mails, or SMTP_URL unset");
        }
        if public_url.is_none() {
            problems.add("PUBLIC_URL", "must be set to the https address of the pages: links in mails lead there");
        }
        let mail = Mail::Smtp { url, from: from.unwrap_or_default() };
        (mail, public_url.unwrap_or_default())
    }
}

/// The problem does not repeat the URL, which holds a password.
fn check_smtp_url(url: &SecretString) -> Result<(), String> {
    AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret()).map(drop).map_err(|_| {
        "must be smtps://user:password@host, or smtp://user:password@host?tls=required, with special characters in the \
         password percent-encoded"
            .to_owned()
    })
}

fn check_sender(from: &str) -> Result<(), String> {
    from.parse::<Mailbox>()
        .map(drop)
        .map_err(|_| format!("must be an email, such as Patch-Hive <no-reply@patchhive.example>, not {from:?}"))
}

fn check_public_url(url: &str) -> Result<(), String> {
    let good = Url::parse(url).is_ok_and(|url| url.scheme() == "https" || is_loopback(&url));
    if good { Ok(()) } else { Err("must be an https URL, or http on loopback".to_owned()) }
}
