/* Histograms, sums, least and greatest values of each channel, exact. */
#include "histogram.h"

#include <string.h>

#include "planes.h"
#include "table.h"

#define PARTS 4 /* tables a channel, so that equal neighbours don't wait for each other */
#define FEW 4   /* channels that are counted in partial tables */
#define STRETCH ((ptrdiff_t)1 << 30) /* pixels that 32-bit counters hold */

INLINE void count_few(const u8 *src, ptrdiff_t pixels, const int channels, u64 *counts) {
    u32 part[FEW * PARTS][256];
    memset(part, 0, sizeof(part[0]) * (size_t)(channels * PARTS));
    ptrdiff_t i = 0;
    for (; i + PARTS <= pixels; i += PARTS, src += channels * PARTS) {
        for (int k = 0; k < channels * PARTS; k++) part[k][src[k]]++;
    }
    for (; i < pixels; i++, src += channels) {
        for (int c = 0; c < channels; c++) part[c][src[c]]++;
    }
    for (int k = 0; k < channels * PARTS; k++) {
        for (int v = 0; v < 256; v++) counts[256 * (k % channels) + v] += part[k][v];
    }
}

EXPORT void histogram_u8(const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, u64 *counts) {
    memset(counts, 0, (size_t)(channels * 256) * sizeof(u64));
    for (ptrdiff_t at = 0; at < pixels; at += STRETCH) {
        const ptrdiff_t n = pixels - at < STRETCH ? pixels - at : STRETCH;
        const u8 *from = src + at * channels;
        if (channels == 1) count_few(from, n, 1, counts);
        else if (channels == 2) count_few(from, n, 2, counts);
        else if (channels == 3) count_few(from, n, 3, counts);
        else if (channels == 4) count_few(from, n, 4, counts);
        else
            for (ptrdiff_t i = 0; i < n; i++) {
                for (ptrdiff_t c = 0; c < channels; c++) counts[256 * c + *from++]++;
            }
    }
}

EXPORT void histogram_u16(const u16 *src, ptrdiff_t pixels, ptrdiff_t channels, u64 *counts) {
    memset(counts, 0, (size_t)(channels * 65536) * sizeof(u64));
    for (ptrdiff_t i = 0; i < pixels; i++) {
        for (ptrdiff_t c = 0; c < channels; c++) counts[65536 * c + *src++]++;
    }
}

/* Columns of 64 pixels, summed down the image; 257 bytes fit into 16 bits. */
INLINE void sum_few(const u8 *src, ptrdiff_t pixels, const int channels, u64 *sums) {
    const int width = 64 * channels;
    while (pixels >= 64) {
        u16 column[64 * FEW] = {0};
        for (int times = 0; times < 257 && pixels >= 64; times++, pixels -= 64, src += width) {
            for (int k = 0; k < width; k++) column[k] += src[k];
        }
        for (int k = 0; k < width; k++) sums[k % channels] += column[k];
    }
    for (ptrdiff_t k = 0; k < pixels * channels; k++) sums[k % channels] += src[k];
}

EXPORT void sums_u8(const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, u64 *sums) {
    memset(sums, 0, (size_t)channels * sizeof(u64));
    if (channels == 1) sum_few(src, pixels, 1, sums);
    else if (channels == 2) sum_few(src, pixels, 2, sums);
    else if (channels == 3) sum_few(src, pixels, 3, sums);
    else if (channels == 4) sum_few(src, pixels, 4, sums);
    else
        for (ptrdiff_t i = 0; i < pixels; i++, src += channels) {
            for (ptrdiff_t c = 0; c < channels; c++) sums[c] += src[c];
        }
}

INLINE void extremes_few(const u8 *src, ptrdiff_t pixels, const int channels, u8 *extremes) {
    const int width = 64 * channels;
    u8 least[64 * FEW], most[64 * FEW];
    memset(least, 255, sizeof least);
    memset(most, 0, sizeof most);
    ptrdiff_t i = 0;
    for (; i + 64 <= pixels; i += 64, src += width) {
        for (int k = 0; k < width; k++) {
            least[k] = src[k] < least[k] ? src[k] : least[k];
            most[k] = src[k] > most[k] ? src[k] : most[k];
        }
    }
    for (int k = 0; k < (pixels - i) * channels; k++) {
        least[k] = src[k] < least[k] ? src[k] : least[k];
        most[k] = src[k] > most[k] ? src[k] : most[k];
    }
    for (int k = 0; k < width; k++) {
        u8 *of = extremes + 2 * (k % channels);
        of[0] = least[k] < of[0] ? least[k] : of[0];
        of[1] = most[k] > of[1] ? most[k] : of[1];
    }
}

EXPORT void extremes_u8(const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, u8 *extremes) {
    for (ptrdiff_t c = 0; c < channels; c++) {
        extremes[2 * c] = 255;
        extremes[2 * c + 1] = 0;
    }
    if (channels == 1) extremes_few(src, pixels, 1, extremes);
    else if (channels == 2) extremes_few(src, pixels, 2, extremes);
    else if (channels == 3) extremes_few(src, pixels, 3, extremes);
    else if (channels == 4) extremes_few(src, pixels, 4, extremes);
    else
        for (ptrdiff_t i = 0; i < pixels; i++, src += channels) {
            for (ptrdiff_t c = 0; c < channels; c++) {
                u8 *of = extremes + 2 * c;
                of[0] = src[c] < of[0] ? src[c] : of[0];
                of[1] = src[c] > of[1] ? src[c] : of[1];
            }
        }
}

#if defined(SUMS_LOOKED_UP)

INLINE __m512i sum_of_eight(__m512i sums, __m512i x) {
    return _mm512_add_epi64(sums, _mm512_sad_epu8(x, _mm512_setzero_si512()));
}

/* 16-bit tables as two of bytes; sums of the upper and of the lower bytes. */
void sums_looked_up(const u8 *src, ptrdiff_t pixels, const u16 *tables, ptrdiff_t rows, u64 *sums) {
    u8 low[3][256], high[3][256];
    for (ptrdiff_t c = 0; c < rows; c++) {
        for (int v = 0; v < 256; v++) {
            low[c][v] = (u8)tables[256 * c + v];
            high[c][v] = (u8)(tables[256 * c + v] >> 8);
        }
    }
    __m512i lows[3] = {{0}, {0}, {0}}, highs[3] = {{0}, {0}, {0}};
    byte_planes p;
    ptrdiff_t at = 0;
    for (; at + BLOCK <= pixels; at += BLOCK) {
        apart(src + 3 * at, BLOCK, &p);
        const u8 *planes[3] = {p.r, p.g, p.b};
        for (int c = 0; c < 3; c++) {
            const held l = hold(low[rows > 1 ? c : 0]), h = hold(high[rows > 1 ? c : 0]);
            for (int i = 0; i < BLOCK; i += 64) {
                const __m512i x = _mm512_loadu_si512(planes[c] + i);
                lows[c] = sum_of_eight(lows[c], looked(l, x));
                highs[c] = sum_of_eight(highs[c], looked(h, x));
            }
        }
    }
    for (int c = 0; c < 3; c++) {
        sums[c] = (u64)_mm512_reduce_add_epi64(lows[c]);
        sums[c] += 256 * (u64)_mm512_reduce_add_epi64(highs[c]);
        const u16 *table = tables + (rows > 1 ? 256 * c : 0);
        for (ptrdiff_t i = at; i < pixels; i++) sums[c] += table[src[3 * i + c]];
    }
}

#endif
