/* Smoothing of bytes by sixteen-bit integers. */
#ifndef TENFOLD_SMOOTH_H
#define TENFOLD_SMOOTH_H

#include "common.h"

#define SMOOTH_REACH 8

/* As `separable_u8` for symmetric factors that are nowhere negative, sum to 1 and reach no farther
 * than SMOOTH_REACH; else 0 is returned and nothing done. scratch: (width + size) * channels + 64. */
int smooth_u8(const u8 *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
              const float *factors, ptrdiff_t size, float low, float high, u16 *scratch, u8 *dst);

#endif
