// oidc-provider at work for the tests: an issuer that somebody else wrote, whose keys can be rotated
// and withdrawn.

import { createServer } from "node:http";
import * as jose from "jose";
import Provider from "oidc-provider";
import { answer } from "./answer.mjs";

// It warns at length of what it lacks for production, partly where the answers are read.
console.info = console.warn = () => {};

// The kinds of keys, each under the algorithm it is generated for.
const KINDS = ["RS256", "ES256", "EdDSA"];

let issuer;
let generations = [];
let provider;
let server;
let asked = {};

const operations = {
  async start({ port }) {
    issuer = `http://127.0.0.1:${port}`;
    if (generations.length === 0) {
      await generate();
    }
    open();
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url, issuer);
      asked[pathname] = (asked[pathname] ?? 0) + 1;
      provider.callback()(request, response);
    });
    await new Promise((listening, failed) => {
      server.once("error", failed).listen(port, "127.0.0.1", listening);
    });
    return issuer;
  },

  // New keys sign, and the old ones stay published.
  async rotate() {
    await generate();
    open();
  },

  // Only the newest keys stay published.
  async withdraw() {
    generations = generations.slice(0, 1);
    open();
  },

  // How often each path was asked for.
  async asked() {
    return asked;
  },

  async stop() {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  },
};

async function generate() {
  const keys = KINDS.map(async (algorithm) => {
    const { privateKey } = await jose.generateKeyPair(algorithm, { extractable: true });
    const jwk = await jose.exportJWK(privateKey);
    return { ...jwk, use: "sig", kid: await jose.calculateJwkThumbprint(jwk) };
  });
  generations.unshift(await Promise.all(keys));
}

function open() {
  provider = new Provider(issuer, {
    jwks: { keys: generations.flat() },
    clients: [
      {
        client_id: "orders",
        client_secret: "orders-secret",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
    ],
    extraTokenClaims: () => ({ preferred_username: "alice", is_staff: true, token_type: "access" }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
    },
    scopes: ["orders:read"],
  });
}

// A resource is named by the algorithm that its tokens are signed with; or by "opaque", and they are
// none to verify.
function resourceServer(_, resource) {
  const name = new URL(resource).pathname.slice(1);
  const server = { audience: "orders-api", scope: "orders:read" };
  return name === "opaque"
    ? { ...server, accessTokenFormat: "opaque" }
    : { ...server, accessTokenFormat: "jwt", jwt: { sign: { alg: name } } };
}

await answer(operations);
process.exit();
