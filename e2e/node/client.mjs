// An app that signs people in with openid-client. Give it the issuer, a client id and
// "" or a secret; it prints its address, and, after somebody came back from the
// provider, what every further call answered.
import { createServer } from "node:http";
import * as client from "openid-client";

const [issuer, id, secret, port] = process.argv.slice(2);
const home = `http://localhost:${port}`;
const config = await client.discovery(new URL(issuer), id, secret || undefined, secret ? client.ClientSecretBasic(secret) : client.None(), {
  execute: [client.allowInsecureRequests],
});
const asked = new Map();

/** Everything an app does with a provider after the person came back. */
async function after(url, pending) {
  const tokens = await client.authorizationCodeGrant(config, url, { pkceCodeVerifier: pending.verifier, expectedNonce: pending.nonce, expectedState: pending.state, idTokenExpected: true });
  const claims = tokens.claims();
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const again = await client.refreshTokenGrant(config, tokens.refresh_token);
  const out = { claims, info, rotated: again.refresh_token !== tokens.refresh_token, idToken: again.id_token };
  if (secret) {
    out.active = await client.tokenIntrospection(config, again.access_token);
    await client.tokenRevocation(config, again.refresh_token);
    out.revoked = await client.tokenIntrospection(config, again.access_token);
    out.reuse = await client.refreshTokenGrant(config, tokens.refresh_token).then(() => "taken", (e) => e.error);
  }
  return out;
}

createServer(async (req, res) => {
  const url = new URL(req.url, home);
  try {
    if (url.pathname === "/") {
      const verifier = client.randomPKCECodeVerifier(), state = client.randomState(), nonce = client.randomNonce();
      asked.set(state, { verifier, nonce, state });
      const to = client.buildAuthorizationUrl(config, { redirect_uri: home + "/cb", scope: "openid profile email offline_access", state, nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" });
      res.writeHead(302, { Location: to.href }).end();
    } else if (url.pathname === "/cb") {
      const out = await after(url, asked.get(url.searchParams.get("state")));
      out.leave = client.buildEndSessionUrl(config, { id_token_hint: out.idToken, post_logout_redirect_uri: home + "/bye", state: "adieu" }).href;
      console.log(JSON.stringify(out));
      res.writeHead(200, { "Content-Type": "text/html" }).end(`<p>Welcome ${out.info.name}</p><a href="${out.leave.replaceAll("&", "&amp;")}">Leave</a>`);
    } else {
      res.writeHead(200, { "Content-Type": "text/html" }).end(`<p>Goodbye ${url.searchParams.get("state")}</p>`);
    }
  } catch (e) {
    console.log(JSON.stringify({ error: String(e), cause: String(e.cause && JSON.stringify(e.cause)) }));
    res.writeHead(500).end("failed: " + e);
  }
}).listen(Number(port), "localhost", () => console.log(JSON.stringify({ ready: home })));
