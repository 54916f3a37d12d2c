/* Random words by Philox4x32-7, normal numbers by Box and Muller.
 *
 * Philox with 7 rounds is the fastest variant that passes every test of BigCrush (Salmon, Moraes,
 * Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, table 2); the 10 rounds of
 * tenfold's draws are a margin that pixels don't need. A counter needs no state, so any part of a
 * picture can be made by itself, and eight counters at once fill a vector.
 *
 * One word w gives a pair of normal numbers (Box & Muller, Annals of Mathematical Statistics 29,
 * 1958). All of it gives the radius, out to 6.5 standard deviations, its last two bits the quadrant,
 * and w * GOLDEN mod 2^32 the angle therein. So the pairs come from four lattices of 2^30 points
 * each, which fill the plane more evenly than random points do (Knuth, The Art of Computer
 * Programming 2, 3.3.4; their spectral value is 0.88 of the best possible).
 */
#include "bits.h"
#include "random.h"

#define LOW 0xffffffffu
#define GOLDEN 0x278dde6du /* 2^30 by the golden ratio: few points in a row are spread well too */

#define AT_ONCE 8 /* counters */
#define A 0xD2511F53u
#define B 0xCD9E8D57u

/* 32 bits in lanes of 64, as the multiplication wants them; what is above is ignored. */
typedef u64 counters __attribute__((vector_size(8 * AT_ONCE)));
typedef u32 pairs __attribute__((vector_size(8 * AT_ONCE)));

/* The lower halves of the lanes, by turns. */
INLINE pairs joined(counters x, counters y) {
    return __builtin_shufflevector((pairs)x, (pairs)y, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12,
                                   28, 14, 30);
}

void random_words(u32 *out, u64 seed, u32 stream, u64 chunk) {
    const counters zero = {0}, first = {0, 1, 2, 3, 4, 5, 6, 7};
    counters start = first * A; /* product of the first round, whose factor is the block's number */
    for (int block = 0; block < WORDS / 4; block += AT_ONCE, start += (u64)AT_ONCE * A) {
        /* The last word of the counter tells these numbers from those of philox.c. */
        counters x0 = zero, x1 = zero + (u32)chunk, x3 = zero + 2, p = start;
        counters x2 = zero + (stream | (u32)(chunk >> 32) << 8);
        u32 k0 = (u32)seed, k1 = (u32)(seed >> 32);
#pragma clang loop unroll(full)
        for (int round = 0; round < 7; round++) {
            if (round) p = (x0 & LOW) * A;
            const counters q = (x2 & LOW) * B;
            x0 = (q >> 32) ^ x1 ^ k0;
            x1 = q;
            x2 = (p >> 32) ^ x3 ^ k1;
            x3 = p;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        const pairs ends[2] = {joined(x0, x1), joined(x2, x3)};
        memcpy(out + 2 * block, ends, sizeof *ends);
        memcpy(out + WORDS / 2 + 2 * block, ends + 1, sizeof *ends);
    }
}

/* sqrt(-2 ln u) with u = (w / 2 + 1/2) / 2^31, never 0. The logarithm is that of a number m within
 * sqrt(1/2) and sqrt(2), a polynomial times m - 1 with a relative error below 8e-6. */
INLINE float radius(u32 w) {
    const float f = (float)(int32_t)(w >> 1 | 1);
    const int32_t exponent = (bits_of_float(f) - 0x3f3504f3) >> 23;
    const float t = float_of_bits((u32)(bits_of_float(f) - (exponent << 23))) - 1.0f;
    float sum = 0.28584132f;
    sum = sum * t - 0.44111872f;
    sum = sum * t + 0.5080654f;
    sum = sum * t - 0.66516048f;
    sum = sum * t + 0.99980438f;
    sum = sum * t - 2.0000091f;
    return __builtin_elementwise_sqrt((float)(31 - exponent) * 1.3862944f + sum * t);
}

void random_normals(float *restrict out, u64 seed, u32 stream, u64 chunk) {
    u32 words[WORDS];
    random_words(words, seed, stream, chunk);
    for (int i = 0; i < WORDS; i++) {
        const u32 w = words[i];
        const float x = (float)(int32_t)(w * GOLDEN) * 0x1p-31f; /* -1 to 1, of pi/4 */
        const float z = x * x, r = radius(w);
        /* cos and sin of pi/4 * x, both by sqrt(2), within 8e-6; then of pi/4 * (1 + x). */
        const float even = (0.010869515f * z - 0.21796221f) * z + 0.70709974f;
        const float odd = ((0.0017225791f * z - 0.057081357f) * z + 0.5553596f) * x;
        const float c = (even - odd) * r, s = (even + odd) * r;
        out[i] = float_of_bits((u32)bits_of_float(c) ^ w << 31);
        out[WORDS + i] = float_of_bits((u32)bits_of_float(s) ^ (w << 30 & 0x80000000u));
    }
}

EXPORT void pixel_words(uint64_t seed, u32 stream, ptrdiff_t first, ptrdiff_t count, u32 *out) {
    u32 chunk[WORDS];
    for (ptrdiff_t done = 0; done < count;) {
        const ptrdiff_t at = first + done, skip = at % WORDS;
        const ptrdiff_t some = count - done < WORDS - skip ? count - done : WORDS - skip;
        random_words(chunk, seed, stream, (u64)(at / WORDS));
        memcpy(out + done, chunk + skip, (size_t)some * sizeof *out);
        done += some;
    }
}

EXPORT void pixel_normals(const int64_t *seeds, ptrdiff_t fields, u32 stream, ptrdiff_t first,
                          ptrdiff_t count, float *out) {
    float chunk[CHUNK];
    for (ptrdiff_t field = 0; field < fields; field++, out += count) {
        for (ptrdiff_t done = 0; done < count;) {
            const ptrdiff_t at = first + done, skip = at % CHUNK;
            const ptrdiff_t some = count - done < CHUNK - skip ? count - done : CHUNK - skip;
            random_normals(chunk, (u64)seeds[field], stream, (u64)(at / CHUNK));
            memcpy(out + done, chunk + skip, (size_t)some * sizeof *out);
            done += some;
        }
    }
}
