import { SetMetadata } from '@nestjs/common';
import type { z } from 'zod';

export const DESCRIBE_METADATA = 'nerveline:describe';

/** What the API document says of a route beside what its decorators tell already. */
export interface RouteDescription {
  /** One sentence. */
  readonly summary: string;
  /** Schema of the answer. */
  readonly answer?: z.ZodType;
}

/** Tells the API document what a route does and answers. */
export const Describe = (description: RouteDescription) => SetMetadata(DESCRIBE_METADATA, description);
