import type { ChannelStockUpdate } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import { Agent } from 'undici';
import type { ChannelEndpoint } from '../../application/channel-sender';

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;

/** A channel that takes its stock levels by HTTP POST, and says so with any 2xx. */
export class HttpChannelEndpoint implements ChannelEndpoint {
  readonly #agent = new Agent({
    connections: 1,
    pipelining: 1,
    connect: { timeout: TIMEOUT_MS },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    keepAliveTimeout: 60_000,
    maxResponseSize: MAX_ANSWER_BYTES,
  });

  async send(endpoint_url: string, update: ChannelStockUpdate): Promise<void> {
    const url = new URL(endpoint_url);
    let status: number;
    try {
      const answer = await this.#agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(update),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.body.dump({ limit: MAX_ANSWER_BYTES });
      status = answer.statusCode;
    } catch (cause) {
      throw new NervelineError('NL-INV-016', { detail: `channel ${update.channel_id} does not answer`, cause });
    }
    if (status < 200 || status > 299) {
      throw new NervelineError('NL-INV-016', { detail: `channel ${update.channel_id} answered ${status}` });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
