//! Payment method types that a checkout session may exclude (docs.stripe.com/api/checkout/sessions/create).

use serde_json::Value;

use crate::{api::form::Params, store::problem::Problem};

/// All of Stripe's types, in Stripe's order.
#[rustfmt::skip]
pub(crate) const KNOWN: [&str; 55] = [
    "acss_debit", "affirm", "afterpay_clearpay", "alipay", "alma", "amazon_pay",
    "au_becs_debit", "bacs_debit", "bancontact", "billie", "bizum", "blik",
    "boleto", "card", "cashapp", "crypto", "customer_balance", "eps",
    "fpx", "giropay", "grabpay", "ideal", "kakao_pay", "klarna",
    "konbini", "kr_card", "mb_way", "mobilepay", "multibanco", "naver_pay",
    "nz_bank_account", "oxxo", "p24", "pay_by_bank", "payco", "paynow",
    "paypal", "paypay", "payto", "pix", "promptpay", "revolut_pay",
    "samsung_pay", "satispay", "scalapay", "sepa_debit", "sequra", "sofort",
    "sunbit", "swish", "twint", "upi", "us_bank_account", "wechat_pay",
    "zip",
];

/// Takes `excluded_payment_method_types` from a request; null without it.
pub(crate) fn excluded(params: &mut Params) -> Result<Value, Problem> {
    const NAME: &str = "excluded_payment_method_types";
    let excluded = params.texts(NAME)?;
    if let Some((place, odd)) = excluded.iter().enumerate().find(|(_, one)| !KNOWN.contains(&one.as_str())) {
        let message = format!("Invalid {NAME}[{place}]: must be one of {}; got {odd}", KNOWN.join(", "));
        return Err(Problem::invalid_parameter(&format!("{NAME}[{place}]"), message));
    }
    Ok(if excluded.is_empty() { Value::Null } else { excluded.into() })
}
