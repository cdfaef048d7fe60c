const SECURITY = 'org.apache.kafka.common.security';
const PLAIN_MODULE = `${SECURITY}.plain.PlainLoginModule`;

const SCRAM_MODULE = `${SECURITY}.scram.ScramLoginModule`;

const PROTOCOLS = 'PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,SASL:SASL_PLAINTEXT,SECURED:SASL_SSL,CONTROLLER:PLAINTEXT';

export interface KafkaPorts {
  readonly broker: number;
  readonly sasl: number;
  readonly secured: number;
  readonly controller: number;
  readonly proxied: number;
  readonly advertised: number;
}

/** A private key with its certificate, as Java keeps them, and the certificate again, as others read it (PEM). */
export interface KeyStore {
  readonly file: string;
  readonly password: string;
  readonly certificate: string;
}

export interface KafkaPropertiesOptions {
  readonly ports: KafkaPorts;
  /** Where the broker keeps its records. */
  readonly data: string;
  /** With it the broker has a listener behind TLS and SASL/SCRAM. */
  readonly key_store: KeyStore | undefined;
  readonly overrides: Readonly<Record<string, string | number>>;
}

/** The settings file of a broker that is also the controller of its cluster. */
export function kafkaProperties({ ports, data, key_store, overrides }: KafkaPropertiesOptions): string {
  const open = `PLAINTEXT://127.0.0.1:${ports.broker},SASL://127.0.0.1:${ports.sasl}`;
  const listeners = key_store === undefined ? open : `${open},SECURED://127.0.0.1:${ports.secured}`;
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    listeners: `${listeners},PROXIED://127.0.0.1:${ports.proxied},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': `${listeners},PROXIED://127.0.0.1:${ports.advertised}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': PROTOCOLS,
    'listener.name.sasl.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl.plain.sasl.jaas.config': `${PLAIN_MODULE} required user_alice="wonderland";`,
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    // Fewer files to make at the first group and the first transaction.
    'offsets.topic.num.partitions': 3,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 3,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // Tests let members die; nobody wants to wait six seconds for each.
    'group.min.session.timeout.ms': 100,
    'log.cleaner.backoff.ms': 200,
    'log.retention.check.interval.ms': 500,
    ...(key_store === undefined ? {} : securedListener(key_store)),
    ...overrides,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function securedListener({ file, password }: KeyStore): Record<string, string> {
  const settings = {
    'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512',
    'scram-sha-256.sasl.jaas.config': `${SCRAM_MODULE} required;`,
    'scram-sha-512.sasl.jaas.config': `${SCRAM_MODULE} required;`,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': file,
    'ssl.keystore.password': password,
    'ssl.key.password': password,
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`listener.name.secured.${name}`, value]));
}
