import { topicCatalogue, topics, type ServiceName, type Topic } from '@nerveline/contracts';
import type { PlannedTopic } from '@nerveline/log';

/** Operations of Kafka's ACLs, by the names that its tools use. */
type Operation = 'Describe' | 'DescribeConfigs' | 'Read' | 'Write';

/** A right of one principal. */
export interface Grant {
  readonly principal: string;
  readonly operations: readonly Operation[];
  readonly resource: 'topic' | 'group' | 'transactional-id';
  readonly names: readonly string[];
  /** `prefixed`: every resource whose name begins so. */
  readonly pattern: 'literal' | 'prefixed';
}

/**
 * What each service reads beside its own topics. The gateway shows the life of any event, so it reads everything but the
 * changelogs of keyed state.
 */
const readers: Readonly<Record<ServiceName, readonly Topic[]>> = {
  'cdc-relay': [],
  'fraud-scoring': [topics.blockList, topics.cardProfiles, topics.eventClock, topics.relayProgress],
  'inventory-sync': [
    topics.channels,
    topics.decisions,
    topics.eventClock,
    topics.products,
    topics.reservationRefusals,
    topics.stockLedger,
  ],
  'gps-rerouting': [topics.drivers, topics.eventClock, topics.orders, topics.vehicles],
  'live-gateway': topicCatalogue,
};

/** The principal of the command line. */
export const OPERATOR = 'nerveline-operator';

const SERVICES = Object.keys(readers) as ServiceName[];

/** The names of the topics that a service reads and doesn't own. */
export const readBy = (service: ServiceName): readonly string[] =>
  readers[service].filter(({ owner }) => owner !== service).map(({ name }) => name);

/**
 * The rights of each service and of the operator, and no more: who owns a topic writes it, nobody makes or removes one,
 * and members of a group, its transactions and its state belong to one service.
 */
export function grantsFor(plan: readonly PlannedTopic[], prefix: string): readonly Grant[] {
  return [...SERVICES.flatMap((service) => grantsOf(service, plan, prefix)), ...operatorGrants(plan, prefix)];
}

function grantsOf(service: ServiceName, plan: readonly PlannedTopic[], prefix: string): Grant[] {
  const read = new Set(readBy(service));
  const own = plan.filter(({ owner }) => owner === service);
  const others = plan.filter(({ catalogued }) => catalogued !== undefined && read.has(catalogued));
  const grant = grantTo(service);
  const grants: Grant[] = [
    grant(['Read', 'Write', 'Describe', 'DescribeConfigs'], 'topic', namesOf(own)),
    grant(['Read', 'Describe'], 'group', [`${prefix}${service}.`], 'prefixed'),
    grant(['Write', 'Describe'], 'transactional-id', [`${prefix}${service}`], 'prefixed'),
  ];
  if (others.length > 0) grants.splice(1, 0, grant(['Read', 'Describe', 'DescribeConfigs'], 'topic', namesOf(others)));
  // It sends commands to the owner of a key, and shows how far everybody is.
  if (service === 'live-gateway') grants.push(grant(['Describe'], 'group', groupPrefixes(prefix), 'prefixed'));
  return grants;
}

function operatorGrants(plan: readonly PlannedTopic[], prefix: string): Grant[] {
  const grant = grantTo(OPERATOR);
  const catalogued = plan.filter((topic) => topic.catalogued !== undefined);
  return [
    grant(['Read', 'Describe', 'DescribeConfigs'], 'topic', namesOf(catalogued)),
    grant(['Describe'], 'group', groupPrefixes(prefix), 'prefixed'),
  ];
}

const grantTo =
  (principal: string) =>
  (
    ...[operations, resource, names, pattern = 'literal']: readonly [
      Grant['operations'],
      Grant['resource'],
      Grant['names'],
      Grant['pattern']?,
    ]
  ): Grant => ({ principal, operations, resource, names, pattern });

const namesOf = (plan: readonly PlannedTopic[]): string[] => plan.map(({ topic }) => topic);

const groupPrefixes = (prefix: string): string[] => SERVICES.map((service) => `${prefix}${service}.`);
