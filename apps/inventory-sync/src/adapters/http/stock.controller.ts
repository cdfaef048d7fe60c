import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  sku as skuSchema,
  stockExplanation,
  stockExplanationQuery,
  stockMovementAnswer,
  stockMovementBatchAnswer,
  stockMovementBatchRequest,
  stockMovementRequest,
  type Sku,
  type StockExplanation,
  type StockMovementAnswer,
  type StockMovementBatchAnswer,
  type StockMovementBatchRequest,
  type StockMovementRequest,
} from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import { CurrentPrincipal, Describe, Scope } from '@nerveline/service-defaults';
import { z } from 'zod';
import { ExplainStock } from '../../application/explain-stock';
import { MoveStock } from '../../application/move-stock';
import { contextOf } from './request-hash';

const path = z.object({ sku: skuSchema });

@Controller('v1/stock')
export class StockController {
  constructor(
    @Inject(MoveStock) private readonly moveStock: MoveStock,
    @Inject(ExplainStock) private readonly explainStock: ExplainStock,
  ) {}

  @Post('movements')
  @HttpCode(200)
  @Scope('stock:write')
  @Describe({ summary: 'Takes units in, back, or corrects them.', answer: stockMovementAnswer })
  move(
    @Body({ schema: stockMovementRequest }) body: StockMovementRequest,
    @CurrentPrincipal() by: Principal,
  ): Promise<StockMovementAnswer> {
    return this.moveStock.move(body, contextOf(by, 'move', body));
  }

  @Post('movements/batch')
  @HttpCode(200)
  @Scope('stock:write')
  @Describe({ summary: 'Many movements, each done or refused for itself.', answer: stockMovementBatchAnswer })
  moveAll(
    @Body({ schema: stockMovementBatchRequest }) { movements }: StockMovementBatchRequest,
    @CurrentPrincipal() by: Principal,
  ): Promise<StockMovementBatchAnswer> {
    return this.moveStock.moveAll(movements.map((request) => ({ request, context: contextOf(by, 'move', request) })));
  }

  @Get(':sku')
  @Scope('stock:read')
  @Describe({ summary: 'The levels of a SKU, and the ledger rows that say why.', answer: stockExplanation })
  explain(
    @Param({ schema: path }) { sku }: { sku: Sku },
    @Query({ schema: stockExplanationQuery }) query: z.infer<typeof stockExplanationQuery>,
    @CurrentPrincipal() { tenant_id }: Principal,
  ): Promise<StockExplanation> {
    return this.explainStock.explain(tenant_id, sku, query);
  }
}
