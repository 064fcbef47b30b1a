//! The settings of mail.

use std::net::IpAddr;

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
    let text = url.expose_secret();
    if AsyncSmtpTransport::<Tokio1Executor>::from_url(text).is_ok() && !shows_password(text) {
        return Ok(());
    }
    Err("must be smtps://user:password@host, or smtp://user:password@host?tls=required, with special characters in the \
         password percent-encoded"
        .to_owned())
}

/// Returns true if a password may be sent to another machine without TLS.
fn shows_password(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        let encrypted =
            url.scheme() == "smtps" || url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
        url.password().is_some() && !encrypted && !is_this_machine(&url)
    })
}

/// As [`is_loopback`], for schemes of which a URL's host is not read as an address.
fn is_this_machine(url: &Url) -> bool {
    let address = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    is_loopback(url) || address.is_some_and(|address| address.is_loopback())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_sent_with_tls_or_to_this_machine() {
        let accepted = |url: &str| check_smtp_url(&url.into()).is_ok();
        for url in [
            "smtps://gateway:secret@mail.example",
            "smtp://gateway:secret@mail.example:587?tls=required",
            "smtp://gateway:secret@localhost",
            "smtp://gateway:secret@127.0.0.1:1025",
            "smtp://mail.internal:25",
        ] {
            assert!(accepted(url), "{url}");
        }
        for url in ["smtp://gateway:secret@mail.example", "smtp://gateway:secret@mail.example?tls=opportunistic"] {
            assert!(!accepted(url), "{url}");
        }
    }
}
