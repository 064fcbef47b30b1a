# pip install stripe; python checkout.py http://127.0.0.1:8420
import sys
import urllib.parse
import urllib.request

import stripe

sandbox = sys.argv[1]
client = stripe.StripeClient("sk_test_example", base_addresses={"api": sandbox})

customer = client.v1.customers.create({"email": "ada@example.com"})
session = client.v1.checkout.sessions.create({
    "mode": "subscription",
    "customer": customer.id,
    "line_items": [{"price": "price_core", "quantity": 1}],
    "success_url": f"{sandbox}/healthz",
})
# The customer pays on the hosted page.
form = urllib.parse.urlencode({"card_number": "4242424242424242"}).encode()
urllib.request.urlopen(session.url, form)

session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
print(session.subscription.status)
