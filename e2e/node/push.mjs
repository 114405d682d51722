// A browser and its push service, made with what web-push brings: http_ece reads the
// message and jws the token. It prints its subscription, then for each message what it
// read, and what web-push itself would have sent.
import { createECDH, createPublicKey, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import ece from "http_ece";
import jws from "jws";
import webpush from "web-push";

const say = (/** @type {object} */ o) => console.log(JSON.stringify(o));
const key = createECDH("prime256v1");
const p256dh = key.generateKeys("base64url"), auth = randomBytes(16).toString("base64url");
const server = { subject: "mailto:admin@example.com", ...webpush.generateVAPIDKeys() };

/** Reads Authorization as RFC 8292 §3 has it. */
function sender(/** @type {string} */ header) {
  const [, token, k] = /^vapid t=([^,]+), k=([\w-]+)$/.exec(header) ?? [];
  const point = Buffer.from(k, "base64url");
  const jwk = { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
  const pem = createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
  if (point.length !== 65 || !jws.verify(token, "ES256", pem)) throw new Error("the token does not verify");
  return { key: k, claims: jws.decode(token).payload };
}

/** Reads a message as a browser does. */
const read = (/** @type {Buffer} */ body) => ece.decrypt(body, { version: "aes128gcm", privateKey: key, authSecret: auth }).toString();

const service = createServer(async (req, res) => {
  try {
    const parts = [];
    for await (const part of req) parts.push(part);
    const body = Buffer.concat(parts), text = read(body), h = req.headers;
    const theirs = webpush.generateRequestDetails({ endpoint: endpoint(), keys: { p256dh, auth } }, text,
      { vapidDetails: server, TTL: Number(h.ttl), urgency: h.urgency, topic: h.topic });
    if (read(theirs.body) !== text) throw new Error("this browser does not read what web-push sends");
    say({ text, headers: h, ...sender(h.authorization), theirs: Object.fromEntries(Object.entries(theirs.headers).map(([k, v]) => [k.toLowerCase(), String(v)])),
      their: sender(theirs.headers.Authorization).claims });
    res.writeHead(201, { Location: endpoint() + "/message" }).end();
  } catch (e) {
    say({ error: String(e) });
    res.writeHead(400).end();
  }
});
const endpoint = () => `http://127.0.0.1:${service.address().port}/push/1`;
service.listen(0, "127.0.0.1", () => say({ endpoint: endpoint(), p256dh, auth }));
