import { fleetTopics } from './fleet';
import { fraudTopics } from './fraud';
import { gatewayTopics } from './gateway';
import { heldTopics } from './held-records';
import { inventoryTopics } from './inventory';
import { relayTopics } from './relay';
import { changeTopics } from './source-tables';
import type { Topic } from './topic';

/** Every topic of the platform, by what it is called in code. */
export const topics = {
  ...changeTopics,
  relayProgress: relayTopics.progress,
  transactions: relayTopics.transactions,
  schemas: relayTopics.schemas,
  decisions: fraudTopics.decisions,
  fraudAudit: fraudTopics.audit,
  channelStock: inventoryTopics.channelStock,
  channelAcks: inventoryTopics.channelAcks,
  soldOut: inventoryTopics.soldOut,
  refusals: inventoryTopics.refusals,
  carts: inventoryTopics.carts,
  inventoryAudit: inventoryTopics.audit,
  positions: fleetTopics.positions,
  vehicleStates: fleetTopics.vehicleStates,
  plans: fleetTopics.plans,
  traffic: fleetTopics.traffic,
  rerouteDecisions: fleetTopics.decisions,
  fleetCommands: fleetTopics.commands,
  fleetAudit: fleetTopics.audit,
  gatewayAudit: gatewayTopics.audit,
  ...heldTopics,
} as const;

/** The catalogue as a list, in a stable order. */
export const topicCatalogue: readonly Topic[] = Object.values(topics);

const byName = new Map(topicCatalogue.map((topic) => [topic.name, topic]));

export const findTopic = (name: string): Topic | undefined => byName.get(name);
