// npm install stripe; node checkout.mjs http://127.0.0.1:8420
import Stripe from "stripe";

const sandbox = new URL(process.argv[2]);
const stripe = new Stripe("sk_test_example", { protocol: "http", host: sandbox.hostname, port: sandbox.port });

const customer = await stripe.customers.create({ email: "ada@example.com" });
const open = await stripe.checkout.sessions.create({
  mode: "subscription",
  customer: customer.id,
  line_items: [{ price: "price_core", quantity: 1 }],
  success_url: new URL("/healthz", sandbox).href,
});
// The customer pays on the hosted page.
await fetch(open.url, { method: "POST", body: new URLSearchParams({ card_number: "4242424242424242" }) });

const session = await stripe.checkout.sessions.retrieve(open.id, { expand: ["subscription"] });
console.log(session.subscription.status);
