/* What is counted and summed over a whole image, a channel at a time. */
#ifndef TENFOLD_HISTOGRAM_H
#define TENFOLD_HISTOGRAM_H

#include "common.h"

void histogram_u8(const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, u64 *counts);
void histogram_u16(const u16 *src, ptrdiff_t pixels, ptrdiff_t channels, u64 *counts);
void sums_u8(const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, u64 *sums);
void extremes_u8(const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, u8 *extremes);

/* Sums of the three channels' values in tables of 16 bits (rows, 256): where that is quicker than a
 * histogram. */
#if defined(__AVX512VBMI__)
#define SUMS_LOOKED_UP 1
void sums_looked_up(const u8 *src, ptrdiff_t pixels, const u16 *tables, ptrdiff_t rows, u64 *sums);
#endif

#endif
