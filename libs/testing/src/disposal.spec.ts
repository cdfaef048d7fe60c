test('an error in a block and one in its disposal are both told', async () => {
  const failing = {
    [Symbol.asyncDispose]: async () => {
      throw new Error('disposal');
    },
  };
  const run = async () => {
    await using _held = failing;
    throw new Error('block');
  };
  const caught: unknown = await run().catch((error: unknown) => error);
  expect(caught).toMatchObject({ error: new Error('disposal'), suppressed: new Error('block') });
});
