/* The parts of the PNG encoder, for each other. */
#ifndef TENFOLD_PNG_H
#define TENFOLD_PNG_H

#include "common.h"

#define WINDOW 32768    /* how far back deflate may point */
#define BLOCK 65536     /* filtered bytes with one pair of Huffman codes, where rows are shorter */
#define MARGIN 64       /* bytes that vectors may read or write past an end */
#define HASH_BITS 14
#define HASH 0x9e3779b97f4a7c15ull
#define LITERALS 286    /* symbols: 256 bytes, the end of a block, 29 lengths */
#define DISTANCES 30
#define LONGEST 14      /* bits of a code, so that four fit into a word beside 7 bits left over */

/* So many bytes as they are, then `length` bytes (0 at the end) from `distance` back. */
typedef struct {
    u32 literals;
    u16 length, distance;
} Sequence;

typedef struct {
    u8 *at;      /* where the next whole byte goes; 8 bytes are written at once */
    u64 bits;
    unsigned count;
} Bits;

typedef struct {
    u32 heads[1 << HASH_BITS];   /* where bytes with this hash were seen last */
    int shift;                   /* that leaves as many bits of a product as hashes have */
    u32 counts[LITERALS + DISTANCES];
    u32 codes[LITERALS + DISTANCES];   /* code << 8 | bits */
    u8 lengths[LITERALS + DISTANCES];
    u8 cost[256];                /* of a literal, in sixteenths of a bit */
} Deflate;

/* Write one filtered row of `bytes`, its filter's number first; returns bytes + 1.
 * `row` and `above` have MARGIN zeros before them and MARGIN bytes to spare after them. */
ptrdiff_t png_filter(u8 *out, const u8 *row, const u8 *above, ptrdiff_t bytes, int step);

/* Find repetitions in data[0, size), with `before` bytes of history in front of it, which stands at
 * byte `position` of the stream; `above` is the distance to the same byte one row up. */
void png_match(Deflate *state, const u8 *data, ptrdiff_t size, ptrdiff_t before, u32 position,
               ptrdiff_t above, Sequence *out);

/* Append one deflate block. */
void png_block(Deflate *state, Bits *bits, const u8 *data, ptrdiff_t size,
               const Sequence *sequences, int last);

/* Add to counts[256]. */
void png_count(u32 *counts, const u8 *data, ptrdiff_t size);

/* Lengths and codes of a Huffman code of at most `longest` bits for n <= 288 symbols. */
void png_huffman(const u32 *counts, int n, int longest, u8 *lengths, u32 *codes);

/* Continue a checksum: 1 starts Adler-32, 0 CRC-32. */
u32 png_adler(u32 sum, const u8 *data, ptrdiff_t size);
u32 png_crc(u32 sum, const u8 *data, ptrdiff_t size);

INLINE unsigned highest(u32 value) { return 31u - (unsigned)__builtin_clz(value); }
/* Deflate sends codes with the highest bit first, everything else with the lowest. */
INLINE u32 reversed(u32 code, unsigned length) {
    return (u32)__builtin_bitreverse16((u16)code) >> (16 - length);
}

INLINE u64 load64(const u8 *p) { u64 v; __builtin_memcpy(&v, p, 8); return v; }

/* Symbol and number of extra bits of a match's length (3 to 258) and distance: RFC 1951, 3.2.5. */
INLINE unsigned length_symbol(unsigned length, unsigned *extra) {
    const unsigned v = length - 3;
    *extra = 0;
    if (v < 8) return 257 + v;
    if (v == 255) return 285;
    const unsigned k = highest(v);
    *extra = k - 2;
    return 257 + 4 * (k - 1) + (v >> (k - 2) & 3);
}

INLINE unsigned distance_symbol(unsigned distance, unsigned *extra) {
    const unsigned v = distance - 1;
    *extra = 0;
    if (v < 4) return v;
    const unsigned k = highest(v);
    *extra = k - 1;
    return 2 * k + (v >> (k - 1) & 1);
}

#endif
