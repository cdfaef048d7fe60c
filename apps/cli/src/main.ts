import 'reflect-metadata';
import { isNervelineError, catalogue } from '@nerveline/kernel';
import { Command } from 'commander';
import { backupCommand, restoreCommand } from './commands/backup';
import { checkCommand } from './commands/check';
import { dlqCommand } from './commands/dlq';
import { keysCommand } from './commands/keys';
import { lagCommand } from './commands/lag';
import { logCommand } from './commands/log';
import { moveCommand } from './commands/move';
import { pidCommand } from './commands/pid';
import { snapshotCommand } from './commands/snapshot';
import { sqlCommand } from './commands/sql';
import { tokenCommand } from './commands/token';
import { topicsCommand } from './commands/topics';

const program = new Command('nerveline').description("An operator's hands.").showHelpAfterError();
for (const command of [
  checkCommand,
  lagCommand,
  topicsCommand,
  dlqCommand,
  logCommand,
  snapshotCommand,
  sqlCommand,
  pidCommand,
  tokenCommand,
  keysCommand,
  backupCommand,
  restoreCommand,
  moveCommand,
])
  program.addCommand(command());

program.parseAsync().catch((error: unknown) => {
  // One sentence for a person: what is wrong, and what to do.
  if (isNervelineError(error)) console.error(`${error.message}\n${catalogue[error.code].action}`);
  else console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
