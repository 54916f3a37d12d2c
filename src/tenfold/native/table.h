/* Bytes looked up in tables of 256. */
#ifndef TENFOLD_TABLE_H
#define TENFOLD_TABLE_H

#include "common.h"

#if defined(__AVX512VBMI__) || defined(__AVX2__)
#include <immintrin.h>
#endif

INLINE void look_up_rest(const u8 *src, ptrdiff_t count, const u8 *table, u8 *dst) {
    for (ptrdiff_t i = 0; i < count; i++) dst[i] = table[src[i]];
}

#if defined(__AVX512VBMI__)

/* A table in four registers. */
typedef struct {
    __m512i part[4];
} held;

INLINE held hold(const u8 *table) {
    held t;
    for (int i = 0; i < 4; i++) t.part[i] = _mm512_loadu_si512(table + 64 * i);
    return t;
}

/* Two lookups among 128 by the low seven bits; the highest bit chooses between them. */
INLINE __m512i looked(held t, __m512i x) {
    const __m512i low = _mm512_permutex2var_epi8(t.part[0], x, t.part[1]);
    const __m512i high = _mm512_permutex2var_epi8(t.part[2], x, t.part[3]);
    return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(x), high);
}

INLINE void look_up(const u8 *src, ptrdiff_t count, const u8 *table, u8 *dst) {
    const held t = hold(table);
    ptrdiff_t i = 0;
    for (; i + 64 <= count; i += 64) {
        _mm512_storeu_si512(dst + i, looked(t, _mm512_loadu_si512(src + i)));
    }
    look_up_rest(src + i, count - i, table, dst + i);
}

#elif defined(__AVX2__)

/* Shuffles look up among 16 by the low four bits, and give 0 where the highest is set. With each
 * row of 16 held as its difference (xor) from the row before, the rows up to the wanted one, xored,
 * are the wanted one; a row's turn is over when the index less 16 for each row is negative, and it
 * stays so. */
INLINE void look_up(const u8 *src, ptrdiff_t count, const u8 *table, u8 *dst) {
    __m256i rows[16];
    const __m256i sixteen = _mm256_set1_epi8(16), half = _mm256_set1_epi8((char)128);
    for (int i = 0; i < 16; i++) {
        rows[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(table + 16 * i)));
    }
    for (int i = 15; i > 0; i--) {
        if (i != 8) rows[i] = _mm256_xor_si256(rows[i], rows[i - 1]);
    }
    ptrdiff_t at = 0;
    for (; at + 64 <= count; at += 64) {
        const __m256i *from = (const __m256i *)(src + at);
        __m256i low[2], high[2], found[2];
        for (int k = 0; k < 2; k++) {
            low[k] = _mm256_loadu_si256(from + k);
            high[k] = _mm256_xor_si256(low[k], half);
            found[k] = _mm256_setzero_si256();
        }
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < 2; k++) {
                const __m256i lower = _mm256_shuffle_epi8(rows[i], low[k]);
                const __m256i upper = _mm256_shuffle_epi8(rows[i + 8], high[k]);
                found[k] = _mm256_xor_si256(found[k], _mm256_xor_si256(lower, upper));
                low[k] = _mm256_subs_epi8(low[k], sixteen);
                high[k] = _mm256_subs_epi8(high[k], sixteen);
            }
        }
        for (int k = 0; k < 2; k++) _mm256_storeu_si256((__m256i *)(dst + at) + k, found[k]);
    }
    look_up_rest(src + at, count - at, table, dst + at);
}

#else

INLINE void look_up(const u8 *src, ptrdiff_t count, const u8 *table, u8 *dst) {
    look_up_rest(src, count, table, dst);
}

#endif
#endif
