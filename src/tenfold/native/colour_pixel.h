/* What happens to one pixel's red, green and blue; loops over it become vectors. */
#ifndef TENFOLD_COLOUR_PIXEL_H
#define TENFOLD_COLOUR_PIXEL_H

#include "common.h"

typedef struct {
    float r, g, b;
} rgb;

/* (3, 4): what red, green, blue are made of. */
typedef struct {
    float m[12];
} affine;

/* What a pass does between its tables. */
typedef struct {
    const affine *first, *second; /* in the image's own units; or NULL */
    float turn;                   /* of hue, in sixths of a circle, 1 to 7; 0 for none */
    float low, high;
} mixing;

INLINE float within(float x, float low, float high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

INLINE rgb clipped(rgb x, float low, float high) {
    return (rgb){within(x.r, low, high), within(x.g, low, high), within(x.b, low, high)};
}

INLINE rgb mixed(rgb x, const affine *by) {
    const float *m = by->m;
    return (rgb){
        m[0] * x.r + m[1] * x.g + m[2] * x.b + m[3],
        m[4] * x.r + m[5] * x.g + m[6] * x.b + m[7],
        m[8] * x.r + m[9] * x.g + m[10] * x.b + m[11],
    };
}

/* Hue turned in Smith's hexcone; the greatest and the least of the three stay. In sixths of a circle
 * hue is 0 at red, 2 at green, 4 at blue; a primary is full up to a distance of 1 from its own hue
 * and gone from 2 on. All hues are held times the chroma, so that nothing is divided. */
INLINE rgb turned(rgb x, float turn) {
    const float rg = x.r > x.g ? x.r : x.g, most = rg > x.b ? rg : x.b;
    const float low = x.r < x.g ? x.r : x.g, least = low < x.b ? low : x.b;
    const float chroma = most - least, twice = chroma + chroma, thrice = twice + chroma;
    const int red = x.r == most, green = x.g == most;
    const float difference = red ? x.g - x.b : green ? x.b - x.r : x.r - x.g;
    const float base = red ? turn : green ? turn + 2 : turn + 4;
    float hue = chroma * base + difference;
    hue -= hue >= 2 * thrice ? 2 * thrice : 0; /* it was 0 to 12 */
    return (rgb){
        most - within(twice - __builtin_fabsf(hue - thrice), 0, chroma),
        most - within(__builtin_fabsf(hue - twice) - chroma, 0, chroma),
        most - within(__builtin_fabsf(hue - 2 * twice) - chroma, 0, chroma),
    };
}

#endif
