/* A register of bytes, of 16-bit words, of floats: the same code for 16, 32 and 64 bytes wide ones.
 *
 * Widening and narrowing go by halves of 16-byte lanes, the order that the instructions have: what is
 * widened comes back in order, and between the two only its own lane knows where a number stands. */
#ifndef TENFOLD_REGISTERS_H
#define TENFOLD_REGISTERS_H

#include <string.h>

#include "common.h"

#if defined(__AVX512BW__)
#define WIDTH 64
#define MM(name) _mm512_##name
#elif defined(__AVX2__)
#define WIDTH 32
#define MM(name) _mm256_##name
#else
#define WIDTH 16
#define MM(name) _mm_##name
#endif

typedef u8 bytes __attribute__((vector_size(WIDTH)));
typedef u16 words __attribute__((vector_size(WIDTH)));
typedef int ints __attribute__((vector_size(WIDTH)));
typedef float floats __attribute__((vector_size(WIDTH)));
typedef long long raw __attribute__((vector_size(WIDTH)));

#define MIN(x, y) __builtin_elementwise_min(x, y)
#define MAX(x, y) __builtin_elementwise_max(x, y)
#define LESS(x, y) __builtin_elementwise_sub_sat(x, y) /* the difference, not below 0 */
#define CHOSEN(where, x, y) (((where) & (x)) | (~(where) & (y)))

INLINE bytes load_bytes(const u8 *from) {
    bytes x;
    memcpy(&x, from, sizeof x);
    return x;
}

INLINE words load_words(const u16 *from) {
    words x;
    memcpy(&x, from, sizeof x);
    return x;
}

INLINE void store_bytes(u8 *to, bytes x) { memcpy(to, &x, sizeof x); }
INLINE void store_words(u16 *to, words x) { memcpy(to, &x, sizeof x); }

#if defined(__SSE4_1__)
#include <immintrin.h>

INLINE words low_words(bytes x) { return (words)MM(unpacklo_epi8)((raw)x, (raw){0}); }
INLINE words high_words(bytes x) { return (words)MM(unpackhi_epi8)((raw)x, (raw){0}); }
INLINE floats low_floats(words x) { return MM(cvtepi32_ps)(MM(unpacklo_epi16)((raw)x, (raw){0})); }
INLINE floats high_floats(words x) { return MM(cvtepi32_ps)(MM(unpackhi_epi16)((raw)x, (raw){0})); }

/* Rounded half to even, and kept within 0 and 65535. |x| < 2^31. */
INLINE words nearest_words(floats low, floats high) {
    return (words)MM(packus_epi32)(MM(cvtps_epi32)(low), MM(cvtps_epi32)(high));
}

/* Words that are bytes. */
INLINE bytes narrowed(words low, words high) { return (bytes)MM(packus_epi16)((raw)low, (raw)high); }

/* The product's upper 16 bits. */
INLINE words times_high(words x, u16 y) {
    return (words)MM(mulhi_epu16)((raw)x, (raw)((words){0} + y));
}

#else

#define HALF (WIDTH / 2)

INLINE words low_words(bytes x) {
    words out;
    for (int i = 0; i < HALF; i++) out[i] = x[i];
    return out;
}

INLINE words high_words(bytes x) {
    words out;
    for (int i = 0; i < HALF; i++) out[i] = x[HALF + i];
    return out;
}

INLINE floats low_floats(words x) {
    floats out;
    for (int i = 0; i < HALF / 2; i++) out[i] = x[i];
    return out;
}

INLINE floats high_floats(words x) {
    floats out;
    for (int i = 0; i < HALF / 2; i++) out[i] = x[HALF / 2 + i];
    return out;
}

INLINE words nearest_words(floats low, floats high) {
    words out;
    for (int i = 0; i < HALF; i++) {
        const float x = __builtin_rintf(i < HALF / 2 ? low[i] : high[i - HALF / 2]);
        out[i] = x > 0 ? x < 65535 ? (u16)x : 65535 : 0;
    }
    return out;
}

INLINE bytes narrowed(words low, words high) {
    bytes out;
    for (int i = 0; i < HALF; i++) {
        out[i] = (u8)low[i];
        out[HALF + i] = (u8)high[i];
    }
    return out;
}

INLINE words times_high(words x, u16 y) {
    words out;
    for (int i = 0; i < HALF; i++) out[i] = (u16)((u32)x[i] * y >> 16);
    return out;
}

#endif
#endif
