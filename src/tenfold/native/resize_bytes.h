/* A few rows of bytes as one row of floats: their weighted sum. */
#ifndef TENFOLD_RESIZE_BYTES_H
#define TENFOLD_RESIZE_BYTES_H

#include "common.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

enum { FEW = 12 }; /* rows: the sum of more would be less precise */

/* `WIDE` 16-bit numbers: bytes as fractions of 2^16, their products' upper halves, as floats. */
#if defined(__AVX512BW__)
enum { WIDE = 32 };
typedef __m512i Words;
INLINE Words all(u16 value) { return _mm512_set1_epi16((short)value); }
INLINE Words bytes_of(const u8 *from) {
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)from);
    return _mm512_slli_epi16(_mm512_cvtepu8_epi16(bytes), 8);
}
INLINE Words plus_part(Words sum, Words value, Words weight) {
    return _mm512_add_epi16(sum, _mm512_mulhi_epu16(value, weight));
}
INLINE void as_floats(Words sum, float *to) {
    const __m512 unit = _mm512_set1_ps(1.0f / 256.0f);
    for (int half = 0; half < 2; half++) {
        const __m256i words =
            half ? _mm512_extracti64x4_epi64(sum, 1) : _mm512_castsi512_si256(sum);
        const __m512 floats = _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(words));
        _mm512_storeu_ps(to + 16 * half, _mm512_mul_ps(floats, unit));
    }
}
#elif defined(__AVX2__)
enum { WIDE = 16 };
typedef __m256i Words;
INLINE Words all(u16 value) { return _mm256_set1_epi16((short)value); }
INLINE Words bytes_of(const u8 *from) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);
    return _mm256_slli_epi16(_mm256_cvtepu8_epi16(bytes), 8);
}
INLINE Words plus_part(Words sum, Words value, Words weight) {
    return _mm256_add_epi16(sum, _mm256_mulhi_epu16(value, weight));
}
INLINE void as_floats(Words sum, float *to) {
    const __m256 unit = _mm256_set1_ps(1.0f / 256.0f);
    for (int half = 0; half < 2; half++) {
        const __m128i words = half ? _mm256_extracti128_si256(sum, 1) : _mm256_castsi256_si128(sum);
        const __m256 floats = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(words));
        _mm256_storeu_ps(to + 8 * half, _mm256_mul_ps(floats, unit));
    }
}
#else
enum { WIDE = 8 };
typedef u16 Words __attribute__((ext_vector_type(WIDE)));
typedef u32 Longs __attribute__((ext_vector_type(WIDE)));
INLINE Words all(u16 value) { return (Words)value; }
INLINE Words bytes_of(const u8 *from) {
    Words words;
    for (int j = 0; j < WIDE; j++) words[j] = (u16)(from[j] << 8);
    return words;
}
INLINE Words plus_part(Words sum, Words value, Words weight) {
    const Longs product =
        __builtin_convertvector(value, Longs) * __builtin_convertvector(weight, Longs);
    return sum + __builtin_convertvector(product >> 16, Words);
}
INLINE void as_floats(Words sum, float *to) {
    for (int j = 0; j < WIDE; j++) to[j] = (float)sum[j] * (1.0f / 256.0f);
}
#endif

/* Weights as 16-bit fractions whose sum is one. */
INLINE void as_fractions(const float *weights, ptrdiff_t count, u16 *fractions) {
    int32_t sum = 0;
    ptrdiff_t largest = 0;
    for (ptrdiff_t k = 0; k < count; k++) {
        fractions[k] = (u16)(weights[k] * 65535.0f + 0.5f);
        sum += fractions[k];
        if (weights[k] > weights[largest]) largest = k;
    }
    const int32_t fitted = fractions[largest] + 65536 - sum;
    fractions[largest] = (u16)(fitted < 65535 ? fitted : 65535);
}

/* Rows of bytes in 16-bit fixed point, 8 bits of fraction: within 0.05 of a level of the exact. */
INLINE void blend_bytes(
    const u8 *const *rows, const float *weights, ptrdiff_t count, ptrdiff_t n, float *restrict out
) {
    u16 fractions[FEW];
    Words each[FEW];
    as_fractions(weights, count, fractions);
    for (ptrdiff_t k = 0; k < count; k++) each[k] = all(fractions[k]);
    const u16 half = (u16)(count / 2); /* each product loses half a unit on average */
    ptrdiff_t at = 0;
    for (; at + 2 * WIDE <= n; at += 2 * WIDE) {
        Words left = all(half), right = left;
        for (ptrdiff_t k = 0; k < count; k++) {
            left = plus_part(left, bytes_of(rows[k] + at), each[k]);
            right = plus_part(right, bytes_of(rows[k] + at + WIDE), each[k]);
        }
        as_floats(left, out + at);
        as_floats(right, out + at + WIDE);
    }
    for (; at < n; at++) {
        u32 sum = half;
        for (ptrdiff_t k = 0; k < count; k++) sum += ((u32)rows[k][at] << 8) * fractions[k] >> 16;
        out[at] = (float)sum * (1.0f / 256.0f);
    }
}

#endif
