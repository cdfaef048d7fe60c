import type { Sku, StockExplanation } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';

export interface LedgerPage {
  readonly limit: number;
  readonly before_entry?: number | undefined;
}

/** Reads the books without locking them. */
export interface StockReader {
  explain(tenant_id: string, sku: Sku, page: LedgerPage): Promise<StockExplanation | undefined>;
}

/** `GET /v1/stock/{sku}`: the levels, and the ledger rows that say why. */
export class ExplainStock {
  constructor(private readonly reader: StockReader) {}

  /** @throws NervelineError `NL-INV-001` */
  async explain(tenant_id: string, sku: Sku, page: LedgerPage): Promise<StockExplanation> {
    const found = await this.reader.explain(tenant_id, sku, page);
    if (found === undefined)
      throw new NervelineError('NL-INV-001', { field: 'sku', detail: `no product has the SKU ${sku}` });
    return found;
  }
}
