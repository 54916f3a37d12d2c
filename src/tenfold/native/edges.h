/* Rows and columns beyond the border. */
#ifndef TENFOLD_EDGES_H
#define TENFOLD_EDGES_H

#include "common.h"

/* Where `i` lies if the picture goes on mirrored without repeating its edge pixel. */
INLINE ptrdiff_t mirrored(ptrdiff_t i, ptrdiff_t length) {
    if (length == 1) return 0;
    const ptrdiff_t period = 2 * (length - 1);
    i %= period;
    if (i < 0) i += period;
    return i < length ? i : period - i;
}

INLINE ptrdiff_t clamped(ptrdiff_t i, ptrdiff_t length) {
    return i < 0 ? 0 : i < length ? i : length - 1;
}

/* Write the `reach` pixels to either side of a row, as `WHERE` (one of the above) says. */
#define EXTEND(row, width, channels, reach, WHERE)                                                   \
    for (ptrdiff_t j = 1; j <= (reach); j++) {                                                       \
        const ptrdiff_t left = WHERE(-j, width), right = WHERE((width)-1 + j, width);                \
        for (ptrdiff_t c = 0; c < (channels); c++) {                                                 \
            (row)[-j * (channels) + c] = (row)[left * (channels) + c];                               \
            (row)[((width)-1 + j) * (channels) + c] = (row)[right * (channels) + c];                 \
        }                                                                                            \
    }

#endif
