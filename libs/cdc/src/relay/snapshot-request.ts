import { snapshotRequest, type SnapshotRequest } from '@nerveline/contracts';

/** The request, or what is wrong with it: anybody who may emit a message may send one, and none may end the relay. */
export function parseRequest(content: Uint8Array): SnapshotRequest | string {
  try {
    const parsed = snapshotRequest.safeParse(JSON.parse(new TextDecoder().decode(content)));
    return parsed.success ? parsed.data : (parsed.error.issues[0]?.message ?? 'not a snapshot request');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
