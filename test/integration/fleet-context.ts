import type { PlanRequest, PositionsAnswer, TrafficAnswer, VehiclePlan } from '@nerveline/contracts';
import type { Clock } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import { startService, type RunningService } from '@nerveline/service-defaults';
import { createTempDirectory, createTestKeys, type TestKeys } from '@nerveline/testing';
import { openLog } from '@nerveline/log';
import { takeFromLog } from '../../apps/gps-rerouting/src/adapters/log/take-from-log';
import { readGpsReroutingSettings } from '../../apps/gps-rerouting/src/gps-rerouting.config';
import { GpsReroutingModule } from '../../apps/gps-rerouting/src/gps-rerouting.module';
import { enrol, untilKnown } from './fleet-rows';
import { readAll } from './fraud-context';

export interface Answered<T = unknown> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

/** The error answer of every service. */
export interface Refusal {
  readonly error: { readonly code: string; readonly detail: string; readonly field?: string };
}

export interface FleetContext extends AsyncDisposable {
  readonly service: RunningService;
  readonly keys: TestKeys;
  readonly data_directory: string;
  /** Reads everybody's topics, and writes as the relay. */
  readonly log: Log;
  post<T = unknown>(path: string, body: unknown, token?: string): Promise<Answered<T>>;
  get<T = unknown>(path: string, headers?: Readonly<Record<string, string>>): Promise<Answered<T>>;
  plan(request: Omit<PlanRequest, 'vehicle_id'> & { vehicle_id: string }): Promise<VehiclePlan>;
  positions(fixes: readonly object[]): Promise<PositionsAnswer>;
  traffic(report: object): Promise<TrafficAnswer>;
  restart(environment?: Readonly<Record<string, string>>): Promise<void>;
  values<T>(topic: string): Promise<T[]>;
}

/** A small made-up city: quick to build, large enough to route in. */
export const SMALL_CITY = { CITY_SEED: '3', CITY_SEGMENTS: '4000' };

export interface FleetOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly wall?: Clock;
  /** In the fleet from the start; V-1 and V-2 unless told. */
  readonly vehicles?: readonly string[];
}

export async function openFleet(options: FleetOptions = {}): Promise<FleetContext> {
  const keys = await createTestKeys();
  const directory = await createTempDirectory();
  const base = { NERVELINE_DATA_DIR: directory.path, NERVELINE_JWKS: keys.jwks, LOG_LEVEL: 'fatal', ...SMALL_CITY };
  const start = (environment: Readonly<Record<string, string>> = {}) => {
    const settings = readGpsReroutingSettings({ ...base, ...options.environment, ...environment });
    const module = GpsReroutingModule.with({ settings, ...(options.wall !== undefined && { wall: options.wall }) });
    return startService({ service: 'gps-rerouting', module, settings, prepare: takeFromLog });
  };
  let service = await start();
  const log = await openLog({ service: 'cdc-relay', data_directory: directory.path });
  const { vehicles = ['V-1', 'V-2'] } = options;
  if (vehicles.length > 0) await enrol(log, vehicles);
  await untilKnown(service.address, vehicles.length);
  const own_token = await keys.token();
  const send = async <T>(path: string, init: RequestInit, token = own_token): Promise<Answered<T>> => {
    const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string> | undefined) };
    const answer = await fetch(`${service.address}${path}`, { ...init, headers });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as T, headers: answer.headers };
  };
  const post = <T>(path: string, body: unknown, token?: string) =>
    send<T>(
      path,
      {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      },
      token,
    );
  const expectOk = async <T>(path: string, body: unknown): Promise<T> => {
    const answer = await post<T>(path, body);
    if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    get service() {
      return service;
    },
    keys,
    log,
    data_directory: directory.path,
    post,
    get: <T>(path: string, headers: Readonly<Record<string, string>> = {}) => send<T>(path, { headers }),
    plan: (request) => expectOk('/v1/plans', request),
    positions: (fixes) => expectOk('/v1/positions', { fixes }),
    traffic: (report) => expectOk('/v1/traffic', report),
    restart: async (environment) => {
      await service.stop();
      service = await start(environment);
    },
    values: async <T>(topic: string) => {
      const records = await readAll(log, topic);
      return records.filter(({ value }) => value !== '').map(({ value }) => JSON.parse(value) as T);
    },
    [Symbol.asyncDispose]: async () => {
      await service.stop();
      await log.close();
      await directory[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}
