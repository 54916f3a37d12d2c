/* Correlation of bytes by sixteen-bit integers. */
#ifndef TENFOLD_TAPS_H
#define TENFOLD_TAPS_H

#include "common.h"

/* As `correlate_u8` for kernels of few different numbers that aren't too large; else 0 is returned
 * and nothing done. scratch: rows * ((width + columns) * channels + 64). */
int correlate_words(const u8 *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                    const float *kernel, ptrdiff_t rows, ptrdiff_t columns, float low, float high,
                    u8 *scratch, u8 *dst);

#endif
