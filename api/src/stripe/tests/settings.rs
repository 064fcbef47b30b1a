//! The settings of a client.

use super::*;

#[test]
fn the_key_tells_the_mode() {
    let base = "https://api.stripe.com";
    for (key, live) in [("sk_test_1", false), ("rk_test_1", false), ("sk_live_1", true), ("rk_live_1", true)] {
        assert_eq!(Stripe::new(&settings(key, base)).unwrap().livemode(), live, "{key}");
    }
    for key in ["", "pk_test_1", "whsec_1", " sk_test_1", "sk_test_\n"] {
        assert!(matches!(Stripe::new(&settings(key, base)), Err(Failure::Settings(_))), "{key:?}");
    }
}

#[test]
fn the_base_is_an_address_of_the_web_and_encrypted_where_money_is_real() {
    for base in ["", "api.stripe.com", "ftp://stripe.com/", "https://stripe.com/?x=1", "data:text/plain,x"] {
        assert!(matches!(Stripe::new(&settings("sk_test_1", base)), Err(Failure::Settings(_))), "{base}");
    }
    assert_eq!(api_base("http://127.0.0.1:12111", false).unwrap(), "http://127.0.0.1:12111/");
    assert_eq!(api_base("https://proxy.example/stripe", true).unwrap(), "https://proxy.example/stripe/");
    assert!(matches!(api_base("http://api.stripe.com", true), Err(Failure::Settings(_))));
}

#[test]
fn the_secret_key_is_never_shown() {
    let settings = settings("sk_test_secret", "https://api.stripe.com");
    assert!(!format!("{settings:?}").contains("sk_test_secret"));
    assert!(!format!("{:?}", Stripe::new(&settings).unwrap()).contains("sk_test_secret"));
}
