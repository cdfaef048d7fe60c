import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { LaunchFailure } from './progress.mjs';

const DEFAULT_PORT = 4_000;

export const HELP = `npm start -- [options]

Starts the whole platform on this machine: a PostgreSQL, the log, the services, the dashboard.

  --port N             port of the dashboard (${DEFAULT_PORT}), or of the one app
  --only APP           one app on this host; needs KAFKA_BROKERS, DATABASE_URL, NERVELINE_JWKS
  --data DIR           where everything that lasts is kept (./data, or NERVELINE_DATA_DIR)
  --reset              start afresh: removes what is in the data directory
  --no-simulator       without the demo's traffic
  --payments FILE      play recorded payments (CSV, .xz too) instead of made-up ones
  --retail FILE        play recorded order lines (CSV, .xz too)
  --roads FILE         drive on this map (.osm.pbf) instead of the made-up city
  --speed N            play recorded data N times as fast as it happened (1)
  --payments-speed N   the same for payments only
  --retail-speed N     the same for order lines only
  --watch              for developers: build and restart what changes (npm run dev)
  --help               this text

Environment: DATABASE_URL uses a database of your own (PostgreSQL 14 to 18, wal_level = logical), KAFKA_BROKERS an Apache
Kafka for the log (docs/operations.md has the other KAFKA_ settings); INSTANCE_ID tells instances of an app apart; HOST and
NERVELINE_JWKS open the platform to other machines with keys of your own; LOG_LEVEL sets how much the services log.`;

/** Options that are there or not, and what they set. */
const SWITCHES = {
  '--reset': { reset: true },
  '--no-simulator': { simulator: false },
  '--watch': { watch: true },
  '--help': { help: true },
};

/** Options with a value: how it is read, and where it goes. */
const VALUES = {
  '--port': (options, text) => (options.port = toNumber('--port', text, { integer: true, min: 1, max: 65_535 })),
  '--only': (options, text) => (options.only = text),
  '--data': (options, text) => (options.data = resolve(text)),
  '--payments': (options, text) => (options.recorded.PAYMENTS_FILE = toFile(text)),
  '--retail': (options, text) => (options.recorded.RETAIL_FILE = toFile(text)),
  '--roads': (options, text) => (options.recorded.NERVELINE_ROADS = toFile(text)),
  '--speed': (options, text) => {
    const speed = toSpeed('--speed', text);
    options.recorded.PAYMENTS_SPEED ??= speed;
    options.recorded.RETAIL_SPEED ??= speed;
  },
  '--payments-speed': (options, text) => (options.recorded.PAYMENTS_SPEED = toSpeed('--payments-speed', text)),
  '--retail-speed': (options, text) => (options.recorded.RETAIL_SPEED = toSpeed('--retail-speed', text)),
};

/** Reads the command line; a wrong word stops the start before anything is touched. */
export function readOptions(words) {
  const options = {
    reset: false,
    simulator: true,
    watch: false,
    help: false,
    port: undefined,
    only: undefined,
    data: undefined,
    recorded: {},
  };
  const rest = words.flatMap((word) => (/^--[^=]+=/.test(word) ? splitAtEquals(word) : [word]));
  while (rest.length > 0) {
    const word = rest.shift();
    if (word in SWITCHES) Object.assign(options, SWITCHES[word]);
    else if (word in VALUES) {
      const value = rest.shift();
      if (value === undefined || value.startsWith('--')) throw wrong(`${word} needs a value`);
      VALUES[word](options, value);
    } else throw wrong(`unknown option ${word}`);
  }
  // One app has a usual port of its own.
  if (options.only === undefined) options.port ??= DEFAULT_PORT;
  return options;
}

function toNumber(name, text, { integer = false, min, max }) {
  const value = Number(text);
  if (Number.isFinite(value) && value >= min && value <= max && (!integer || Number.isInteger(value))) return value;
  throw wrong(`${name} must be ${integer ? 'a whole number' : 'a number'} from ${min} to ${max}, and ${text} is not`);
}

const toSpeed = (name, text) => String(toNumber(name, text, { min: 0.001, max: 1_000_000 }));

function toFile(text) {
  const path = resolve(text);
  if (existsSync(path)) return path;
  throw new LaunchFailure(`NL-HST-011: there is no file ${path}.`);
}

function splitAtEquals(word) {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}

const wrong = (what) => new LaunchFailure(`NL-HST-002: ${what}. npm start -- --help shows the options.`);
