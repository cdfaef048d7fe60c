const MEBIBYTE = 1_048_576;

/** The largest record that a service writes, as it has it: a row of the source may be larger than what is decided about it. */
export const largestRecordOf = (service: string): number => (service === 'cdc-relay' ? 32 : 1) * MEBIBYTE;
