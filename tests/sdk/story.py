#!/usr/bin/env python3
"""Drives a running sandbox through the whole life of a subscription with Stripe's own client.

Usage: story.py http://127.0.0.1:PORT   (needs the package `stripe`)

Prints a line per step that passed, and ends with an exception at the first that did not. Deliveries are verified with the
client's own signature check.
"""

import http.server
import importlib.metadata
import json
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import stripe

SANDBOX = sys.argv[1].rstrip("/")
DAY = 24 * 3600
client = stripe.StripeClient("sk_test_story", base_addresses={"api": SANDBOX}, max_network_retries=0)
v1 = client.v1
deliveries = []  # (signature header, raw body)


def step(name):
    print(f"ok  {name}", flush=True)


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        deliveries.append((self.headers["Stripe-Signature"], body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class KeepRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), KeepRedirect)


def control(path, **fields):
    """Asks the sandbox itself for something; answers with its JSON."""
    request = urllib.request.Request(SANDBOX + path, json.dumps(fields).encode(), {"Content-Type": "application/json"})
    body = opener.open(request).read()
    return json.loads(body) if body else None


def submit(url, **fields):
    """Sends a form of a hosted page; answers with the status and the redirect."""
    try:
        answer = opener.open(url, urllib.parse.urlencode(fields).encode())
        return answer.status, None
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location")


def advance(seconds):
    control("/sandbox/advance", seconds=seconds)


def refused(error, code, act):
    try:
        act()
    except error as refusal:
        assert code is None or refusal.code == code, f"{refusal.code} instead of {code}"
        return refusal
    raise AssertionError(f"nothing refused this, {code} should")


def types_since(event):
    """The types of what happened after an event. Older ones may be forgotten: Stripe keeps them for 30 days."""
    newer = v1.events.list({"limit": 100, "ending_before": event.id})
    assert not newer.has_more
    return [newer.type for newer in newer.data][::-1]


def all_events():
    return list(v1.events.list({"limit": 100}).auto_paging_iter())[::-1]


def last_event():
    return v1.events.list({"limit": 1}).data[0]


def checkout(customer, number="4242424242424242", **more):
    session = v1.checkout.sessions.create({
        "mode": "subscription",
        "customer": customer,
        "line_items": [{"price": "price_core", "quantity": 1}],
        "success_url": "http://127.0.0.1:1/thanks?s={CHECKOUT_SESSION_ID}",
        **more,
    })
    status, location = submit(session.url, card_number=number)
    assert status == 303 and session.id in location
    return v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})


def setting_up():
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    endpoint = v1.webhook_endpoints.create({
        "url": f"http://127.0.0.1:{receiver.server_port}/hook",
        "enabled_events": ["*"],
        "api_version": "2026-09-30.endive",
    })
    assert endpoint.secret.startswith("whsec_")
    assert v1.webhook_endpoints.list().data[0].id == endpoint.id
    step("a webhook endpoint is made and shows its secret once")

    product = v1.products.create({"name": "Gold", "metadata": {"tier": "GOLD"}})
    recurring = {"interval": "month"}
    price = v1.prices.create({
        "product": product.id, "currency": "usd", "unit_amount": 4999, "recurring": recurring, "lookup_key": "gold",
    })
    assert v1.prices.list({"lookup_keys": ["gold", "core"]}).data[0].id == price.id
    refused(stripe.InvalidRequestError, None, lambda: v1.prices.create({
        "product": product.id, "currency": "usd", "unit_amount": 1, "recurring": recurring, "lookup_key": "gold"}))
    step("products and prices are made and found by lookup key")

    refused(stripe.InvalidRequestError, "parameter_unknown", lambda: v1.customers.create({"emial": "x"}))
    refused(stripe.InvalidRequestError, "resource_missing", lambda: v1.customers.retrieve("cus_none"))
    v1.customers.create({"name": "Once"}, {"idempotency_key": "story-1"})
    refused(stripe.IdempotencyError, None, lambda: v1.customers.create({"name": "Other"}, {"idempotency_key": "story-1"}))
    live = stripe.StripeClient("sk_live_story", base_addresses={"api": SANDBOX})
    refused(stripe.AuthenticationError, None, lambda: live.v1.customers.list())
    since = {"created": {"gte": v1.customers.list({"limit": 1}).data[0].created}, "limit": 100}
    assert "Once" in [customer.name for customer in v1.customers.list(since).auto_paging_iter()]
    since["created"] = {"gt": 4102444800}
    assert not v1.customers.list(since).data
    step("unknown parameters, unknown objects, reused keys and live keys are refused as Stripe refuses them")
    return endpoint


def subscribing():
    customer = v1.customers.create({"email": "ada@example.com", "metadata": {"user_id": "7"}})
    found = v1.customers.search({"query": "metadata['user_id']:'7'"})
    assert found.data[0].id == customer.id
    open_session = v1.checkout.sessions.create({
        "mode": "subscription", "customer": customer.id, "success_url": "http://127.0.0.1:1/",
        "line_items": [{"price": "price_core", "quantity": 1}],
    })
    assert submit(open_session.url, card_number="4000000000000002")[0] == 402
    listed = {"customer": open_session.customer, "status": "open"}
    assert [session.id for session in v1.checkout.sessions.list(listed).data] == [open_session.id]
    assert v1.checkout.sessions.expire(open_session.id).status == "expired"
    assert not v1.checkout.sessions.list(listed).data
    refused(stripe.InvalidRequestError, None, lambda: v1.checkout.sessions.expire(open_session.id))
    session = checkout(customer.id, subscription_data={"metadata": {"user_id": "7", "tier": "CORE"}})
    assert session.status == "complete" and session.payment_status == "paid" and session.url is None
    subscription = session.subscription
    assert subscription.status == "active" and subscription.metadata["tier"] == "CORE"
    line = session.invoice.lines.data[0]
    assert line.period.end == subscription["items"].data[0].current_period_end
    assert session.invoice.parent.subscription_details.subscription == subscription.id
    payments = v1.invoice_payments.list({"invoice": session.invoice.id})
    intent = v1.payment_intents.retrieve(payments.data[0].payment.payment_intent, {"expand": ["latest_charge"]})
    assert intent.amount_received == 499 and intent.latest_charge.paid
    step("a subscription is bought on the hosted page, its invoice and payment hang together")
    return customer, subscription.id


def renewing(subscription):
    before = last_event()
    control(f"/sandbox/subscriptions/{subscription}/renew")
    assert types_since(before) == [
        "customer.subscription.updated", "invoice.created", "invoice.finalized", "charge.succeeded",
        "payment_intent.succeeded", "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid",
    ]
    latest = v1.invoices.list({"subscription": subscription, "status": "paid"}).data[0]
    assert latest.billing_reason == "subscription_cycle"
    step("a month later the period rolls, and an hour later the new invoice is paid")

    control(f"/sandbox/subscriptions/{subscription}/fail_next_payments", times=1)
    control(f"/sandbox/subscriptions/{subscription}/renew")
    behind = v1.subscriptions.retrieve(subscription, {"expand": ["latest_invoice"]})
    assert behind.status == "past_due" and behind.latest_invoice.attempt_count == 1
    v1.invoices.pay(behind.latest_invoice.id)
    assert v1.subscriptions.retrieve(subscription).status == "active"
    step("a failed renewal leaves it past due, and paying the invoice makes it active again")

    control(f"/sandbox/subscriptions/{subscription}/fail_next_payments", times=1)
    control(f"/sandbox/subscriptions/{subscription}/renew")
    owed = v1.subscriptions.retrieve(subscription, {"expand": ["latest_invoice"]}).latest_invoice
    assert owed.status == "open"
    assert submit(owed.hosted_invoice_url, card_number="4000000000000002")[0] == 402
    assert v1.invoices.retrieve(owed.id).status == "open"
    assert submit(owed.hosted_invoice_url, card_number="4242424242424242")[0] == 303
    assert v1.invoices.retrieve(owed.id).status == "paid"
    assert v1.subscriptions.retrieve(subscription).status == "active"
    assert submit(owed.hosted_invoice_url, card_number="4242424242424242")[0] == 402
    step("an open invoice is paid on its hosted page, and only once")


def changing(subscription):
    current = v1.subscriptions.retrieve(subscription)
    item = current["items"].data[0]
    change = {
        "items": [{"id": item.id, "price": "price_pro"}],
        "proration_behavior": "always_invoice",
        "proration_date": item.current_period_start,
    }
    preview = v1.invoices.create_preview({"subscription": subscription, "subscription_details": change})
    assert preview.amount_due == 1000 and [line.amount for line in preview.lines.data] == [-499, 1499]
    step("a preview says what an upgrade costs")

    control(f"/sandbox/subscriptions/{subscription}/fail_next_payments", times=1)
    declined = v1.subscriptions.update(subscription, {**change, "payment_behavior": "pending_if_incomplete"})
    assert declined.pending_update is not None and declined["items"].data[0].price.id == "price_core"
    v1.invoices.void_invoice(declined.latest_invoice)
    assert v1.subscriptions.retrieve(subscription).pending_update is None
    control(f"/sandbox/subscriptions/{subscription}/fail_next_payments", times=1)
    refused(stripe.CardError, "card_declined",
            lambda: v1.subscriptions.update(subscription, {**change, "payment_behavior": "error_if_incomplete"}))
    control(f"/sandbox/subscriptions/{subscription}/fail_next_payments", times=0)
    step("a declined upgrade changes nothing")

    changed = v1.subscriptions.update(
        subscription, {**change, "payment_behavior": "pending_if_incomplete", "expand": ["latest_invoice"]})
    assert changed["items"].data[0].price.id == "price_pro" and changed.latest_invoice.amount_paid == preview.amount_due
    assert changed.latest_invoice.billing_reason == "subscription_update"
    step("a paid upgrade is invoiced at once with a credit and a charge")

    schedule = v1.subscription_schedules.create({"from_subscription": subscription})
    phase = schedule.phases[0]
    phases = [
        {"items": [{"price": "price_pro", "quantity": 1}], "start_date": phase.start_date, "end_date": phase.end_date},
        {"items": [{"price": "price_core", "quantity": 1}], "duration": {"interval": "month", "interval_count": 1}},
    ]
    planned = v1.subscription_schedules.update(schedule.id, {"phases": phases, "end_behavior": "release"})
    assert [(phase.items[0].price, phase.start_date) for phase in planned.phases] == [
        ("price_pro", phase.start_date), ("price_core", phase.end_date)]
    assert planned.current_phase.end_date == planned.phases[1].start_date == phase.end_date
    assert v1.subscriptions.retrieve(subscription).schedule == schedule.id
    step("the phases of a schedule follow each other without a gap")
    refused(stripe.InvalidRequestError, None,
            lambda: v1.subscriptions.update(subscription, {"cancel_at_period_end": True}))
    control(f"/sandbox/subscriptions/{subscription}/renew")
    down = v1.subscriptions.retrieve(subscription, {"expand": ["latest_invoice"]})
    assert down["items"].data[0].price.id == "price_core" and down.latest_invoice.amount_paid == 499
    assert v1.subscription_schedules.release(schedule.id).status == "released"
    step("a schedule downgrades at the end of the period, and forbids to cancel around it")


def ending(customer, subscription):
    configuration = v1.billing_portal.configurations.create({
        "features": {
            "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
            "payment_method_update": {"enabled": True},
            "subscription_update": {"enabled": False},
        },
        "business_profile": {"headline": "Story"},
    })
    portal = v1.billing_portal.sessions.create(
        {"customer": customer, "configuration": configuration.id, "return_url": "http://127.0.0.1:1/account"})
    assert b"Cancel at the end of the period" in opener.open(portal.url).read()
    assert submit(portal.url, subscription=subscription, action="cancel")[0] == 303
    ending = v1.subscriptions.retrieve(subscription)
    assert ending.cancel_at == ending["items"].data[0].current_period_end and not ending.cancel_at_period_end
    assert submit(portal.url, subscription=subscription, action="keep")[0] == 303
    assert v1.subscriptions.retrieve(subscription).cancel_at is None
    assert submit(portal.url, subscription=subscription, action="card", card_number="5555 5555 5555 4444")[0] == 303
    step("the portal announces an end, withdraws it and changes the card")

    v1.subscriptions.update(subscription, {"cancel_at_period_end": True})
    control(f"/sandbox/subscriptions/{subscription}/renew")
    ended = v1.subscriptions.retrieve(subscription)
    assert ended.status == "canceled" and ended.ended_at == ended.cancel_at
    assert [event.type for event in all_events()][-1] == "customer.subscription.deleted"
    step("an announced end comes at the end of the period")

    trial = checkout(customer, subscription_data={"trial_period_days": 7})
    assert trial.payment_status == "no_payment_required" and trial.subscription.status == "trialing"
    advance(8 * DAY)
    assert v1.subscriptions.retrieve(trial.subscription.id).status == "active"
    assert v1.subscriptions.cancel(trial.subscription.id).status == "canceled"
    coupon = v1.coupons.create({"percent_off": 100, "duration": "once"})
    free = checkout(customer, discounts=[{"coupon": coupon.id}])
    assert free.invoice.total == 0 and free.invoice.lines.data[0].amount == 499
    v1.subscriptions.cancel(free.subscription.id)
    step("a trial and a coupon cost nothing, each in its own way")

    broke = checkout(customer, number="4000000000000341").subscription.id
    control(f"/sandbox/subscriptions/{broke}/renew")
    advance(16 * DAY)
    assert v1.subscriptions.retrieve(broke).cancellation_details.reason == "payment_failed"
    step("a card that declines for two weeks ends its subscription")


def buy(number="4242424242424242"):
    session = v1.checkout.sessions.create({
        "mode": "payment",
        "line_items": [{"price_data": {"currency": "usd", "unit_amount": 20, "product_data": {"name": "Credits"}}, "quantity": 50}],
        "success_url": "http://127.0.0.1:1/",
        "metadata": {"credits": "50"},
    })
    submit(session.url, card_number=number)
    return v1.checkout.sessions.retrieve(session.id)


def money():
    delayed = buy("000123456789")
    assert delayed.status == "complete" and delayed.payment_status == "unpaid"
    control(f"/sandbox/sessions/{delayed.id}/settle", arrived=True)
    assert v1.checkout.sessions.retrieve(delayed.id).payment_status == "paid"
    step("a delayed payment is complete before it is paid")

    intent = buy().payment_intent
    first = v1.refunds.create({"payment_intent": intent, "amount": 300, "reason": "requested_by_customer"})
    v1.refunds.create({"payment_intent": intent})
    refused(stripe.InvalidRequestError, "charge_already_refunded", lambda: v1.refunds.create({"payment_intent": intent}))
    charge = v1.charges.retrieve(first.charge)
    assert charge.refunded and charge.amount_refunded == 1000
    assert len(v1.refunds.list({"payment_intent": intent}).data) == 2
    v1.refunds.update(first.id, {"metadata": {"ticket": "12"}})
    control(f"/sandbox/refunds/{first.id}/settle", arrived=False)
    assert v1.refunds.retrieve(first.id).status == "failed"
    step("refunds add up, end with the money, and may fail")

    disputed = buy().payment_intent
    dispute = control("/sandbox/disputes", payment=disputed, stage="chargeback")
    assert v1.disputes.retrieve(dispute["id"]).balance_transactions[0].amount == -1000
    assert v1.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": "Used."}, "submit": True}).status == "under_review"
    control(f"/sandbox/disputes/{dispute['id']}", outcome="won")
    assert v1.disputes.list({"payment_intent": disputed}).data[0].status == "won"
    inquiry = control("/sandbox/disputes", payment=buy().payment_intent, stage="inquiry")
    assert control(f"/sandbox/disputes/{inquiry['id']}", outcome="warning_closed")["status"] == "warning_closed"
    step("a chargeback is won, an inquiry is closed")


def crediting(customer):
    sold = checkout(customer)
    note = v1.credit_notes.create({"invoice": sold.invoice.id, "amount": 200, "refund_amount": 150, "credit_amount": 50})
    assert note.type == "post_payment" and note.refunds[0].amount_refunded == 150
    assert v1.refunds.retrieve(note.refunds[0].refund).amount == 150
    credited = v1.invoices.retrieve(sold.invoice.id, {"expand": ["payments"]})
    assert credited.post_payment_credit_notes_amount == 200 and credited.payments.data[0].status == "paid"
    assert v1.credit_notes.list({"invoice": sold.invoice.id}).data[0].id == note.id
    refused(stripe.InvalidRequestError, None, lambda: v1.credit_notes.void_credit_note(note.id))
    step("a credit note gives money back, as a refund and as credit")

    for amount in range(1, 13):
        v1.invoice_items.create({"customer": customer, "amount": amount, "currency": "usd"})
    control(f"/sandbox/subscriptions/{sold.subscription.id}/renew")
    long = v1.subscriptions.retrieve(sold.subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert len(long.lines.data) == 10 and long.lines.has_more
    lines = list(v1.invoices.line_items.list(long.id, {"limit": 5}).auto_paging_iter())
    assert len(lines) == 13 and sum(line.amount for line in lines) == long.total
    v1.subscriptions.cancel(sold.subscription.id)
    step("an invoice shows ten lines, and its list has all of them")


def debiting(customer):
    bought = checkout(customer, number="000123456789")
    assert bought.payment_status == "unpaid" and bought.subscription.status == "active" and bought.invoice.status == "open"
    control(f"/sandbox/payments/{bought.invoice.id}/settle", arrived=True)
    assert v1.invoices.retrieve(bought.invoice.id).status == "paid"
    assert v1.checkout.sessions.retrieve(bought.id).payment_status == "paid"
    item = bought.subscription["items"].data[0].id
    refused(stripe.InvalidRequestError, None, lambda: v1.subscriptions.update(
        bought.subscription.id, {"items": [{"id": item, "price": "price_pro"}], "payment_behavior": "pending_if_incomplete"}))
    v1.subscriptions.cancel(bought.subscription.id)
    bounced = checkout(customer, number="000222222227")
    advance(4 * DAY)
    assert v1.subscriptions.retrieve(bounced.subscription.id).status == "past_due"
    v1.subscriptions.cancel(bounced.subscription.id)
    step("a plan paid by bank debit is active while the payment is in processing, and past due when it bounces")


def refusing(customer):
    refused(stripe.InvalidRequestError, "email_invalid", lambda: v1.customers.create({"email": "ada@localhost"}))
    foreign = v1.customers.create({}).id
    control(f"/sandbox/objects/{foreign}/disown")
    refused(stripe.InvalidRequestError, "resource_missing", lambda: v1.customers.retrieve(foreign))
    control("/sandbox/rate_limit", per_second=1)
    limited = refused(stripe.RateLimitError, None, lambda: [v1.customers.retrieve(customer) for _ in range(3)])
    assert limited.headers["retry-after"] == "1"
    control("/sandbox/rate_limit", per_second=0)
    step("bad addresses, objects of another account and too many requests are refused")


def delivering(secret):
    deadline = time.time() + 20
    while v1.events.list({"delivery_success": False}).data and time.time() < deadline:
        time.sleep(0.1)
    bodies = [json.loads(body) for _, body in deliveries]
    remembered = [event.id for event in all_events()]
    assert [body["id"] for body in bodies][-len(remembered):] == remembered, "events came out of order"
    for signature, body in deliveries:
        assert stripe.Webhook.construct_event(body, signature, secret).object == "event"
    step(f"{len(deliveries)} deliveries came in order, each with a signature that the client accepts")

    def spoilt(kind):
        control("/sandbox/faults", event="customer.created", delivery={"kind": kind})
        count = len(deliveries)
        v1.customers.create({})
        while len(deliveries) == count:
            time.sleep(0.05)
        time.sleep(0.2)
        return deliveries[count:]

    for kind in ["old_timestamp", "wrong_secret"]:
        signature, body = spoilt(kind)[0]
        refused(stripe.SignatureVerificationError, None, lambda: stripe.Webhook.construct_event(body, signature, secret))
    signature, body = spoilt("rotated_secret")[0]
    assert signature.count("v1=") == 2
    stripe.Webhook.construct_event(body, signature, secret)
    assert len(spoilt("twice")) == 2
    step("old timestamps and foreign secrets are refused, a rotated secret passes, an event comes twice on order")

    lost = {"event": "customer.created", "delivery": {"kind": "never"}}
    control("/sandbox/faults", **lost)
    missed = v1.customers.create({})
    undelivered = v1.events.list({"delivery_success": False, "types": ["customer.created"]}).data
    assert [event.data.object["id"] for event in undelivered] == [missed.id]
    step("an event that never came is found by delivery_success")

    advance(31 * DAY)
    assert missed.id not in [event.data.object["id"] for event in all_events()]
    assert v1.customers.retrieve(missed.id).id == missed.id
    step("a month later the event is forgotten, and its customer is not")


def main():
    endpoint = setting_up()
    customer, subscription = subscribing()
    renewing(subscription)
    changing(subscription)
    ending(customer.id, subscription)
    money()
    crediting(customer.id)
    debiting(customer.id)
    refusing(customer.id)
    delivering(endpoint.secret)
    v1.webhook_endpoints.delete(endpoint.id)
    assert v1.customers.delete(customer.id).deleted
    print(f"all steps passed with stripe {importlib.metadata.version('stripe')}")


main()
