import { apiErrors } from './api';
import { backupErrors } from './backup';
import { cdcErrors } from './cdc';
import { fleetErrors } from './fleet';
import { fraudErrors } from './fraud';
import { hostErrors } from './host';
import { inventoryErrors } from './inventory';
import { kernelErrors } from './kernel';
import { logErrors } from './log';
import { pushErrors } from './push';
import { stateErrors } from './state';
import { simulatorErrors } from './simulator';
import { streamErrors } from './stream';

/** One entry of the operator's manual. */
export interface ErrorEntry {
  /** Can the same call succeed later without anybody's doing? */
  readonly retriable: boolean;
  /** How HTTP answers it; 500 when absent. */
  readonly http_status?: number;
  readonly meaning: string;
  readonly action: string;
}

/** Every error of the platform by its stable code. A code is never reused for another meaning. */
export const catalogue = {
  ...kernelErrors,
  ...apiErrors,
  ...logErrors,
  ...cdcErrors,
  ...pushErrors,
  ...stateErrors,
  ...hostErrors,
  ...fraudErrors,
  ...inventoryErrors,
  ...fleetErrors,
  ...simulatorErrors,
  ...streamErrors,
  ...backupErrors,
} satisfies Record<`NL-${string}-${string}`, ErrorEntry> as Record<ErrorCode, ErrorEntry>;

export type ErrorCode =
  | keyof typeof kernelErrors
  | keyof typeof apiErrors
  | keyof typeof logErrors
  | keyof typeof cdcErrors
  | keyof typeof pushErrors
  | keyof typeof stateErrors
  | keyof typeof hostErrors
  | keyof typeof fraudErrors
  | keyof typeof inventoryErrors
  | keyof typeof fleetErrors
  | keyof typeof simulatorErrors
  | keyof typeof streamErrors
  | keyof typeof backupErrors;
