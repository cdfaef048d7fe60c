import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { Logger } from './logger';
import { ApiDocument } from './openapi';
import { Readiness } from './readiness';
import { ScopeGuard } from './scope';
import type { ServiceSettings } from './settings';
import { SignsOfLifeController } from './signs-of-life.controller';
import { TokenVerifier } from './tokens';

/** Injection token of the service's settings, whatever it extended them by. */
export const SETTINGS = Symbol('nerveline:settings');
/** Injection token of the service's logger. */
export const LOGGER = Symbol('nerveline:logger');

interface Surroundings {
  readonly settings: ServiceSettings;
  readonly logger: Logger;
  readonly readiness: Readiness;
}

@Module({})
export class ServiceModule {
  /** The service's own module, and beside it what every service has. */
  static around(module: Type | DynamicModule, { settings, logger, readiness }: Surroundings): DynamicModule {
    return {
      module: ServiceModule,
      global: true,
      imports: [module],
      controllers: [SignsOfLifeController],
      providers: [
        { provide: Readiness, useValue: readiness },
        ApiDocument,
        { provide: SETTINGS, useValue: settings },
        { provide: LOGGER, useValue: logger },
        { provide: TokenVerifier, useFactory: () => new TokenVerifier(settings.NERVELINE_JWKS) },
        { provide: APP_GUARD, useClass: ScopeGuard },
      ],
      exports: [Readiness, TokenVerifier, SETTINGS, LOGGER],
    };
  }
}
