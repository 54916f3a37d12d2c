/* Three channels apart and together again, a block of pixels at a time. */
#ifndef TENFOLD_PLANES_H
#define TENFOLD_PLANES_H

#include <string.h>

#include "common.h"

#define BLOCK 512 /* pixels in a block */

typedef struct {
    u8 r[BLOCK], g[BLOCK], b[BLOCK];
} byte_planes;

INLINE void apart_plainly(const u8 *restrict src, ptrdiff_t pixels, byte_planes *restrict to) {
    for (ptrdiff_t i = 0; i < pixels; i++) {
        to->r[i] = src[3 * i];
        to->g[i] = src[3 * i + 1];
        to->b[i] = src[3 * i + 2];
    }
}

INLINE void together_plainly(const byte_planes *restrict from, ptrdiff_t pixels, u8 *restrict dst) {
    for (ptrdiff_t i = 0; i < pixels; i++) {
        dst[3 * i] = from->r[i];
        dst[3 * i + 1] = from->g[i];
        dst[3 * i + 2] = from->b[i];
    }
}

#if defined(__AVX512VBMI__)
#include <immintrin.h>

/* Byte i of a result is found among three registers in two steps: by the first table among two of
 * them, by the second among what the first step gave and the third register. */
#define APART_FIRST(c, i) (3 * (i) + (c)) & 127
#define APART_SECOND(c, i) (3 * (i) + (c) < 128 ? (i) : 3 * (i) + (c) - 64)
#define TOGETHER_FIRST(c, i) (64 * (c) + (i)) / 3 + ((64 * (c) + (i)) % 3 == 1 ? 64 : 0)
#define TOGETHER_SECOND(c, i) ((64 * (c) + (i)) % 3 == 2 ? 64 + (64 * (c) + (i)) / 3 : (i))

#define FOUR(of, c, i) of(c, i), of(c, i + 1), of(c, i + 2), of(c, i + 3)
#define SIXTEEN(of, c, i) FOUR(of, c, i), FOUR(of, c, i + 4), FOUR(of, c, i + 8), FOUR(of, c, i + 12)
#define PLACES(of, c) \
    { SIXTEEN(of, c, 0), SIXTEEN(of, c, 16), SIXTEEN(of, c, 32), SIXTEEN(of, c, 48) }
#define ALL_PLACES(of) { PLACES(of, 0), PLACES(of, 1), PLACES(of, 2) }

typedef struct {
    u8 first[3][64], second[3][64];
} places;

static const places of_planes = {ALL_PLACES(APART_FIRST), ALL_PLACES(APART_SECOND)};
static const places of_pixels = {ALL_PLACES(TOGETHER_FIRST), ALL_PLACES(TOGETHER_SECOND)};

INLINE __m512i found(const places *p, int c, __m512i x, __m512i y, __m512i z) {
    const __m512i two = _mm512_permutex2var_epi8(x, _mm512_loadu_si512(p->first[c]), y);
    return _mm512_permutex2var_epi8(two, _mm512_loadu_si512(p->second[c]), z);
}

INLINE void apart(const u8 *src, ptrdiff_t pixels, byte_planes *to) {
    if (pixels < BLOCK) {
        apart_plainly(src, pixels, to);
        return;
    }
    for (int i = 0; i < BLOCK; i += 64, src += 192) {
        const __m512i x = _mm512_loadu_si512(src), y = _mm512_loadu_si512(src + 64);
        const __m512i z = _mm512_loadu_si512(src + 128);
        _mm512_storeu_si512(to->r + i, found(&of_planes, 0, x, y, z));
        _mm512_storeu_si512(to->g + i, found(&of_planes, 1, x, y, z));
        _mm512_storeu_si512(to->b + i, found(&of_planes, 2, x, y, z));
    }
}

INLINE void together(const byte_planes *from, ptrdiff_t pixels, u8 *dst) {
    if (pixels < BLOCK) {
        together_plainly(from, pixels, dst);
        return;
    }
    for (int i = 0; i < BLOCK; i += 64, dst += 192) {
        const __m512i r = _mm512_loadu_si512(from->r + i), g = _mm512_loadu_si512(from->g + i);
        const __m512i b = _mm512_loadu_si512(from->b + i);
        _mm512_storeu_si512(dst, found(&of_pixels, 0, r, g, b));
        _mm512_storeu_si512(dst + 64, found(&of_pixels, 1, r, g, b));
        _mm512_storeu_si512(dst + 128, found(&of_pixels, 2, r, g, b));
    }
}

#else

INLINE void apart(const u8 *src, ptrdiff_t pixels, byte_planes *to) {
    if (pixels < BLOCK) apart_plainly(src, pixels, to);
    else apart_plainly(src, BLOCK, to);
}

INLINE void together(const byte_planes *from, ptrdiff_t pixels, u8 *dst) {
    if (pixels < BLOCK) together_plainly(from, pixels, dst);
    else together_plainly(from, BLOCK, dst);
}

#endif
#endif
