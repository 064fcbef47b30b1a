//! Links to legal texts.

use async_graphql::{Context, Object, SimpleObject};

use super::context::RequestContext;
use crate::error::Error;

/// The query of links to legal texts.
#[derive(Default)]
pub(super) struct LegalLinksQuery;

#[Object]
impl LegalLinksQuery {
    /// Links to the legal texts of this server, for pages to show.
    async fn legal_links(&self, ctx: &Context<'_>) -> Result<LegalLinks, Error> {
        let legal = ctx.app()?.config.legal.clone();
        Ok(LegalLinks { terms_url: legal.terms_url, privacy_url: legal.privacy_url })
    }
}

/// Links to the legal texts of a server.
#[derive(SimpleObject)]
pub(super) struct LegalLinks {
    /// The URL of the terms of service; null where the server has none.
    terms_url: Option<String>,
    /// The URL of the privacy policy; null where the server has none.
    privacy_url: Option<String>,
}
