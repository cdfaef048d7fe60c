import type { ErrorEntry } from './catalogue';

export const logErrors = {
  'NL-LOG-001': {
    retriable: false,
    meaning: 'The topic is not in the catalogue.',
    action: 'Declare it in libs/contracts.',
  },
  'NL-LOG-002': {
    retriable: false,
    meaning: 'This service is not the single writer of the topic.',
    action: 'Write through the service that owns it; the catalogue names it.',
  },
  'NL-LOG-003': {
    retriable: true,
    http_status: 503,
    meaning: 'A write could not be made durable.',
    action: 'Check the disk (full, failing, read-only). Nothing was half-written.',
  },
  'NL-LOG-004': {
    retriable: false,
    meaning: 'Another process took the environment or partition over; this one is fenced.',
    action: 'Let it stop: its successor goes on.',
  },
  'NL-LOG-005': {
    retriable: false,
    meaning: 'A record batch fails its checksum: the file is damaged.',
    action: 'Run nerveline log verify; restore from a backup or replay from the source.',
  },
  'NL-LOG-006': {
    retriable: false,
    meaning: 'The data was written by a newer version.',
    action: 'Start the newer version; the data was left untouched.',
  },
  'NL-LOG-007': {
    retriable: false,
    meaning: 'A record is over the size limit.',
    action: 'Split it, or raise the limit of the topic.',
  },
  'NL-LOG-008': {
    retriable: true,
    meaning: 'The environment of another service does not exist yet.',
    action: 'Wait for that service to start.',
  },
  'NL-LOG-009': {
    retriable: false,
    meaning: 'The position is no longer (or not yet) in the log.',
    action: 'Start from the first position that the message names.',
  },
  'NL-LOG-010': {
    retriable: false,
    meaning: 'The environment is in use by another process.',
    action: 'Stop the other run, or give this one a data directory of its own.',
  },
  'NL-LOG-011': {
    retriable: false,
    meaning: 'A record does not fit the schema of its topic.',
    action: 'Mend the writer; the message names the field.',
  },
  'NL-LOG-012': {
    retriable: false,
    meaning: 'The partition does not exist.',
    action: 'Check the partition count in the catalogue.',
  },
  'NL-LOG-013': {
    retriable: true,
    http_status: 503,
    meaning: 'Too many bytes wait to be made durable.',
    action: 'Slow down; the limit is max_pending_bytes.',
  },
  'NL-LOG-014': {
    retriable: false,
    meaning: 'A key, store or group name in keyed state is empty or over its length limit.',
    action: 'Shorten it; the message names the limit.',
  },
  'NL-LOG-015': {
    retriable: false,
    http_status: 503,
    meaning: 'The log was closed: the service is stopping.',
    action: 'None; what was accepted before is durable.',
  },
  'NL-LOG-016': {
    retriable: false,
    http_status: 503,
    meaning: 'The environment refuses further work after an error of the disk.',
    action: 'Check the disk, then restart the service: opening the environment again recovers it.',
  },
  'NL-LOG-017': {
    retriable: false,
    meaning: 'A topic keeps its records for a shorter time than a window reads back.',
    action: 'Lengthen the retention of the topic, shorten the window, or keep the state of the window.',
  },
  'NL-LOG-018': {
    retriable: true,
    meaning: 'A process holds an old snapshot of an environment, so that the file grows.',
    action: 'See what the process does that the message names: is it stopped, or under a debugger? End it.',
  },
  'NL-LOG-020': {
    retriable: true,
    http_status: 503,
    meaning: 'Kafka can not be reached, or is not ready.',
    action: 'Check KAFKA_BROKERS and the brokers; the message names the address and the cause. It is tried again.',
  },
  'NL-LOG-021': {
    retriable: false,
    meaning: 'Kafka refuses the credentials, or what they are allowed to do.',
    action: 'Check user, password, mechanism and ACLs; nerveline topics --print lists what is needed.',
  },
  'NL-LOG-022': {
    retriable: false,
    meaning: 'A topic is not as the catalogue says, on Kafka or in the embedded log.',
    action: 'The message names the difference: mend the topic, or the catalogue before anything is written.',
  },
  'NL-LOG-023': {
    retriable: false,
    meaning: 'A setting of the Kafka log is wrong, alone or beside another one.',
    action: 'Mend the setting that the message names.',
  },
  'NL-LOG-024': {
    retriable: false,
    meaning: 'A group is used by another application, whose members share partitions in another way.',
    action: 'Stop the other application, or give this one a prefix of its own.',
  },
  'NL-LOG-025': {
    retriable: false,
    meaning: 'Too many records are applied above a gap: their offsets do not fit beside the position.',
    action: 'Mend or discard the record that the position waits for.',
  },
  'NL-LOG-026': {
    retriable: false,
    meaning: 'Records are compressed in a way that this Node can not read or write.',
    action: 'Use a Node that has it, or another compression.',
  },
  'NL-LOG-027': {
    retriable: false,
    meaning: "Kafka's certificate is not to be trusted, or is not for this address; nothing was sent there.",
    action: 'Give the certificate authority of the brokers in tls.ca, and call them by a name in their certificate.',
  },
  'NL-LOG-030': {
    retriable: true,
    meaning: 'A handler did not end by its deadline and was cut off; whatever it still gives back is dropped.',
    action: 'Look at what it waits for. Raise deadline_ms, or let the handler call heartbeat(), where it is just slow.',
  },
  'NL-LOG-031': {
    retriable: false,
    meaning: 'A processor can not be run as it was set up.',
    action: 'Mend its options; the message names what is wrong.',
  },
  'NL-LOG-032': {
    retriable: false,
    meaning: 'A topic has no handler, or a handler has no topic.',
    action: 'Name the topic in the options of the transport, or write the handler; the message names both.',
  },
  'NL-LOG-033': {
    retriable: true,
    http_status: 421,
    meaning: 'A request reached a process that does not own its key (any more).',
    action: 'None; the caller asks who owns it and sends it there.',
  },
  'NL-LOG-034': {
    retriable: true,
    http_status: 504,
    meaning: 'A request was not answered by its deadline.',
    action: 'Look at the service that owns the key; whether the request was carried out is not known.',
  },
  'NL-LOG-040': {
    retriable: false,
    meaning: 'A topic in Kafka holds something else than what is moved there.',
    action: 'Remove the topics there, or give another prefix, and move again; what is here was left as it is.',
  },
  'NL-LOG-041': {
    retriable: false,
    meaning: 'What was moved to Kafka does not read there as it reads here.',
    action: 'Do not start on it. Remove the topics there and move again; what is here was left as it is.',
  },
} satisfies Record<string, ErrorEntry>;
