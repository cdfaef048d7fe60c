import { Module, type DynamicModule } from '@nestjs/common';
import { RelayMetrics } from './adapters/relay-metrics';
import { RelayRunner } from './adapters/relay-runner';
import { SlotsController } from './adapters/slots.controller';
import type { RelaySettings } from './cdc-relay.config';
import { RELAY_SETTINGS } from './tokens';

@Module({})
export class CdcRelayModule {
  static with(settings: RelaySettings): DynamicModule {
    return {
      module: CdcRelayModule,
      controllers: [SlotsController],
      providers: [{ provide: RELAY_SETTINGS, useValue: settings }, RelayRunner, RelayMetrics],
    };
  }
}
