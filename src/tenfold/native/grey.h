/* The grey of a block of bytes. */
#ifndef TENFOLD_GREY_H
#define TENFOLD_GREY_H

#include "planes.h"
#include "registers.h"

/* Shares of red, green and blue in 65536ths, which sum to that. */
typedef struct {
    u16 r, g, b;
} shares;

static const shares bt601 = {19595, 38470, 7471};

/* A sum in 256ths of a level, each part of it rounded down, rounded to a level. Greys stay. */
INLINE words grey_words(words r, words g, words b, shares of) {
    const words of_r = times_high(r * 256, of.r), of_g = times_high(g * 256, of.g);
    return (of_r + of_g + times_high(b * 256, of.b) + 129) / 256;
}

INLINE void grey_plane(const byte_planes *p, shares of, u8 *to) {
    for (int i = 0; i < BLOCK; i += WIDTH) {
        const bytes r = load_bytes(p->r + i), g = load_bytes(p->g + i), b = load_bytes(p->b + i);
        const words low = grey_words(low_words(r), low_words(g), low_words(b), of);
        const words high = grey_words(high_words(r), high_words(g), high_words(b), of);
        store_bytes(to + i, narrowed(low, high));
    }
}

#endif
