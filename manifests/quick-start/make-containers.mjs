// Makes the containers that are named as arguments in the Azurite of this pod, unless they are there.
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const BASE = 'http://127.0.0.1:10000';
const PATIENCE_MS = 60_000;
// The first account of AZURITE_ACCOUNTS: `name:key[:key][;…]`.
const [account, key] = process.env.AZURITE_ACCOUNTS.split(';')[0].split(':');

// "Authorize with Shared Key", Azure Storage REST API: method, eleven standard headers that are all
// empty here, the x-ms headers, and the resource, in which the account stands twice on a bare host.
function authorization(container, date, version) {
  const resource = `/${account}/${account}/${container}\nrestype:container`;
  const text = `PUT${'\n'.repeat(12)}x-ms-date:${date}\nx-ms-version:${version}\n${resource}`;
  const hmac = createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8');
  return `SharedKey ${account}:${hmac.digest('base64')}`;
}

async function make(container) {
  const date = new Date().toUTCString();
  const version = '2025-07-05';
  const headers = { 'x-ms-date': date, 'x-ms-version': version };
  headers.authorization = authorization(container, date, version);
  const url = `${BASE}/${account}/${container}?restype=container`;
  const response = await fetch(url, { method: 'PUT', headers });
  // 409: it is there.
  if (response.status !== 201 && response.status !== 409) {
    throw new Error(`Azurite answered ${response.status} to the creation of ${container}: ${await response.text()}`);
  }
}

async function makeOnceAzuriteListens(container, deadline) {
  for (;;) {
    try {
      return await make(container);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

const deadline = Date.now() + PATIENCE_MS;
for (const container of process.argv.slice(2)) await makeOnceAzuriteListens(container, deadline);
