/** The account that PostgreSQL runs as when we are root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** How to spawn one of the programs: the command, what goes before its own parameters, and the account. */
export interface PostgresCommand {
  readonly command: string;
  readonly prefix: readonly string[];
  readonly options: Partial<Account>;
}

/** The directory of initdb and postgres; undefined when there is none for this platform. */
export function findPostgresPrograms(): string | undefined;

/** Undefined when we aren't root. */
export function findAccount(): Account | undefined;

/** Undefined when there are no programs for this platform. */
export function postgresCommand(
  program: 'initdb' | 'postgres',
  data_directory: string,
  account: Account | undefined,
): PostgresCommand | undefined;
