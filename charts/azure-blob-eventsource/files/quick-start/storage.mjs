// A client of the Azurite of this pod, for those who have nothing but kubectl, or of `make azurite`:
//
//   kubectl exec -i -n ml-pipelines deployment/azurite -- node storage.mjs put datasets raw/mydata.csv < mydata.csv
//   kubectl exec -n ml-pipelines deployment/azurite -- node storage.mjs list models
//   kubectl exec -n ml-pipelines deployment/azurite -- node storage.mjs get models NAME > FILE
//
// and for the pod itself: `storage.mjs make CONTAINER…` makes containers, unless they are there.
//
// Azurite sends no events, so `put` does what Event Grid does in Azure: it writes a notification into a queue.
import { createHmac, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const BLOBS = 'http://127.0.0.1:10000';
const QUEUES = 'http://127.0.0.1:10001';
// Of which container Event Grid would tell, and in which queue. What cannot be used goes to the second one.
const NOTIFIED = 'datasets';
const QUEUE = 'dataset-events';
const POISON = `${QUEUE}-poison`;
const VERSION = '2025-07-05';
const PATIENCE_MS = 60_000;
// The first account of AZURITE_ACCOUNTS, `name:key[:key][;…]`; without it the one that every Azurite has.
const DEVELOPMENT = 'devstoreaccount1:Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const [account, key] = (process.env.AZURITE_ACCOUNTS ?? DEVELOPMENT).split(';')[0].split(':');

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

const deadline = Date.now() + PATIENCE_MS;

async function call(base, method, path, query = {}, more = {}, body = undefined) {
  const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': VERSION, ...more };
  if (body?.length > 0) headers['content-length'] = `${body.length}`;
  headers.authorization = authorization(method, path, query, headers);
  const url = `${base}/${account}/${path}?${new URLSearchParams(query)}`;
  for (;;) {
    try {
      return await fetch(url, { method, headers, body });
    } catch (error) {
      // Azurite does not listen yet when its pod starts.
      if (error.cause?.code !== 'ECONNREFUSED' || Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
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

// "CloudEvents v1.0 schema with Azure Event Grid": the event of an upload, as Event Grid puts it into a queue.
function notification(container, name, length, type, uploaded) {
  return {
    specversion: '1.0',
    type: 'Microsoft.Storage.BlobCreated',
    source: `/subscriptions/none/resourceGroups/none/providers/Microsoft.Storage/storageAccounts/${account}`,
    id: randomUUID(),
    time: new Date(uploaded.headers.get('last-modified')).toISOString(),
    subject: `/blobServices/default/containers/${container}/blobs/${name}`,
    data: {
      api: 'PutBlob',
      requestId: uploaded.headers.get('x-ms-request-id'),
      eTag: uploaded.headers.get('etag').replaceAll('"', ''),
      contentType: type,
      contentLength: length,
      blobType: 'BlockBlob',
      url: `${BLOBS}/${account}/${container}/${encode(name)}`,
    },
  };
}

async function notify(event) {
  const text = Buffer.from(JSON.stringify(event)).toString('base64');
  const body = Buffer.from(`<QueueMessage><MessageText>${text}</MessageText></QueueMessage>`);
  const headers = { 'content-type': 'application/xml' };
  await expect(await call(QUEUES, 'POST', `${QUEUE}/messages`, {}, headers, body), [201], `a message for ${QUEUE}`);
}

const commands = {
  async make(...containers) {
    for (const container of containers) {
      // 409: it is there.
      const made = await call(BLOBS, 'PUT', container, { restype: 'container' });
      await expect(made, [201, 409], `the creation of ${container}`);
    }
    if (!containers.includes(NOTIFIED)) return;
    for (const queue of [QUEUE, POISON]) {
      // 204: it is there.
      await expect(await call(QUEUES, 'PUT', queue), [201, 204], `the creation of ${queue}`);
    }
  },
  async put(container, name) {
    const body = await buffer(process.stdin);
    const type = 'application/octet-stream';
    const headers = { 'content-type': type, 'x-ms-blob-type': 'BlockBlob' };
    const path = `${container}/${encode(name)}`;
    const uploaded = await expect(await call(BLOBS, 'PUT', path, {}, headers, body), [201], `the upload of ${name}`);
    console.log(visible(`${container}/${name}: ${body.length} bytes`));
    if (container !== NOTIFIED) return;
    await notify(notification(container, name, body.length, type, uploaded));
    console.log(`a notification of it is in the queue ${QUEUE}`);
  },
  async get(container, name) {
    const path = `${container}/${encode(name)}`;
    const response = await expect(await call(BLOBS, 'GET', path), [200], `the download of ${name}`);
    process.stdout.write(Buffer.from(await response.arrayBuffer()));
  },
  async list(container) {
    const query = { restype: 'container', comp: 'list' };
    const listed = await expect(await call(BLOBS, 'GET', container, query), [200], `a look at ${container}`);
    for (const [, name] of (await listed.text()).matchAll(/<Name[^>]*>(.*?)<\/Name>/gs)) {
      console.log(visible(plain(name)));
    }
  },
};

const ARGUMENTS = { make: 'CONTAINER…', put: 'CONTAINER NAME < FILE', get: 'CONTAINER NAME > FILE', list: 'CONTAINER' };
const [command, ...args] = process.argv.slice(2);
const wanted = { put: 2, get: 2, list: 1 }[command];
if (!(command in commands) || args.length === 0 || (wanted && args.length !== wanted)) {
  console.error(Object.entries(ARGUMENTS).map(([name, what]) => `usage: storage.mjs ${name} ${what}`).join('\n'));
  process.exit(2);
}
try {
  await commands[command](...args);
} catch (error) {
  console.error(visible(error.message));
  process.exit(1);
}
