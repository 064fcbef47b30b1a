//! Test numbers and their behaviour (docs.stripe.com/testing). The bank accounts stand for all delayed methods.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::store::{
    decline::{AUTHENTICATION_REQUIRED, Decline, GENERIC, INSUFFICIENT},
    kind::Kind,
    problem::Problem,
    work::{Work, text},
};

/// The behaviour of a test number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Every payment succeeds.
    Pays,
    /// Every payment is declined, for this reason.
    Declines(Decline),
    /// Pays while the customer is on the page; every later charge is declined.
    DeclinesLater,
    /// Pays once the customer has passed 3-D Secure on the page; later charges succeed.
    Authenticates,
    /// As [`Behaviour::Authenticates`], but later charges wait for the customer, who has to authenticate each of them.
    AuthenticatesAlways,
    /// As [`Behaviour::AuthenticatesAlways`], but a payment is declined, for this reason, after the customer has passed.
    AuthenticatesInVain(Decline),
    /// Pays while the customer is on the page; later charges stay in processing until a test completes them.
    ProcessesLater,
    /// The payment stays in processing until a test completes it.
    PaysLater,
    /// The payment is in processing for some days, and then fails.
    BouncesLater,
}

/// A test number with its note on the hosted page.
#[derive(Debug)]
pub(crate) struct Card {
    pub(crate) number: &'static str,
    pub(crate) behaviour: Behaviour,
    pub(crate) brand: &'static str,
    pub(crate) note: &'static str,
}

/// All test numbers. The hosted page suggests the first.
pub(crate) const CARDS: [Card; 11] = [
    Card { number: "4242424242424242", behaviour: Behaviour::Pays, brand: "visa", note: "succeeds" },
    Card { number: "5555555555554444", behaviour: Behaviour::Pays, brand: "mastercard", note: "succeeds" },
    Card { number: "4000000000000002", behaviour: Behaviour::Declines(GENERIC), brand: "visa", note: "is declined" },
    Card {
        number: "4000000000009995",
        behaviour: Behaviour::Declines(INSUFFICIENT),
        brand: "visa",
        note: "is declined for insufficient funds",
    },
    Card {
        number: "4000000000000341",
        behaviour: Behaviour::DeclinesLater,
        brand: "visa",
        note: "succeeds now, later charges are declined",
    },
    Card {
        number: "4000002500003155",
        behaviour: Behaviour::Authenticates,
        brand: "visa",
        note: "asks for 3-D Secure now, later charges succeed",
    },
    Card {
        number: "4000002760003184",
        behaviour: Behaviour::AuthenticatesAlways,
        brand: "visa",
        note: "asks for 3-D Secure on every payment, so that later charges wait for the customer",
    },
    Card {
        number: "4000008260003178",
        behaviour: Behaviour::AuthenticatesInVain(INSUFFICIENT),
        brand: "visa",
        note: "asks for 3-D Secure on every payment, and is then declined for insufficient funds",
    },
    Card {
        number: "4000003560000008",
        behaviour: Behaviour::ProcessesLater,
        brand: "visa",
        note: "succeeds now, later charges are in processing until you let them succeed or fail",
    },
    Card {
        number: "000123456789",
        behaviour: Behaviour::PaysLater,
        brand: "bank",
        note: "a bank account: the payment is in processing until you let it succeed or fail",
    },
    Card {
        number: "000222222227",
        behaviour: Behaviour::BouncesLater,
        brand: "bank",
        note: "a bank account: the payment is in processing for four days, then it fails",
    },
];

/// Stripe's test payment methods for requests, each with its number (docs.stripe.com/testing, "Payment methods").
pub(crate) const TOKENS: [(&str, &str); 10] = [
    ("pm_card_visa", "4242424242424242"),
    ("pm_card_mastercard", "5555555555554444"),
    ("pm_card_visa_chargeDeclined", "4000000000000002"),
    ("pm_card_chargeCustomerFail", "4000000000000341"),
    ("pm_card_authenticationRequiredOnSetup", "4000002500003155"),
    ("pm_card_authenticationRequired", "4000002760003184"),
    ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "4000008260003178"),
    ("pm_card_in", "4000003560000008"),
    ("pm_usBankAccount", "000123456789"),
    ("pm_usBankAccount_insufficientFunds", "000222222227"),
];

impl Card {
    /// Returns the card of a number, which may contain spaces or dashes.
    pub(crate) fn find(typed: &str) -> Option<&'static Card> {
        let number: String = typed.chars().filter(|char| !matches!(char, ' ' | '-')).collect();
        CARDS.iter().find(|card| card.number == number)
    }

    /// Returns the card of a payment method.
    pub(crate) fn behind(work: &Work<'_>, payment_method: &str) -> Option<&'static Card> {
        work.state.card_numbers.get(payment_method).and_then(|number| Card::find(number))
    }

    /// Returns the id of the payment method that a request names. It must be the customer's own, or a test payment
    /// method such as `pm_card_visa`, which is saved for the customer.
    pub(crate) fn attached(work: &mut Work<'_>, named: &str, customer: &Value) -> Result<String, Problem> {
        let number = TOKENS.iter().find(|(token, _)| *token == named).map(|(_, number)| number);
        if let Some(card) = number.and_then(|number| Card::find(number)) {
            return Ok(card.save(work, customer));
        }
        let method = work.state.named_in("default_payment_method", Kind::PaymentMethod, named)?;
        if method["customer"] == *customer {
            return Ok(named.to_owned());
        }
        let message = "The customer does not have a payment method with this ID.";
        Err(Problem::invalid_parameter("default_payment_method", message))
    }

    /// Returns `true` if a customer has to pass 3-D Secure.
    pub(crate) fn asks_for_authentication(&self) -> bool {
        let behaviour = self.behaviour;
        behaviour == Behaviour::Authenticates || self.asks_always()
    }

    /// Returns `true` if a customer has to pass 3-D Secure for every payment.
    fn asks_always(&self) -> bool {
        matches!(self.behaviour, Behaviour::AuthenticatesAlways | Behaviour::AuthenticatesInVain(_))
    }

    /// Returns `true` if payments with the number take days.
    pub(crate) fn is_delayed(&self) -> bool {
        matches!(self.behaviour, Behaviour::PaysLater | Behaviour::BouncesLater)
    }

    /// Returns `true` if a payment stays in processing after it was accepted.
    pub(crate) fn processes(&self, present: bool) -> bool {
        self.is_delayed() || (self.behaviour == Behaviour::ProcessesLater && !present)
    }

    /// Charges the card. `present` is `true` if the customer is on the page and has authenticated where needed.
    pub(crate) fn charge(&self, present: bool) -> Result<(), Decline> {
        match self.behaviour {
            Behaviour::Declines(decline) => Err(decline),
            Behaviour::DeclinesLater if !present => Err(GENERIC),
            _ if self.asks_always() && !present => Err(AUTHENTICATION_REQUIRED),
            Behaviour::AuthenticatesInVain(decline) => Err(decline),
            _ => Ok(()),
        }
    }

    /// Returns the type of the payment method that the number is saved as.
    pub(crate) fn payment_method_type(&self) -> &'static str {
        if self.is_delayed() { "us_bank_account" } else { "card" }
    }

    /// Saves the card as a payment method, of the customer if there is one, and returns its id.
    pub(crate) fn save(&self, work: &mut Work<'_>, customer: &Value) -> String {
        let kind = self.payment_method_type();
        let mut method = json!({
            "id": work.new_id(Kind::PaymentMethod),
            "object": "payment_method",
            "allow_redisplay": "limited",
            "billing_details": billing_details(&Value::Null),
            "created": work.now,
            "customer": customer,
            "livemode": false,
            "metadata": {},
            "type": kind,
        });
        method[kind] = if kind == "card" { self.details() } else { self.bank_details() };
        let id = text(&method, "id");
        work.state.card_numbers.insert(id.clone(), self.number.to_owned());
        work.put(Kind::PaymentMethod, method)
    }

    /// Returns the last four digits.
    pub(crate) fn last4(&self) -> &'static str {
        &self.number[self.number.len() - 4..]
    }

    /// Returns the fingerprint, which as at Stripe is the same for every payment method of the number.
    fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.number)[..8])
    }

    /// Renders the card for payment methods and charges.
    fn details(&self) -> Value {
        json!({
            "brand": self.brand,
            "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
            "country": "US",
            "display_brand": self.brand,
            "exp_month": 12,
            "exp_year": 2040,
            "fingerprint": self.fingerprint(),
            "funding": "credit",
            "generated_from": null,
            "last4": self.last4(),
            "networks": { "available": [self.brand], "preferred": null },
            "regulated_status": "unregulated",
            "three_d_secure_usage": { "supported": true },
            "wallet": null,
        })
    }

    fn bank_details(&self) -> Value {
        json!({
            "account_holder_type": "individual",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "last4": self.last4(),
            "routing_number": "110000000",
        })
    }
}

/// Returns `true` if a test made the next payment of the subscription fail, and uses up one such failure.
pub(crate) fn fails_on_request(work: &mut Work<'_>, subscription: &str) -> bool {
    let Some(times) = work.state.failing.get_mut(subscription).filter(|times| **times > 0) else {
        return false;
    };
    *times -= 1;
    true
}

/// Renders billing details that contain only an email.
pub(crate) fn billing_details(email: &Value) -> Value {
    let address =
        json!({ "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null });
    json!({ "address": address, "email": email, "name": null, "phone": null, "tax_id": null })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_typed_with_spaces() {
        assert_eq!(Card::find("4242 4242-4242 4242").unwrap().behaviour, Behaviour::Pays);
        assert!(Card::find("1234").is_none());
    }

    #[test]
    fn one_card_pays_now_and_declines_later() {
        let card = Card::find("4000000000000341").unwrap();
        assert_eq!(card.charge(true), Ok(()));
        assert_eq!(card.charge(false), Err(GENERIC));
    }
}
