import { request } from 'node:http';
import { openGatewayHarness, type GatewayHarness } from '../integration/push-gateway-harness';

/** A request whose every header is the test's; `fetch` would set Host and Sec-Fetch-Site itself. */
function ask(gateway: GatewayHarness, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(`${gateway.url}/v1/session`, { headers }, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    call.on('error', reject);
    call.end();
  });
}

const own = (gateway: GatewayHarness) => new URL(gateway.url).host;

test('on this machine the page opens as operator', async () => {
  await using gateway = await openGatewayHarness();
  const host = own(gateway);
  for (const headers of [
    { host },
    { host, 'sec-fetch-site': 'same-origin', origin: `http://${host}` },
    { host: host.replace('127.0.0.1', 'localhost'), 'sec-fetch-site': 'none' },
  ]) {
    const { status, body } = await ask(gateway, headers);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      token: expect.any(String) as unknown,
      principal: { subject: 'operator' },
    });
  }
});

test.each([
  ['a name of somebody else that points to this machine', { host: 'evil.example:4000' }],
  ['a name that only begins like this machine', { host: 'localhost.evil.example' }],
  ['an address that only looks like loopback', { host: '127.0.0.1.evil.example' }],
  ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
  ['a page of another port of this machine', { 'sec-fetch-site': 'same-site' }],
  ['a foreign origin', { origin: 'https://evil.example' }],
  ['an opaque origin', { origin: 'null' }],
  ['somebody behind a proxy', { 'x-forwarded-for': '203.0.113.7' }],
])('%s gets no operator token', async (_name, headers) => {
  await using gateway = await openGatewayHarness();
  const { status, body } = await ask(gateway, { host: own(gateway), ...headers });
  expect(status).toBe(401);
  expect(JSON.parse(body)).toMatchObject({ error: { code: 'NL-API-004' } });
  expect(body).not.toContain('eyJ');
});

test('without an operator token file, or on an address that others reach, nobody is operator', async () => {
  await using closed = await openGatewayHarness({ NERVELINE_OPERATOR_TOKEN_FILE: '/nowhere' });
  expect((await ask(closed, { host: own(closed) })).status).toBe(401);
  await using open = await openGatewayHarness({ HOST: '0.0.0.0' });
  const port = new URL(open.url).port;
  expect((await ask(open, { host: `127.0.0.1:${port}` })).status).toBe(401);
});

test("a token of one's own is told whose it is, wherever it comes from", async () => {
  await using gateway = await openGatewayHarness();
  const token = await gateway.keys.token({ subject: 'analyst-7', scopes: ['payments:read'] });
  const good = await ask(gateway, { host: 'live.example', authorization: `Bearer ${token}` });
  expect(JSON.parse(good.body)).toMatchObject({
    token,
    principal: { subject: 'analyst-7', scopes: ['payments:read'] },
  });
  expect((await ask(gateway, { host: 'live.example', authorization: 'Bearer nonsense' })).status).toBe(401);
});
