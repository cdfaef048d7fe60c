/** One service of the platform. */
export interface Service {
  readonly name: string;
  /** Usual port on loopback; another one where it is taken. The gateway's is the command line's. */
  readonly port: number;
  /** What must be ready before it starts. */
  readonly needs: readonly string[];
  /** Bound of its JavaScript heap. All bounds together keep the platform below 1.5 GB resident. */
  readonly heap_mb: number;
  /** Settings that name files or servers, which its program `check` looks at before anything starts. */
  readonly checks?: readonly string[];
  /** Settings of its own, beside those that all have. */
  readonly settings?: Readonly<Record<string, string>>;
}

const service = (name: string, details: Omit<Service, 'name'>): Service => ({ name, ...details });

/** Usual port of the embedded database. */
export const POSTGRES_PORT = 4_032;

/**
 * The whole platform. A database change goes down this list: the relay brings it into the log, the services decide, the
 * gateway shows it. The simulator is the outside world, and comes when everybody is there.
 *
 * Every service finds the others by FRAUD_SCORING_URL and the like, the database by DATABASE_URL, and everybody's log in
 * NERVELINE_DATA_DIR, or on the brokers of KAFKA_BROKERS.
 */
export const topology: readonly Service[] = [
  service('cdc-relay', { port: 4_001, needs: ['postgres'], heap_mb: 128, checks: ['DATABASE_URL'] }),
  service('fraud-scoring', { port: 4_002, needs: ['postgres'], heap_mb: 160 }),
  service('inventory-sync', { port: 4_003, needs: ['postgres'], heap_mb: 160 }),
  service('gps-rerouting', { port: 4_004, needs: ['postgres'], heap_mb: 256, checks: ['NERVELINE_ROADS'] }),
  service('live-gateway', { port: 4_000, needs: ['postgres'], heap_mb: 160 }),
  service('simulator', {
    port: 4_005,
    needs: ['postgres', 'cdc-relay', 'fraud-scoring', 'inventory-sync', 'gps-rerouting', 'live-gateway'],
    heap_mb: 128,
    checks: ['PAYMENTS_FILE', 'RETAIL_FILE'],
  }),
];
