/** As the protocol wants most of its requests: topics with what is theirs, in the given order. */
export function byTopic<T extends { readonly topic: string }>(items: readonly T[]): [topic: string, items: T[]][] {
  const topics = new Map<string, T[]>();
  for (const item of items) {
    const of_topic = topics.get(item.topic);
    if (of_topic === undefined) topics.set(item.topic, [item]);
    else of_topic.push(item);
  }
  return [...topics];
}
