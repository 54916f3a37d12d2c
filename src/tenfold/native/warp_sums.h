/* Weights of a block of bytes, and the sums of sixteen pixels by AVX-512; see warp_bytes.c. */
#ifndef TENFOLD_WARP_SUMS_H
#define TENFOLD_WARP_SUMS_H

#include "warp.h"

enum { BITS = 14, ONE = 1 << BITS, HALF = ONE / 2, NO_BORDER = -1 };
enum { APART = 100000 }; /* pixels: so that places fit 32 bits with their fractions */

typedef struct {
    int32_t offset[BLOCK]; /* of the first pixel, from `base` */
    u32 top[BLOCK], low[BLOCK]; /* weights of two neighbours, 16 bits each */
    int32_t rest[BLOCK];   /* weight of what lies beyond a constant border */
    u64 above[BLOCK], below[BLOCK]; /* two neighbours' bytes */
    u32 word[BLOCK];                /* for one channel: all four */
} Work;

#if defined(__AVX512VBMI__)
#include <immintrin.h>

#define EVEN 0x5555555555555555u

/* Sixteen pixels of two rows, each with the neighbour on its right, from eight bytes on. */
typedef struct {
    __m512i above[2], below[2];
} Near;

INLINE __m128i two_of(const u8 *base, const int32_t *offset) {
    const __m128d first = _mm_load_sd((const double *)(const void *)(base + offset[0]));
    return _mm_castpd_si128(_mm_loadh_pd(first, (const double *)(const void *)(base + offset[1])));
}

/* Eight bytes each of eight pixels and their neighbours; quicker than a gather instruction. */
INLINE __m512i eight_of(const u8 *base, const int32_t *offset) {
    const __m256i low = _mm256_inserti128_si256(
        _mm256_castsi128_si256(two_of(base, offset)), two_of(base, offset + 2), 1);
    const __m256i high = _mm256_inserti128_si256(
        _mm256_castsi128_si256(two_of(base, offset + 4)), two_of(base, offset + 6), 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

INLINE Near near_at(const u8 *base, ptrdiff_t stride, const int32_t *offset) {
    const u8 *next = base + stride;
    return (Near){{eight_of(base, offset), eight_of(base, offset + 8)},
                  {eight_of(next, offset), eight_of(next, offset + 8)}};
}

/* Sixteen pixels of three or four channels, the bytes of the first at the start. */
INLINE __m512i
sums(const Work *work, int k, Near near, const int channels, const int border, const u8 *beyond) {
    const __m512i top = _mm512_loadu_si512(work->top + k), low = _mm512_loadu_si512(work->low + k);
    /* Pixel i's bytes start at byte 8 i of both vectors: a channel of it and of its neighbour
     * become two 16-bit numbers. */
    u8 order[64];
    for (int i = 0; i < 16; i++) {
        order[4 * i] = (u8)(8 * i);
        order[4 * i + 1] = order[4 * i + 3] = 0;
        order[4 * i + 2] = (u8)(8 * i + channels);
    }
    __m512i pick = _mm512_loadu_si512(order), pixels = _mm512_setzero_si512();
    const __m512i next = _mm512_set1_epi32(0x00010001);
    for (int c = 0; c < channels; c++, pick = _mm512_add_epi8(pick, next)) {
        const __m512i a = _mm512_maskz_permutex2var_epi8(EVEN, near.above[0], pick, near.above[1]);
        const __m512i b = _mm512_maskz_permutex2var_epi8(EVEN, near.below[0], pick, near.below[1]);
        __m512i sum = _mm512_add_epi32(_mm512_madd_epi16(a, top), _mm512_madd_epi16(b, low));
        if (border == CONSTANT) {
            const __m512i rest = _mm512_loadu_si512(work->rest + k);
            sum = _mm512_add_epi32(sum, _mm512_madd_epi16(rest, _mm512_set1_epi32(beyond[c])));
        }
        sum = _mm512_slli_epi32(_mm512_add_epi32(sum, _mm512_set1_epi32(HALF)), 16 - BITS);
        /* The whole part is the third byte of each number now; it goes between those of the
         * channels before. */
        u8 places[64];
        for (int i = 0; i < 64; i++) {
            const int pixel = i / channels % 16;
            places[i] = (u8)(i % channels == c ? 64 + 4 * pixel + 2 : i);
        }
        pixels = _mm512_permutex2var_epi8(pixels, _mm512_loadu_si512(places), sum);
    }
    return pixels;
}

INLINE void put_sums(
    const Work *work, int k, int n, Near near, const int channels, const int border,
    const u8 *beyond, u8 *target
) {
    const int bytes = (n - k < LANES ? n - k : LANES) * channels;
    const __m512i pixels = sums(work, k, near, channels, border, beyond);
    _mm512_mask_storeu_epi8(target + k * channels, ~(__mmask64)0 >> (64 - bytes), pixels);
}

#endif

#endif
