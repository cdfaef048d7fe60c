import { NervelineError } from '@nerveline/kernel';
import type { EnvironmentWriter } from './environment-writer';
import type { Housekeeping } from './housekeeping';
import type { SharedEnvironment } from './shared-environment';

/** What writes an environment in this process. */
export interface Writing {
  readonly writer: EnvironmentWriter;
  readonly housekeeping: Housekeeping;
}

export interface Use extends Writing {
  /** Ends it with its last user. */
  close(): Promise<void>;
}

/**
 * Begins to write an environment, or joins those of this process who do when all of them share it.
 *
 * @throws NervelineError `NL-LOG-010`, and what `open` throws
 */
export async function useWriting(
  environment: SharedEnvironment,
  { shared, open }: { readonly shared: boolean; open(): Promise<Writing> },
): Promise<Use> {
  const { directory } = environment;
  const used = uses.get(directory);
  if (used === undefined ? environment.writtenHere : !shared || !used.shared) {
    throw new NervelineError('NL-LOG-010', { detail: 'this process writes this environment already' });
  }
  const use = used ?? { writing: open(), shared, users: 0 };
  uses.set(directory, use);
  use.users += 1;
  const leave = (): boolean => {
    use.users -= 1;
    return use.users === 0 && uses.delete(directory);
  };
  try {
    const { writer, housekeeping } = await use.writing;
    const close = async (): Promise<void> => {
      if (!leave()) return;
      await housekeeping.stop();
      await writer.close();
    };
    return { writer, housekeeping, close };
  } catch (error) {
    leave();
    throw error;
  }
}

const uses = new Map<string, { readonly writing: Promise<Writing>; readonly shared: boolean; users: number }>();
