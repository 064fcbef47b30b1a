//! The built web pages are served with the right types and caching.

use patch_hive::{
    clock::Clock,
    config::Config,
    server::{self, Site},
};
use reqwest::{Client, Method, Response, header};

use super::on_the_wire;

#[derive(rust_embed::Embed)]
#[folder = "../tests/site"]
pub(super) struct Pages;

/// A gateway with pages, and an HTTP client.
struct Browser {
    http: Client,
    base: String,
}

impl Browser {
    async fn gets(&self, path: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        self.asks(Method::GET, path, headers).await
    }

    async fn asks(&self, method: Method, path: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, *value));
        request.send().await.unwrap()
    }
}

async fn with_pages<F: Future<Output = ()>>(fact: impl FnOnce(Browser) -> F) {
    with_pages_and(|_| {}, fact).await;
}

async fn with_pages_and<F: Future<Output = ()>>(change: impl FnOnce(&mut Config), fact: impl FnOnce(Browser) -> F) {
    // Boxed: the future carries two gateways.
    Box::pin(on_the_wire(async |app| {
        let mut config = app.inside().await.config.clone();
        change(&mut config);
        config.database.url = format!("sqlite:{}", app.folder().join("pages.db").display());
        let options = server::Options { migrate: true, demo: None, site: Site::of::<Pages>() };
        let gateway = server::start_with(config, Clock::default(), options).await.unwrap();
        fact(Browser { http: app.http().clone(), base: format!("http://{}", gateway.address()) }).await;
        gateway.stop().await;
    }))
    .await;
}

const SCRIPT: &str = "/assets/index-4f1c9a7e.js";

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_at_its_path_and_nothing_else_is() {
    with_pages(async |browser| {
        for (path, title) in [("/", "Pages"), ("/pricing", "Pricing"), ("/pricing?payment=success", "Pricing")] {
            let page = browser.gets(path, &[]).await;
            assert_eq!(page.status(), 200);
            assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert!(page.text().await.unwrap().contains(&format!("<title>{title}</title>")), "{path}");
        }
        for path in [
            "/index.html",
            "/pricing.html",
            "/pricing/",
            "/prices",
            "/assets",
            "/assets/index-4f1c9a7e.js.br",
            "/assets/index-00000000.js",
            "/%2e%2e/wire.rs",
            "/..%2fwire.rs",
            "//etc/passwd",
            "/wire.rs",
        ] {
            let nothing = browser.gets(path, &[]).await;
            assert_eq!(nothing.status(), 404, "{path}");
            assert_eq!(nothing.headers()[header::CONTENT_TYPE], "application/json");
            let page = browser.gets(path, &[(header::ACCEPT, "text/html,*/*;q=0.8")]).await;
            assert_eq!(page.status(), 404, "{path}");
            assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
            assert!(page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("script-src 'self';"));
        }
        assert_eq!(browser.asks(Method::POST, "/pricing", &[]).await.status(), 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_hash_in_its_name_is_cached_forever_and_a_page_is_revalidated() {
    with_pages(async |browser| {
        let script = browser.gets(SCRIPT, &[]).await;
        assert_eq!(script.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        for path in ["/", "/icon.svg"] {
            let page = browser.gets(path, &[]).await;
            assert_eq!(page.headers()[header::CACHE_CONTROL], "no-cache");
            let tag = page.headers()[header::ETAG].to_str().unwrap().to_owned();
            let weak = format!("\"other\", W/{tag}");
            for known in [tag.as_str(), &weak, "*"] {
                let unchanged = browser.gets(path, &[(header::IF_NONE_MATCH, known)]).await;
                assert_eq!(
                    (unchanged.status().as_u16(), unchanged.headers()[header::ETAG].to_str().unwrap()),
                    (304, &*tag)
                );
                assert!(unchanged.bytes().await.unwrap().is_empty());
            }
            assert_eq!(browser.gets(path, &[(header::IF_NONE_MATCH, "\"other\"")]).await.status(), 200);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_comes_in_the_best_form_that_the_browser_reads() {
    with_pages(async |browser| {
        let mut tags = Vec::new();
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip;q=1.0, BR;q=0.5", Some("br")),
            ("gzip, br;q=0", Some("gzip")),
            ("identity", None),
            ("br;q=0.000, gzip; q=0", None),
        ] {
            let script = browser.gets(SCRIPT, &[(header::ACCEPT_ENCODING, accepted)]).await;
            let headers = script.headers().clone();
            assert_eq!(
                headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap()),
                coding,
                "{accepted}"
            );
            assert_eq!(headers[header::VARY], "accept-encoding");
            assert_eq!(headers[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
            tags.push((coding, headers[header::ETAG].clone(), script.text().await.unwrap()));
        }
        assert_eq!(tags[0], tags[1]);
        assert_eq!(tags[3], tags[4]);
        assert!(tags[0].1 != tags[2].1 && tags[0].1 != tags[3].1, "each form has a tag of its own");
        let page = browser.gets("/", &[(header::ACCEPT_ENCODING, "br")]).await;
        assert!(!page.headers().contains_key(header::CONTENT_ENCODING), "there is no other form of it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_there_only_compressed_is_not_sent_to_those_who_cannot_read_it() {
    with_pages(async |browser| {
        let path = "/graphiql/assets/editor-5b0e2d11.js";
        for accepted in ["gzip, deflate, br, zstd", "gzip"] {
            let script = browser.gets(path, &[(header::ACCEPT_ENCODING, accepted)]).await;
            assert_eq!(script.status(), 200);
            assert_eq!(script.headers()[header::CONTENT_ENCODING], "gzip");
            assert_eq!(script.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
        }
        for accepted in ["identity", "gzip;q=0, br"] {
            let refused = browser.gets(path, &[(header::ACCEPT_ENCODING, accepted)]).await;
            assert_eq!(refused.status(), 406, "{accepted}");
            assert_eq!(refused.text().await.unwrap(), "Send Accept-Encoding: gzip.\n");
        }
        assert_eq!(browser.gets("/graphiql/assets/editor-5b0e2d11.js.gz", &[]).await.status(), 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_run_scripts_of_its_own_only() {
    with_pages(async |browser| {
        for path in ["/", "/pricing", SCRIPT] {
            let page = browser.gets(path, &[]).await;
            let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            for rule in ["default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self';"] {
                assert!(policy.contains(rule), "{rule} is not in {policy}");
            }
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(page.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_built_graphiql_has_the_story_and_loads_nothing_foreign() {
    with_pages(async |browser| {
        let page = browser.gets("/graphiql", &[]).await;
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
        let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        for rule in ["default-src 'none'", "script-src 'self';", "connect-src 'self';", "worker-src 'self';"] {
            assert!(policy.contains(rule), "{rule} is not in {policy}");
        }
        assert!(!policy.contains("http"), "{policy}");
        let page = page.text().await.unwrap();
        assert!(!page.contains("{{settings}}"), "{page}");
        for name in
            ["plans", "createCheckout", "chargeExport", "purchaseCredits", "cancelSubscription", "balanceChanged"]
        {
            assert!(page.contains(name), "{name} is not in {page}");
        }
        assert!(!page.contains("https://"), "{page}");
        assert_eq!(browser.gets("/graphiql/index.html", &[]).await.status(), 404);
        let script = browser.gets("/graphiql/assets/index-77aa10c3.js", &[]).await;
        assert_eq!(script.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_disabled_graphiql_are_hidden_too() {
    with_pages_and(
        |config| config.graphiql = false,
        async |browser| {
            for path in ["/graphiql", "/graphiql/assets/index-77aa10c3.js"] {
                assert_eq!(browser.gets(path, &[]).await.status(), 404, "{path}");
            }
            assert_eq!(browser.gets(SCRIPT, &[]).await.status(), 200);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_the_head_of_a_page_gives_no_body() {
    with_pages(async |browser| {
        for path in ["/", "/pricing", SCRIPT] {
            let head = browser.asks(Method::HEAD, path, &[]).await;
            assert_eq!(head.status(), 200);
            let whole = browser.gets(path, &[]).await;
            assert_eq!(head.headers()[header::CONTENT_LENGTH], whole.headers()[header::CONTENT_LENGTH], "{path}");
            assert!(head.bytes().await.unwrap().is_empty());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_build_only_the_first_page_is_there() {
    on_the_wire(async |app| {
        let browser = Browser { http: app.http().clone(), base: app.url("") };
        assert_eq!(browser.gets("/", &[]).await.status(), 200);
        assert_eq!(browser.gets("/pricing", &[]).await.status(), 404);
    })
    .await;
}
