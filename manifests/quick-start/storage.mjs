// A client of the Azurite of this pod, for those who have nothing but kubectl:
//
//   kubectl exec -i -n ml-pipelines deployment/azurite -- node storage.mjs put datasets raw/mydata.csv < mydata.csv
//   kubectl exec -n ml-pipelines deployment/azurite -- node storage.mjs list models
//   kubectl exec -n ml-pipelines deployment/azurite -- node storage.mjs get models NAME > FILE
//
// and for the pod itself: `storage.mjs make CONTAINER…` makes containers, unless they are there.
import { createHmac } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const BASE = 'http://127.0.0.1:10000';
const VERSION = '2025-07-05';
const PATIENCE_MS = 60_000;
// The first account of AZURITE_ACCOUNTS: `name:key[:key][;…]`.
const [account, key] = process.env.AZURITE_ACCOUNTS.split(';')[0].split(':');

// "Authorize with Shared Key", Azure Storage REST API: method, standard headers by name, the x-ms headers, and the
// resource, in which the account stands twice on a bare host.
function authorization(method, path, query, headers) {
  const standard = ['content-encoding', 'content-language', 'content-length', 'content-md5', 'content-type', 'date',
    'if-modified-since', 'if-match', 'if-none-match', 'if-unmodified-since', 'range'].map((name) => headers[name] ?? '');
  const own = Object.keys(headers).filter((name) => name.startsWith('x-ms-')).sort();
  const resource = [`/${account}/${account}/${path}`, ...Object.keys(query).sort().map((name) => `${name}:${query[name]}`)];
  const text = [method, ...standard, ...own.map((name) => `${name}:${headers[name]}`), ...resource].join('\n');
  const hmac = createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8');
  return `SharedKey ${account}:${hmac.digest('base64')}`;
}

async function call(method, path, query = {}, more = {}, body = undefined) {
  const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': VERSION, ...more };
  headers.authorization = authorization(method, path, query, headers);
  const url = `${BASE}/${account}/${path}?${new URLSearchParams(query)}`;
  return await fetch(url, { method, headers, body });
}

async function expect(response, statuses, what) {
  if (!statuses.includes(response.status)) {
    throw new Error(`Azurite answered ${response.status} to ${what}: ${await response.text()}`);
  }
  return response;
}

// What others wrote must not do anything to a terminal: control characters, line breaks, directions and what has no
// width are shown as their numbers.
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const visible = (text) => text.replace(HIDDEN, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const plain = (text) => text.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));/gi, (all, name, decimal, hex) => {
  const code = decimal ? Number(decimal) : parseInt(hex, 16);
  return ENTITIES[name] ?? (code <= 0x10ffff ? String.fromCodePoint(code) : all);
});
const encode = (name) => name.split('/').map(encodeURIComponent).join('/');

const commands = {
  async make(...containers) {
    for (const container of containers) {
      // 409: it is there.
      await expect(await call('PUT', container, { restype: 'container' }), [201, 409], `the creation of ${container}`);
    }
  },
  async put(container, name) {
    const body = await buffer(process.stdin);
    const headers = { 'content-type': 'application/octet-stream', 'x-ms-blob-type': 'BlockBlob' };
    if (body.length > 0) headers['content-length'] = `${body.length}`;
    await expect(await call('PUT', `${container}/${encode(name)}`, {}, headers, body), [201], `the upload of ${name}`);
    console.log(visible(`${container}/${name}: ${body.length} bytes`));
  },
  async get(container, name) {
    const response = await expect(await call('GET', `${container}/${encode(name)}`), [200], `the download of ${name}`);
    process.stdout.write(Buffer.from(await response.arrayBuffer()));
  },
  async list(container) {
    const query = { restype: 'container', comp: 'list' };
    const text = await (await expect(await call('GET', container, query), [200], `a look at ${container}`)).text();
    for (const [, name] of text.matchAll(/<Name[^>]*>(.*?)<\/Name>/gs)) console.log(visible(plain(name)));
  },
};

const ARGUMENTS = { make: 'CONTAINER…', put: 'CONTAINER NAME < FILE', get: 'CONTAINER NAME > FILE', list: 'CONTAINER' };
const [command, ...args] = process.argv.slice(2);
const wanted = { put: 2, get: 2, list: 1 }[command];
if (!(command in commands) || args.length === 0 || (wanted && args.length !== wanted)) {
  console.error(Object.entries(ARGUMENTS).map(([name, what]) => `usage: storage.mjs ${name} ${what}`).join('\n'));
  process.exit(2);
}
const deadline = Date.now() + PATIENCE_MS;
for (;;) {
  try {
    await commands[command](...args);
    break;
  } catch (error) {
    // Azurite does not listen yet when its pod starts.
    if (error.cause?.code !== 'ECONNREFUSED' || Date.now() > deadline) {
      console.error(visible(error.message));
      process.exit(1);
    }
    await sleep(200);
  }
}
