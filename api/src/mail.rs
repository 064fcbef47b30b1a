//! Sends mail, by SMTP or, in development, to the log.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};

use secrecy::ExposeSecret;

use crate::{config, error::Error};

/// Time limit of a delivery to the mail server.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A mail to one user.
#[derive(Clone, Debug)]
pub struct Message {
    /// The user's email.
    pub to: String,
    /// The subject.
    pub subject: &'static str,
    /// Plain text.
    pub text: String,
}

/// Sends mail.
#[derive(Clone)]
pub enum Mailer {
    /// Writes mails to the log instead: for development only, since they contain links.
    Log,
    /// Sends mails by SMTP.
    Smtp(Box<SmtpMailer>),
}

/// A mail server, and the sender's address.
#[derive(Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Prepares sending; `None` if mail is not configured. Nothing is connected yet.
    ///
    /// # Errors
    /// A sentence that says what to set.
    pub fn new(settings: &config::Mail) -> Result<Option<Self>, String> {
        match settings {
            config::Mail::Disabled => Ok(None),
            config::Mail::Log => Ok(Some(Self::Log)),
            config::Mail::Smtp { url, from } => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret());
                // The error would quote the URL, which holds a password.
                let transport = transport.map_err(|_| WRONG_URL)?.timeout(Some(TIMEOUT)).build();
                let from = from
                    .parse()
                    .map_err(|_| "set MAIL_FROM to an email, such as Patch-Hive <no-reply@patchhive.example>")?;
                Ok(Some(Self::Smtp(Box::new(SmtpMailer { transport, from }))))
            }
        }
    }

    /// Sends a mail. A permanent refusal by the mail server is logged.
    ///
    /// # Errors
    /// [`Error::Internal`] when another attempt may succeed.
    pub async fn send(&self, Message { to, subject, text }: Message) -> Result<(), Error> {
        let Self::Smtp(smtp) = self else {
            tracing::info!("mail to {to}: {subject}\n\n{text}");
            return Ok(());
        };
        let Ok(to) = to.parse::<Mailbox>() else {
            tracing::warn!("a mail was not sent: the user's email is not one that mail can be sent to");
            return Ok(());
        };
        let mail = lettre::Message::builder().from(smtp.from.clone()).to(to).subject(subject);
        let mail = mail.header(ContentType::TEXT_PLAIN).body(text);
        let mail = mail.map_err(|error| Error::Internal(format!("a mail could not be composed: {error}")))?;
        match smtp.transport.send(mail).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => {
                tracing::warn!(%error, "the mail server refused a mail");
                Ok(())
            }
            Err(error) => Err(Error::Internal(format!("a mail could not be sent: {error}"))),
        }
    }
}

const WRONG_URL: &str = "set SMTP_URL to smtps://user:password@host, or smtp://user:password@host?tls=required";
