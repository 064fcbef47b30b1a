//! The credits that an invoice grants, by its lines.
//!
//! A full-period line grants its tier's credits times its quantity. A proration line grants the share of them that its time is
//! of the period, and one that credits something takes that share away. STUDIO's lines grant no credits, and an invoice that
//! bills STUDIO takes none away either: who upgrades to unlimited exports keeps what the cheaper plan granted. Sums are rounded
//! once per invoice and period.
//!
//! A discount lowers the money and no credits, whichever it is. The amount of a proration does not show its share: depending on
//! the subscription's billing mode, Stripe takes the discount off, which may have been given for the credited line alone, and a
//! discount of 100 % leaves nothing of it. Its time does. Where the period is unknown the amount has to do, as the share that
//! it is of the price, or else the share of a month.
//!
//! A full-period line of zero, and a proration within a trial, grant nothing: nothing was due for them.
//!
//! So without a discount a credit costs the same however it is billed, and no order of changes yields more credits.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, Utc};
use entity::Tier;

use crate::{
    plan::plan,
    stripe::{Invoice, InvoiceLine},
};

/// The fractions of a credit in which lines are added up.
const SCALE: i128 = 1_000_000;

/// The largest quantity of a line that is counted.
const MAX_QUANTITY: i64 = 1000;

/// The grant of an invoice to one period of one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) subscription: String,
    pub(super) period_end: DateTime<Utc>,
    /// The highest tier that was billed; FREE where the invoice only takes away.
    pub(super) tier: Tier,
    pub(super) credits: i64,
    /// The part of the invoice's money that paid for the period, in minor units.
    pub(super) paid: i64,
    /// True where shares of the period were billed or credited: for a change of the plan within it.
    pub(super) prorated: bool,
}

#[derive(Default)]
struct Sum {
    tier: Option<Tier>,
    /// In fractions of a credit.
    credits: i128,
    amount: i64,
    prorated: bool,
}

/// The lines of an invoice that bill a plan: each with its subscription and its tier.
pub(super) fn plan_lines(
    invoice: &Invoice,
    tier: impl Fn(&str) -> Option<Tier>,
) -> impl Iterator<Item = (&InvoiceLine, &str, Tier)> {
    invoice.lines.data.iter().filter_map(move |line| {
        let subscription = line.subscription.as_deref().or(invoice.subscription.as_deref())?;
        Some((line, subscription, tier(line.price.as_deref()?)?))
    })
}

/// The grants of an invoice, period by period.
pub(super) fn shares(invoice: &Invoice, tier: impl Fn(&str) -> Option<Tier>) -> Vec<Share> {
    let mut sums = BTreeMap::<(&str, DateTime<Utc>), Sum>::new();
    for (line, subscription, tier) in plan_lines(invoice, tier).filter(|(line, ..)| is_due(line)) {
        let sum = sums.entry((subscription, line.period.end)).or_default();
        sum.credits += credits(line, tier);
        sum.amount += line.net_amount();
        sum.prorated |= line.is_share();
        if !line.is_credit() {
            sum.tier = sum.tier.max(Some(tier));
        }
    }
    let of_plans: i64 = sums.values().map(|sum| sum.amount).sum();
    let others = invoice.lines.data.iter().map(InvoiceLine::net_amount).sum::<i64>() - of_plans;
    let billed = sums.values().map(|sum| sum.amount.max(0)).sum::<i64>() + others.max(0);
    let share = |((subscription, period_end), sum): (_, Sum)| Share {
        subscription: String::from(subscription),
        period_end,
        tier: sum.tier.unwrap_or(Tier::Free),
        credits: saturated(rounded(sum.credits, SCALE)).max(if sum.tier == Some(Tier::Studio) { 0 } else { i64::MIN }),
        paid: part(invoice.amount_paid, sum.amount.max(0), billed),
        prorated: sum.prorated,
    };
    sums.into_iter().map(share).collect()
}

/// True where something was due for the line, of which a discount may have left nothing.
const fn is_due(line: &InvoiceLine) -> bool {
    line.amount != 0 || line.proration && line.whole.is_some()
}

/// The grant of one line, in fractions of a credit.
fn credits(line: &InvoiceLine, tier: Tier) -> i128 {
    let monthly = i128::from(plan(tier).monthly_credits.unwrap_or_default()) * SCALE;
    let quantity = i128::from(line.quantity.unwrap_or(1).clamp(0, MAX_QUANTITY));
    if line.amount > 0 && !line.proration {
        return monthly * quantity;
    }
    let whole = if line.proration { line.whole } else { None };
    if let (None, Some(price)) = (whole, line.unit_amount.filter(|price| *price > 0)) {
        return rounded(monthly * i128::from(line.amount), price.into());
    }
    let end = line.period.end;
    let start = whole.map(|whole| whole.start).or_else(|| end.checked_sub_months(Months::new(1)));
    let length = start.map_or(0, |start| seconds(start, end));
    if length <= 0 {
        return 0;
    }
    let billed = seconds(line.period.start, end).clamp(0, length);
    let share = rounded(monthly * quantity * i128::from(billed), length.into());
    if line.is_credit() { -share } else { share }
}

fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to - from).num_seconds()
}

/// The part of `whole` in proportion to `share` of `all`, rounded half up; 0 where `all` is 0.
pub(super) fn part(whole: i64, share: i64, all: i64) -> i64 {
    if all <= 0 {
        return 0;
    }
    saturated(rounded(i128::from(whole) * i128::from(share.clamp(0, all)), all.into()))
}

/// The quotient, rounded half up. The denominator is positive.
fn rounded(numerator: i128, denominator: i128) -> i128 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

fn saturated(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::stripe::Period;

    const START: i64 = 1_789_000_000;

    fn end() -> i64 {
        let start = DateTime::from_timestamp(START, 0).unwrap();
        start.checked_add_months(Months::new(1)).unwrap().timestamp()
    }

    fn line(price: &str, amount: i64, proration: bool) -> Value {
        json!({
            "id": "il_1", "amount": amount, "quantity": 1, "period": { "start": START, "end": end() },
            "price": { "id": price, "unit_amount": match price { "core" => 499, "pro" => 1499, _ => 2999 }, "currency": "usd" },
            "proration": proration, "subscription": "sub_1",
        })
    }

    fn invoice(paid: i64, lines: &[Value]) -> Invoice {
        Invoice::from_value(&json!({
            "id": "in_1", "object": "invoice", "customer": "cus_1", "subscription": "sub_1", "amount_paid": paid,
            "currency": "usd", "created": START, "livemode": false, "status": "paid",
            "lines": { "data": lines, "has_more": false },
        }))
        .unwrap()
    }

    fn tier(price: &str) -> Option<Tier> {
        match price {
            "core" => Some(Tier::Core),
            "pro" => Some(Tier::Pro),
            "studio" => Some(Tier::Studio),
            _ => None,
        }
    }

    /// Tier, credits and money of each period.
    fn granted(paid: i64, lines: &[Value]) -> Vec<(Tier, i64, i64)> {
        granted_by(&invoice(paid, lines))
    }

    /// As [`granted`], for lines whose whole period was read.
    fn granted_of_whole(paid: i64, lines: &[Value]) -> Vec<(Tier, i64, i64)> {
        let mut invoice = invoice(paid, lines);
        let [start, end] = [START, end()].map(|second| DateTime::from_timestamp(second, 0).unwrap());
        let whole = Some(Period { start, end });
        invoice.lines.data.iter_mut().for_each(|line| line.whole = whole);
        granted_by(&invoice)
    }

    fn granted_by(invoice: &Invoice) -> Vec<(Tier, i64, i64)> {
        shares(invoice, tier).into_iter().map(|share| (share.tier, share.credits, share.paid)).collect()
    }

    /// The credit of a share and the charge of another, of a month of which this part is left.
    fn change(from: (&str, i64), to: (&str, i64), left: i64) -> [Value; 2] {
        let mut lines = [line(from.0, from.1, true), line(to.0, to.1, true)];
        lines[0]["proration_details"] = json!({ "credited_items": { "invoice": "in_0", "invoice_line_items": [] } });
        for line in &mut lines {
            line["period"]["start"] = json!(end() - left);
        }
        lines
    }

    #[test]
    fn a_full_period_grants_the_tiers_credits_times_the_quantity() {
        assert_eq!(granted(499, &[line("core", 499, false)]), [(Tier::Core, 25, 499)]);
        let mut three = line("core", 1497, false);
        three["quantity"] = json!(3);
        assert_eq!(granted(1497, &[three]), [(Tier::Core, 75, 1497)]);
    }

    #[test]
    fn an_absurd_quantity_is_limited() {
        let mut many = line("core", 499, false);
        many["quantity"] = json!(1_000_000);
        assert_eq!(granted(499, &[many]), [(Tier::Core, 25_000, 499)]);
    }

    #[test]
    fn the_highest_tier_counts_in_any_order_of_lines() {
        let lines = [line("pro", 1499, false), line("core", 499, false)];
        assert_eq!(granted(1998, &lines), [(Tier::Pro, 125, 1998)]);
    }

    #[test]
    fn a_period_is_named_by_its_end() {
        let mut longer = line("core", 499, false);
        longer["period"]["end"] = json!(end() + 1);
        assert_eq!(granted(998, &[line("core", 499, false), longer]), [(Tier::Core, 25, 499), (Tier::Core, 25, 499)]);
    }

    #[test]
    fn a_coupon_lowers_the_money_and_not_the_credits() {
        assert_eq!(granted(0, &[line("pro", 1499, false)]), [(Tier::Pro, 100, 0)]);
    }

    #[test]
    fn a_trial_grants_nothing() {
        assert_eq!(granted(0, &[line("pro", 0, false)]), []);
    }

    #[test]
    fn an_upgrade_from_the_start_grants_the_difference_in_whatever_order_its_lines_are() {
        let lines = [line("core", -499, true), line("pro", 1499, true)];
        assert_eq!(granted(1000, &lines), [(Tier::Pro, 75, 1000)]);
        assert_eq!(granted(1000, &[lines[1].clone(), lines[0].clone()]), [(Tier::Pro, 75, 1000)]);
    }

    #[test]
    fn an_invoice_with_shares_of_a_period_bills_a_change_within_it() {
        let prorated = |lines: &[Value]| shares(&invoice(1000, lines), tier)[0].prorated;
        assert!(!prorated(&[line("core", 499, false)]));
        assert!(prorated(&[line("core", -499, true), line("pro", 1499, false)]));
        assert!(prorated(&[line("core", -499, true), line("pro", 1499, true)]));
        assert!(prorated(&[line("pro", -1499, true)]));
    }

    #[test]
    fn a_proration_grants_the_share_of_the_period_that_it_covers_whatever_was_taken_off() {
        let month = end() - START;
        for (from, to, paid) in [(-499, 1499, 1000), (-399, 1199, 800), (-399, 1499, 1100), (0, 1499, 1499), (0, 0, 0)]
        {
            let lines = change(("core", from), ("pro", to), month);
            assert_eq!(granted_of_whole(paid, &lines), [(Tier::Pro, 75, paid)], "{from} {to}");
            let lines = change(("core", from / 2), ("pro", to / 2), month / 2);
            assert_eq!(granted_of_whole(paid / 2, &lines), [(Tier::Pro, 38, paid / 2)], "{from} {to}");
            let lines = change(("pro", from), ("core", to), month);
            assert_eq!(granted_of_whole(paid, &lines), [(Tier::Core, -75, paid)], "{from} {to}");
            let lines = change(("core", from), ("studio", to), month);
            assert_eq!(granted_of_whole(paid, &lines), [(Tier::Studio, 0, paid)], "{from} {to}");
        }
    }

    #[test]
    fn the_quantity_of_a_proration_counts() {
        let mut lines = change(("core", -499), ("core", 1497), end() - START);
        lines[1]["quantity"] = json!(3);
        assert_eq!(granted_of_whole(998, &lines), [(Tier::Core, 50, 998)]);
    }

    #[test]
    fn an_itemized_discount_lowers_the_money_alone() {
        let mut lines = change(("core", -499), ("pro", 1499), end() - START);
        lines[0]["discount_amounts"] = json!([{ "amount": -100, "discount": "di_1" }]);
        lines[1]["discount_amounts"] = json!([{ "amount": 300, "discount": "di_1" }]);
        assert_eq!(granted_of_whole(800, &lines), [(Tier::Pro, 75, 800)]);
        let [mut full, mug] = [line("pro", 1499, false), line("mug", 1499, false)];
        full["discount_amounts"] = json!([{ "amount": 1000, "discount": "di_1" }]);
        assert_eq!(granted(1998, &[full, mug]), [(Tier::Pro, 100, 499)]);
    }

    #[test]
    fn a_proration_without_an_amount_and_of_no_known_period_grants_nothing() {
        assert_eq!(granted(0, &change(("core", 0), ("pro", 0), end() - START)), []);
    }

    #[test]
    fn where_the_period_is_unknown_the_share_of_the_price_counts() {
        assert_eq!(granted(500, &[line("core", -250, true), line("pro", 750, true)]), [(Tier::Pro, 38, 500)]);
    }

    #[test]
    fn where_the_price_is_unknown_too_the_share_of_a_month_counts() {
        let half = |amount| {
            let mut line = line("pro", amount, true);
            line["price"] = json!("pro");
            line["period"]["start"] = json!(START.midpoint(end()));
            line
        };
        assert_eq!(granted(700, &[half(700)]), [(Tier::Pro, 50, 700)]);
        assert_eq!(granted(0, &[half(-700)]), [(Tier::Free, -50, 0)]);
        let mut of_a_year = half(700);
        of_a_year["period"]["start"] = json!(START - 365 * 24 * 60 * 60);
        assert_eq!(granted(700, &[of_a_year]), [(Tier::Pro, 100, 700)]);
    }

    #[test]
    fn a_downgrade_with_a_credit_takes_credits_away() {
        assert_eq!(granted(0, &[line("pro", -1499, true), line("core", 499, true)]), [(Tier::Core, -75, 0)]);
    }

    #[test]
    fn studio_grants_no_credits_and_other_things_take_their_part_of_the_money() {
        assert_eq!(granted(2999, &[line("studio", 2999, false)]), [(Tier::Studio, 0, 2999)]);
        assert_eq!(granted(2500, &[line("core", -499, true), line("studio", 2999, true)]), [(Tier::Studio, 0, 2500)]);
        assert_eq!(granted(5998, &[line("studio", 2999, false), line("mug", 2999, false)]), [(Tier::Studio, 0, 2999)]);
    }

    #[test]
    fn parts_are_rounded_half_up() {
        assert_eq!(part(25, 250, 500), 13);
        assert_eq!(part(25, 1, 500), 0);
        assert_eq!(part(1000, 600, 500), 1000);
        assert_eq!(part(25, 100, 0), 0);
        assert_eq!(part(i64::MAX, i64::MAX, i64::MAX), i64::MAX);
    }
}
