/* Normal numbers as 16-bit integers: for bytes, which show no finer ones.
 *
 * Each comes out of eight even numbers u of 16 bits, shaped by an odd, increasing polynomial p(u) and
 * mixed by a Hadamard matrix, which gives eight results without correlations (Wallace, "Fast
 * pseudorandom generators for normal and exponential variates", ACM TOMS 22, 1996, has the idea; here
 * nothing is used again). The polynomial was fitted to the distribution of the results, which can be
 * computed exactly: it is within 1e-4 (total variation) of the normal one; the share beyond 2 to 4.5
 * standard deviations is right to 1.2 %, beyond 5 it is 2.4 %, beyond 5.5 it is 9.5 % too small; it
 * ends at 8.2. See test_noise_bytes.py.
 */
#include <string.h>

#include "random.h"
#include "words16.h"

#define PARTS 8
#define PART (CHUNK / PARTS)

/* 1.707 u + 1.073 u^3 - 7.481 u^5 + 7.614 u^7 in units of 1 / 1400. u is odd: 0 is the middle. */
INLINE words16 shaped(const u16 *word) {
    const words16 u = get_words(word) | 1, square = rounded_product(u, u);
    words16 sum = rounded_product(square, (words16){0} + 10660) - 10473;
    sum = rounded_product(sum, square) + 1503;
    sum = rounded_product(sum, square) + 2390;
    return rounded_product(sum, u);
}

void random_normals16(int16_t *out, u64 seed, u32 stream, u64 chunk) {
    u32 words[WORDS];
    u16 even[CHUNK];
    random_words(words, seed, stream, chunk);
    memcpy(even, words, sizeof even);
    for (int i = 0; i < PART; i += WORDS16) {
        words16 x[PARTS];
        for (int k = 0; k < PARTS; k++) x[k] = shaped(even + k * PART + i);
#pragma clang loop unroll(full)
        for (int step = 1; step < PARTS; step *= 2)
            for (int k = 0; k < PARTS; k++) {
                if (k & step) continue;
                const words16 sum = x[k] + x[k + step];
                x[k + step] = x[k] - x[k + step];
                x[k] = sum;
            }
        for (int k = 0; k < PARTS; k++) memcpy(out + k * PART + i, x + k, sizeof(words16));
    }
}

EXPORT void pixel_normals16(u64 seed, u32 stream, ptrdiff_t first, ptrdiff_t count, int16_t *out) {
    int16_t chunk[CHUNK];
    for (ptrdiff_t done = 0; done < count;) {
        const ptrdiff_t at = first + done, skip = at % CHUNK;
        const ptrdiff_t some = count - done < CHUNK - skip ? count - done : CHUNK - skip;
        random_normals16(chunk, seed, stream, (u64)(at / CHUNK));
        memcpy(out + done, chunk + skip, (size_t)some * sizeof *out);
        done += some;
    }
}
