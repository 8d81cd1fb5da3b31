// jose at work for the tests.

import * as jose from "jose";
import { answer } from "./answer.mjs";

const operations = {
  async sign({ algorithm, key, claims }) {
    const token = new jose.SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: "JWT" });
    return token.sign(await signingKey(key, algorithm));
  },

  async verify({ algorithm, key, token }) {
    const options = { algorithms: [algorithm] };
    const { protectedHeader, payload } = key.keys
      ? await jose.jwtVerify(token, jose.createLocalJWKSet(key), options)
      : await jose.jwtVerify(token, await verifyingKey(key, algorithm), options);
    return [protectedHeader, payload];
  },

  async thumbprint({ algorithm, key }) {
    return jose.calculateJwkThumbprint(await jose.exportJWK(await verifyingKey(key, algorithm)));
  },
};

function signingKey(key, algorithm) {
  return isSymmetric(algorithm) ? secret(key) : jose.importPKCS8(key, algorithm);
}

function verifyingKey(key, algorithm) {
  if (typeof key === "object") {
    return jose.importJWK(key, algorithm);
  }
  return isSymmetric(algorithm) ? secret(key) : jose.importSPKI(key, algorithm);
}

function isSymmetric(algorithm) {
  return algorithm.startsWith("HS");
}

function secret(text) {
  return new TextEncoder().encode(text);
}

await answer(operations);
