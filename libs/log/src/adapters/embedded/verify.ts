/** Placeholder until the next step. */
export async function verifyInChild(_directory: string): Promise<void> {}
