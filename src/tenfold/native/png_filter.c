/* PNG's five filters (W3C PNG, section 9): for each row the one with the smallest sum of absolute
 * residuals. */
#include "png.h"

typedef u8 Bytes __attribute__((vector_size(64)));
typedef u16 Pairs __attribute__((vector_size(64)));

INLINE Bytes load(const u8 *p) {
    Bytes v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

INLINE Bytes either(Bytes mask, Bytes yes, Bytes no) { return (mask & yes) | (~mask & no); }

INLINE Bytes apart(Bytes x, Bytes y) {
    const Bytes more = (Bytes)(x > y);
    return either(more, x - y, y - x);
}

INLINE Bytes average(Bytes left, Bytes up) { return (left & up) + ((left ^ up) >> 1); }

/* Paeth's predictor without a ninth bit: |left + up - 2 corner| is the sum of the distances to the
 * corner where both lie on one side of it, and then none of them is larger; else it is their
 * difference. */
INLINE Bytes paeth(Bytes left, Bytes up, Bytes corner) {
    const Bytes from_left = apart(up, corner), from_up = apart(left, corner);
    const Bytes opposite =
        (Bytes)((up > corner) & (left < corner)) | (Bytes)((up < corner) & (left > corner));
    const Bytes across = either(opposite, apart(from_left, from_up), from_left * 0 + 255);
    const Bytes take_left = (Bytes)(from_left <= from_up) & (Bytes)(from_left <= across);
    const Bytes take_up = (Bytes)(from_up <= across);
    return either(take_left, left, either(take_up, up, corner));
}

INLINE Bytes residual(int filter, Bytes x, Bytes left, Bytes up, Bytes corner) {
    switch (filter) {
        case 1: return x - left;
        case 2: return x - up;
        case 3: return x - average(left, up);
        case 4: return x - paeth(left, up, corner);
        default: return x;
    }
}

/* Distance of each byte to 0, modulo 256, two summed a lane. */
INLINE Pairs sizes(Bytes d) {
    const Bytes negative = -d;
    const Pairs small = (Pairs)either((Bytes)(d < negative), d, negative);
    return (small & 255) + (small >> 8);
}

static const u8 MASKS[128] = {[0 ... 63] = 255};   /* from 64 - n: the first n of 64 lanes */

static int best_filter(const u8 *row, const u8 *above, ptrdiff_t bytes, int step) {
    u64 sums[5] = {0};
    for (ptrdiff_t from = 0; from < bytes; from += 128 * 64) {   /* lanes hold 255 vectors */
        const ptrdiff_t to = bytes - from < 128 * 64 ? bytes : from + 128 * 64;
        Pairs lanes[5] = {0};
        for (ptrdiff_t i = from; i < to; i += 64) {
            const Bytes mask = load(MASKS + (to - i < 64 ? 64 - (to - i) : 0));
            const Bytes x = load(row + i) & mask, left = load(row + i - step) & mask;
            const Bytes up = load(above + i) & mask, corner = load(above + i - step) & mask;
            for (int f = 0; f < 5; f++) lanes[f] += sizes(residual(f, x, left, up, corner));
        }
        for (int f = 0; f < 5; f++)
            for (int i = 0; i < 32; i++) sums[f] += lanes[f][i];
    }
    int best = 4;
    for (int f = 3; f >= 0; f--)
        if (sums[f] < sums[best]) best = f;
    return best;
}

INLINE void write(u8 *out, int filter, const u8 *row, const u8 *above, ptrdiff_t bytes, int step) {
    for (ptrdiff_t i = 0; i < bytes; i += 64) {
        const Bytes d = residual(filter, load(row + i), load(row + i - step), load(above + i),
                                 load(above + i - step));
        __builtin_memcpy(out + i, &d, sizeof d);
    }
}

ptrdiff_t png_filter(u8 *out, const u8 *row, const u8 *above, ptrdiff_t bytes, int step) {
    const int best = best_filter(row, above, bytes, step);
    *out++ = (u8)best;
    switch (best) {
        case 0: write(out, 0, row, above, bytes, step); break;
        case 1: write(out, 1, row, above, bytes, step); break;
        case 2: write(out, 2, row, above, bytes, step); break;
        case 3: write(out, 3, row, above, bytes, step); break;
        default: write(out, 4, row, above, bytes, step);
    }
    return bytes + 1;
}
