import type { PushFrame, SubscribeRequest } from '@nerveline/contracts';
import type { Page } from 'playwright-core';

/** Socket.IO's text of an event: its type, the id of an answer, the event. */
const EVENT = /^(42\d*)(\[.*\])$/s;

type Sent = readonly [name: string, payload: unknown];

/**
 * A planted fault: from its second connection on the page forgets where it stood. It asks to go on from the log's end, and
 * doesn't see where a frame begins, so that its own guard against gaps stays blind.
 */
export async function forgetPositions(page: Page, tailsOf: () => Promise<readonly number[]>): Promise<void> {
  let connections = 0;
  await page.routeWebSocket(/socket\.io/, (socket) => {
    connections += 1;
    const server = socket.connectToServer();
    if (connections === 1) return;
    socket.onMessage((message) => void fromTheEnd(message, tailsOf).then((changed) => server.send(changed)));
    server.onMessage((message) => socket.send(changeEvent(message, withoutBeginning)));
  });
}

async function fromTheEnd(message: string | Buffer, tailsOf: () => Promise<readonly number[]>) {
  const tails = String(message).includes('"fraud.decisions"') ? await tailsOf() : [];
  return changeEvent(message, ([name, payload]) => {
    const request = payload as SubscribeRequest;
    if (name !== 'subscribe' || request.stream !== 'fraud.decisions') return [name, payload];
    const from = Object.fromEntries(tails.map((tail, partition) => [`fraud.decisions/${partition}`, tail]));
    return [name, { ...request, from }];
  });
}

function withoutBeginning([name, payload]: Sent): Sent {
  if (name !== 'frame') return [name, payload];
  const { from: _begins, ...frame } = payload as PushFrame;
  return [name, frame];
}

function changeEvent(message: string | Buffer, change: (sent: Sent) => Sent): string | Buffer {
  const [, prefix, event] = EVENT.exec(String(message)) ?? [];
  if (prefix === undefined || event === undefined) return message;
  return prefix + JSON.stringify(change(JSON.parse(event) as Sent));
}
