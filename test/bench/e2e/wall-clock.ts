/** Wall time with microseconds, to compare with what PostgreSQL stamped on the same machine. */
export const wallMs = (): number => performance.timeOrigin + performance.now();
