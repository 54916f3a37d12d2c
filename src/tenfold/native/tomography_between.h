/* Values of a line between its pixels, for places next to each other. */
#ifndef TENFOLD_TOMOGRAPHY_BETWEEN_H
#define TENFOLD_TOMOGRAPHY_BETWEEN_H

#include "common.h"

/* A place within the line's zeros; no number is the first. */
INLINE float within_line(float x, float last) {
    x = x > 0 ? x : 0;
    return x < last ? x : last;
}

INLINE float between(const float *restrict line, float x, float last) {
    x = within_line(x, last);
    const int32_t i = (int32_t)x;
    const float part = x - (float)i, here = line[i];
    return here + part * (line[i + 1] - here);
}

#if defined(__AVX512F__)
#include <immintrin.h>

#define TOGETHER 16

/* Values 32 on from here, by their low five bits. */
INLINE __m512 of_32(const float *at, __m512i which) {
    return _mm512_permutex2var_ps(_mm512_loadu_ps(at), which, _mm512_loadu_ps(at + 16));
}

INLINE __m512 of_64(const float *at, __m512i which) {
    const __mmask16 far = _mm512_cmpge_epu32_mask(which, _mm512_set1_epi32(32));
    return _mm512_mask_mov_ps(of_32(at, which), far, of_32(at + 32, which));
}

/* The same for 16 places. Those of neighbours lie within 31 pixels, or 63, as a rule: these are
 * loaded as they lie and sorted in registers, which is several times as fast as 32 loads. */
INLINE __m512 between_16(const float *line, __m512 x, __m512 last) {
    x = _mm512_min_ps(_mm512_max_ps(x, _mm512_setzero_ps()), last);
    const __m512i i = _mm512_cvttps_epi32(x);
    const __m512 part = _mm512_sub_ps(x, _mm512_cvtepi32_ps(i));
    const int32_t first = _mm_cvtsi128_si32(_mm512_castsi512_si128(i));
    const int32_t end = _mm_extract_epi32(_mm512_extracti32x4_epi32(i, 3), 3);
    const int32_t base = first < end ? first : end;
    const __m512i from = _mm512_sub_epi32(i, _mm512_set1_epi32(base));
    const __m512i after = _mm512_add_epi32(from, _mm512_set1_epi32(1));
    __m512 here, next;
    if (_mm512_cmplt_epu32_mask(from, _mm512_set1_epi32(31)) == 0xffff) {
        here = of_32(line + base, from);
        next = of_32(line + base, after);
    } else if (_mm512_cmplt_epu32_mask(from, _mm512_set1_epi32(63)) == 0xffff) {
        here = of_64(line + base, from);
        next = of_64(line + base, after);
    } else {
        here = _mm512_i32gather_ps(i, line, 4);
        next = _mm512_i32gather_ps(i, line + 1, 4);
    }
    return _mm512_add_ps(here, _mm512_mul_ps(part, _mm512_sub_ps(next, here)));
}
#endif

#endif
