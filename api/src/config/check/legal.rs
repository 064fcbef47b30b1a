//! The links to legal texts.

use url::Url;

use crate::config::{Legal, LegalVariables, Problems, is_loopback};

/// Maximum length of a link: Stripe's page shows both links in a text of at most 1200 characters.
const MAX_LINK_BYTES: usize = 500;

impl LegalVariables {
    /// Checks the links, and adds their problems.
    pub(super) fn take(self, problems: &mut Problems) -> Legal {
        Legal {
            terms_url: self.terms_url.take_if(problems, |url| url.as_deref().map_or(Ok(()), check_link)),
            privacy_url: self.privacy_url.take_if(problems, |url| url.as_deref().map_or(Ok(()), check_link)),
        }
    }
}

fn check_link(text: &str) -> Result<(), String> {
    let is_sound = Url::parse(text).is_ok_and(|url| {
        let is_web = url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url);
        is_web && url.username().is_empty() && url.password().is_none()
    });
    if !is_sound || text.contains(char::is_whitespace) {
        return Err(format!(
            "must be an https URL such as https://patchhive.example/terms, or http on loopback, not {text:?}"
        ));
    }
    if text.len() > MAX_LINK_BYTES {
        return Err(format!("must have at most {MAX_LINK_BYTES} bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_web_address_without_a_user() {
        for good in ["https://patchhive.example/terms", "http://127.0.0.1:8000/terms", "http://localhost/privacy"] {
            assert_eq!(check_link(good), Ok(()), "{good}");
        }
        for bad in [
            "terms",
            "/terms",
            "http://patchhive.example/terms",
            "javascript:alert(1)",
            "https://user:secret@patchhive.example/",
            "https://patchhive.example/our terms",
        ] {
            assert!(check_link(bad).is_err(), "{bad}");
        }
        assert!(check_link(&format!("https://patchhive.example/{}", "a".repeat(MAX_LINK_BYTES))).is_err());
    }
}
