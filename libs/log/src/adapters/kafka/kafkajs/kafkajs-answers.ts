/*
 * Answers as kafkajs decodes them, in its own words; the parts that are read.
 */

export interface Plain {
  readonly errorCode: number;
}

interface PartitionAnswer extends Plain {
  readonly partition: number;
}

export interface Metadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly topic: string;
    readonly partitionMetadata: readonly {
      readonly partitionId: number;
      readonly leader: number;
      readonly replicas: readonly number[];
    }[];
  }[];
}

export interface Coordinator extends Plain {
  readonly coordinator: { readonly host: string; readonly port: number };
}

export interface Offsets {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly (PartitionAnswer & { readonly offset: string })[];
  }[];
}

export interface ProducerId extends Plain {
  readonly producerId: string;
  readonly producerEpoch: number;
}

export interface TransactionPartitions {
  readonly errors: readonly { readonly partitionErrors: readonly PartitionAnswer[] }[];
}

export interface CommittedInTransaction {
  readonly topics: readonly { readonly partitions: readonly PartitionAnswer[] }[];
}

export interface GroupOffsets extends Plain {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly (PartitionAnswer & { readonly offset: string; readonly metadata: string | null })[];
  }[];
}

export interface Joined extends Plain {
  readonly generationId: number;
  readonly leaderId: string | null;
  readonly memberId: string | null;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

export interface Synced extends Plain {
  readonly memberAssignment: Buffer;
}

export interface Groups {
  readonly groups: readonly (Plain & {
    readonly state: string;
    readonly protocol: string;
    readonly members: readonly { readonly memberMetadata: Buffer; readonly memberAssignment: Buffer }[];
  })[];
}

export interface GroupNames extends Plain {
  readonly groups: readonly { readonly groupId: string }[];
}

export interface CreatedTopics {
  readonly topicErrors: readonly Plain[];
}

export interface Settings {
  readonly resources: readonly (Plain & {
    readonly resourceName: string;
    readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[];
  })[];
}

export interface DeletedRecords {
  readonly topics: readonly { readonly partitions: readonly PartitionAnswer[] }[];
}
