/* Deflate (RFC 1951): one block in the shortest of its three forms. */
#include "png.h"

INLINE void put(Bits *b, u64 value, unsigned count) {
    b->bits |= value << b->count;
    b->count += count;
}

INLINE void flush(Bits *b) {
    __builtin_memcpy(b->at, &b->bits, 8);
    b->at += b->count >> 3;
    b->bits >>= b->count & 56;
    b->count &= 7;
}

void png_count(u32 *counts, const u8 *data, ptrdiff_t size) {
    u32 parts[4][256] = {0};
    ptrdiff_t i = 0;
    for (; i + 8 <= size; i += 8) {
        const u64 v = load64(data + i);
        parts[0][v & 255]++;
        parts[1][v >> 8 & 255]++;
        parts[2][v >> 16 & 255]++;
        parts[3][v >> 24 & 255]++;
        parts[0][v >> 32 & 255]++;
        parts[1][v >> 40 & 255]++;
        parts[2][v >> 48 & 255]++;
        parts[3][v >> 56]++;
    }
    for (; i < size; i++) parts[0][data[i]]++;
    for (i = 0; i < 256; i++) counts[i] += parts[0][i] + parts[1][i] + parts[2][i] + parts[3][i];
}

/* How often each symbol appears; returns the bits that follow symbols (extra bits). */
static u64 count_symbols(Deflate *state, const u8 *data, const Sequence *s) {
    u32 *counts = state->counts;
    u64 extras = 0;
    __builtin_memset(counts, 0, sizeof state->counts);
    for (;; s++) {
        if (s->literals < 64)
            for (u32 i = 0; i < s->literals; i++) counts[data[i]]++;
        else
            png_count(counts, data, s->literals);
        if (!s->length) break;
        data += s->literals + s->length;
        unsigned extra;
        counts[length_symbol(s->length, &extra)]++;
        extras += extra;
        counts[LITERALS + distance_symbol(s->distance, &extra)]++;
        extras += extra;
    }
    counts[256] = 1;
    return extras;
}

INLINE unsigned fixed_length(int symbol) {
    return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : symbol < LITERALS ? 8 : 5;
}

typedef struct {
    u8 symbols[LITERALS + DISTANCES], extra[LITERALS + DISTANCES], lengths[19];
    u32 codes[19];
    int count, literals, distances, ordered;
} Header;

static const u8 ORDER[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

INLINE unsigned header_extra(unsigned symbol) {
    return symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
}

/* The two codes' lengths, run-length coded; returns its bits. */
static u64 make_header(const u8 *all, Header *h) {
    u8 lengths[LITERALS + DISTANCES];
    u32 counts[19] = {0};
    h->literals = LITERALS;
    while (h->literals > 257 && !all[h->literals - 1]) h->literals--;
    h->distances = DISTANCES;
    while (h->distances > 1 && !all[LITERALS + h->distances - 1]) h->distances--;
    __builtin_memcpy(lengths, all, (size_t)h->literals);
    __builtin_memcpy(lengths + h->literals, all + LITERALS, (size_t)h->distances);
    const int n = h->literals + h->distances;
    int count = 0;
    for (int i = 0; i < n;) {
        int run = 1;
        while (i + run < n && lengths[i + run] == lengths[i]) run++;
        const u8 length = lengths[i];
        i += run;
        if (length) {
            h->symbols[count++] = length;
            counts[length]++;
            run--;
        }
        while (run) {
            int symbol = length, piece = 1, least = 0;
            if (!length && run >= 11) symbol = 18, least = 11, piece = run < 138 ? run : 138;
            else if (!length && run >= 3) symbol = 17, least = 3, piece = run;
            else if (length && run >= 3) symbol = 16, least = 3, piece = run < 6 ? run : 6;
            h->symbols[count] = (u8)symbol;
            h->extra[count++] = (u8)(piece - least);
            counts[symbol]++;
            run -= piece;
        }
    }
    h->count = count;
    png_huffman(counts, 19, 7, h->lengths, h->codes);
    h->ordered = 19;
    while (h->ordered > 4 && !h->lengths[ORDER[h->ordered - 1]]) h->ordered--;
    u64 bits = 14 + 3 * (u64)h->ordered;
    for (int i = 0; i < 19; i++)
        bits += (u64)counts[i] * (h->lengths[i] + header_extra((unsigned)i));
    return bits;
}

static void write_header(Bits *bits, const Header *h) {
    put(bits, (u64)(h->literals - 257), 5);
    put(bits, (u64)(h->distances - 1), 5);
    put(bits, (u64)(h->ordered - 4), 4);
    flush(bits);
    for (int i = 0; i < h->ordered; i++) {
        put(bits, h->lengths[ORDER[i]], 3);
        flush(bits);
    }
    for (int i = 0; i < h->count; i++) {
        const unsigned symbol = h->symbols[i];
        put(bits, h->codes[symbol] >> 8, h->codes[symbol] & 255);
        if (symbol >= 16) put(bits, h->extra[i], header_extra(symbol));
        flush(bits);
    }
}

static void fixed_codes(Deflate *state) {
    u32 next[10] = {0, 0, 0, 0, 0, 0, 0, 0, 0x30, 0x190};
    for (int i = 0; i < LITERALS; i++) {
        const unsigned length = fixed_length(i);
        state->codes[i] = reversed(next[length]++, length) << 8 | length;
    }
    for (u32 i = 0; i < DISTANCES; i++)
        state->codes[LITERALS + i] = reversed(i, 5) << 8 | 5;
}

/* What takes the time: codes one after the other. */
static void write_symbols(const u32 *codes, Bits *bits, const u8 *data, const Sequence *s) {
    Bits b = *bits;
    for (;; s++) {
        const u8 *const end = data + s->literals;
        for (; data + 4 <= end; data += 4) {
            for (int i = 0; i < 4; i++) put(&b, codes[data[i]] >> 8, codes[data[i]] & 255);
            flush(&b);
        }
        for (; data < end; data++) put(&b, codes[*data] >> 8, codes[*data] & 255);
        flush(&b);
        if (!s->length) break;
        data += s->length;
        unsigned extra;
        u32 code = codes[length_symbol(s->length, &extra)];
        put(&b, code >> 8, code & 255);
        put(&b, (u64)(s->length - 3) & ((1u << extra) - 1), extra);
        code = codes[LITERALS + distance_symbol(s->distance, &extra)];
        put(&b, code >> 8, code & 255);
        put(&b, (u64)(s->distance - 1) & ((1u << extra) - 1), extra);
        flush(&b);
    }
    put(&b, codes[256] >> 8, codes[256] & 255);
    flush(&b);
    *bits = b;
}

static void write_stored(Bits *bits, const u8 *data, ptrdiff_t size, int last) {
    for (;;) {
        const ptrdiff_t piece = size < 65535 ? size : 65535;
        put(bits, (u64)(last && piece == size), 3);
        put(bits, 0, -bits->count & 7);
        flush(bits);
        put(bits, (u64)piece | (u64)(~piece & 0xffff) << 16, 32);
        flush(bits);
        __builtin_memcpy(bits->at, data, (size_t)piece);
        bits->at += piece;
        data += piece;
        size -= piece;
        if (!size) return;
    }
}

void png_block(Deflate *state, Bits *bits, const u8 *data, ptrdiff_t size,
               const Sequence *sequences, int last) {
    Header header;
    const u64 extras = count_symbols(state, data, sequences);
    png_huffman(state->counts, LITERALS, LONGEST, state->lengths, state->codes);
    png_huffman(state->counts + LITERALS, DISTANCES, LONGEST, state->lengths + LITERALS,
                state->codes + LITERALS);
    u64 own = extras + make_header(state->lengths, &header), fixed = extras;
    for (int i = 0; i < LITERALS + DISTANCES; i++) {
        own += (u64)state->counts[i] * state->lengths[i];
        fixed += (u64)state->counts[i] * fixed_length(i);
    }
    const u64 stored = 8 * ((u64)size + 5 * ((u64)size / 65535 + 1));
    const u64 least = own < fixed ? own : fixed;
    if (stored < least + 3) {
        write_stored(bits, data, size, last);
        return;
    }
    put(bits, (u64)(last | (own < fixed ? 2 : 1) << 1), 3);
    flush(bits);
    if (own < fixed) write_header(bits, &header);
    else fixed_codes(state);
    write_symbols(state->codes, bits, data, sequences);
}
