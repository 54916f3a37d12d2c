/* Thirty-two 16-bit values at once. */
#ifndef TENFOLD_WORDS16_H
#define TENFOLD_WORDS16_H

#include <string.h>

#include "common.h"

#if defined(__SSSE3__)
#include <immintrin.h>
#endif

#define WORDS16 32

typedef u16 words16 __attribute__((vector_size(64)));
typedef u32 words32 __attribute__((vector_size(128)));
typedef int16_t shorts16 __attribute__((vector_size(64)));
typedef int32_t ints32 __attribute__((vector_size(128)));
typedef u8 half_bytes __attribute__((vector_size(32)));

INLINE words16 bytes_as_words(const u8 *from) {
    half_bytes bytes;
    memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(bytes, words16);
}

INLINE words16 get_words(const u16 *from) {
    words16 words;
    memcpy(&words, from, sizeof words);
    return words;
}

/* What compilers don't find by themselves: upper halves of products, and means rounded up. */
#if defined(__AVX512BW__)
#define PIECEWISE(NAME, WIDE, MIDDLE, NARROW, PLAIN)                                                 \
    INLINE words16 NAME(words16 a, words16 b) { return (words16)WIDE((__m512i)a, (__m512i)b); }
#elif defined(__AVX2__)
#define PIECEWISE(NAME, WIDE, MIDDLE, NARROW, PLAIN)                                                 \
    INLINE words16 NAME(words16 a, words16 b) {                                                      \
        __m256i p[2], q[2];                                                                          \
        memcpy(p, &a, sizeof a);                                                                     \
        memcpy(q, &b, sizeof b);                                                                     \
        for (int k = 0; k < 2; k++) p[k] = MIDDLE(p[k], q[k]);                                       \
        memcpy(&a, p, sizeof a);                                                                     \
        return a;                                                                                    \
    }
#elif defined(__SSSE3__)
#define PIECEWISE(NAME, WIDE, MIDDLE, NARROW, PLAIN)                                                 \
    INLINE words16 NAME(words16 a, words16 b) {                                                      \
        __m128i p[4], q[4];                                                                          \
        memcpy(p, &a, sizeof a);                                                                     \
        memcpy(q, &b, sizeof b);                                                                     \
        for (int k = 0; k < 4; k++) p[k] = NARROW(p[k], q[k]);                                       \
        memcpy(&a, p, sizeof a);                                                                     \
        return a;                                                                                    \
    }
#else
#define PIECEWISE(NAME, WIDE, MIDDLE, NARROW, PLAIN)                                                 \
    INLINE words16 NAME(words16 a, words16 b) {                                                      \
        const words32 p = __builtin_convertvector(a, words32);                                       \
        const words32 q = __builtin_convertvector(b, words32);                                       \
        (void)p, (void)q;                                                                            \
        return __builtin_convertvector(PLAIN, words16);                                              \
    }
#endif
PIECEWISE(upper_product, _mm512_mulhi_epu16, _mm256_mulhi_epu16, _mm_mulhi_epu16, p *q >> 16)
/* Of signed numbers: upper halves too; products of 15 bits after the point, rounded. */
PIECEWISE(signed_upper_product, _mm512_mulhi_epi16, _mm256_mulhi_epi16, _mm_mulhi_epi16,
          (words32)(__builtin_convertvector((shorts16)a, ints32) *
                    __builtin_convertvector((shorts16)b, ints32) >> 16))
PIECEWISE(rounded_product, _mm512_mulhrs_epi16, _mm256_mulhrs_epi16, _mm_mulhrs_epi16,
          (words32)((__builtin_convertvector((shorts16)a, ints32) *
                     __builtin_convertvector((shorts16)b, ints32) + 16384) >> 15))
PIECEWISE(mean_of, _mm512_avg_epu16, _mm256_avg_epu16, _mm_avg_epu16, (p + q + 1) >> 1)

/* Whole vectors from the start of a row, the last one ending where the row does; a row shorter than
 * a vector needs room for one. */
#define FOR_EACH_VECTOR(i, values)                                                                   \
    for (ptrdiff_t i = 0; i < (values);                                                              \
         i = i + WORDS16 < (values) && i + 2 * WORDS16 > (values) ? (values)-WORDS16 : i + WORDS16)

/* Levels as bytes, from low to high. */
INLINE void put_bytes(words16 levels, u8 low, u8 high, u8 *to) {
    half_bytes bytes = __builtin_convertvector(levels, half_bytes);
    bytes = __builtin_elementwise_max(bytes, (half_bytes){0} + low);
    bytes = __builtin_elementwise_min(bytes, (half_bytes){0} + high);
    memcpy(to, &bytes, sizeof bytes);
}

#endif
