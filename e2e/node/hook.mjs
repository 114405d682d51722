// Checks one message, as JSON on standard input, with the library of the Standard Webhooks
// specification, and prints what it is about.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const m = JSON.parse(readFileSync(0, "utf8"));
try {
  const body = new Webhook(m.secret).verify(m.body, { "webhook-id": m.id, "webhook-timestamp": m.timestamp, "webhook-signature": m.signature });
  console.log(body.type);
} catch (e) {
  console.log("refused: " + e.message);
}
