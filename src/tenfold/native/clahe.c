/* Contrast-limited adaptive histogram equalisation of one plane of bytes. */
#include "grey.h"

/* Where row or column i of the padded plane lies: mirrored, the edge itself not repeated. */
INLINE ptrdiff_t mirrored(ptrdiff_t i, ptrdiff_t size) {
    if (size == 1) return 0;
    while (i >= size) {
        i = 2 * size - 2 - i;
        if (i < 0) i = -i;
    }
    return i;
}

/* The share of each tile's histogram that stays, and the mapping made of it: that of OpenCV. */
static void map_tile(u32 *counts, ptrdiff_t area, double limit, u8 *map) {
    const u32 most = (u32)(limit * (double)area / 256) > 1 ? (u32)(limit * (double)area / 256) : 1;
    u32 clipped = 0;
    for (int v = 0; v < 256; v++) {
        if (counts[v] > most) {
            clipped += counts[v] - most;
            counts[v] = most;
        }
    }
    const u32 each = clipped / 256;
    u32 left = clipped - each * 256;
    for (int v = 0; v < 256; v++) counts[v] += each;
    if (left) {
        const u32 step = 256 / left > 1 ? 256 / left : 1;
        for (u32 v = 0; v < 256 && left > 0; v += step, left--) counts[v]++;
    }
    const float scale = 255.0f / (float)area;
    u32 sum = 0;
    for (int v = 0; v < 256; v++) {
        sum += counts[v];
        const float x = (float)sum * scale + 12582912.0f;
        u32 bits;
        memcpy(&bits, &x, sizeof bits);
        bits &= 0x3fffff;
        map[v] = (u8)(bits < 255 ? bits : 255);
    }
}

static void map_tiles(
    const u8 *src, ptrdiff_t height, ptrdiff_t width, double limit, ptrdiff_t tiles_y,
    ptrdiff_t tiles_x, ptrdiff_t tall, ptrdiff_t wide, u8 *maps
) {
    for (ptrdiff_t ty = 0; ty < tiles_y; ty++) {
        for (ptrdiff_t tx = 0; tx < tiles_x; tx++) {
            u32 part[4][256];
            memset(part, 0, sizeof part);
            const ptrdiff_t left = tx * wide;
            ptrdiff_t inside = width - left < wide ? width - left : wide;
            if (inside < 0) inside = 0;
            for (ptrdiff_t y = ty * tall; y < (ty + 1) * tall; y++) {
                const u8 *row = src + mirrored(y, height) * width;
                ptrdiff_t x = 0;
                for (; x + 4 <= inside; x += 4) {
                    for (int k = 0; k < 4; k++) part[k][row[left + x + k]]++;
                }
                for (; x < wide; x++) part[0][row[mirrored(left + x, width)]]++;
            }
            for (int v = 0; v < 256; v++) part[0][v] += part[1][v] + part[2][v] + part[3][v];
            map_tile(part[0], tall * wide, limit, maps + 256 * (ty * tiles_x + tx));
        }
    }
}

INLINE ptrdiff_t kept_within(ptrdiff_t i, ptrdiff_t most) {
    return i < 0 ? 0 : i > most ? most : i;
}

/* Centres of tiles before a place, -1 before the first; and how far it is past the last of them. */
INLINE ptrdiff_t centre_before(ptrdiff_t x, float per_tile) {
    return (ptrdiff_t)__builtin_floorf((float)x * per_tile - 0.5f);
}

/* The four mappings round a cell between centres, next to each other: one look-up for all. */
static void join(const u8 *upper, const u8 *lower, ptrdiff_t left, ptrdiff_t right, u32 *joint) {
    for (int v = 0; v < 256; v++) {
        joint[v] = upper[256 * left + v] | (u32)upper[256 * right + v] << 8
            | (u32)lower[256 * left + v] << 16 | (u32)lower[256 * right + v] << 24;
    }
}

INLINE void blend(
    const u8 *restrict src, ptrdiff_t first, ptrdiff_t last, const u32 *restrict joint,
    float per_tile, float before, float wy, u8 *restrict dst
) {
    for (int x = (int)first; x < (int)last; x++) {
        const float wx = (float)x * per_tile - 0.5f - before;
        const u32 four = joint[src[x]];
        const float a = (float)(int)(four & 255), b = (float)(int)(four >> 8 & 255);
        const float c = (float)(int)(four >> 16 & 255), d = (float)(int)(four >> 24);
        const float found = (a * (1 - wx) + b * wx) * (1 - wy) + (c * (1 - wx) + d * wx) * wy;
        const float sum = found + 12582912.0f; /* rounded half to even, in the low bits */
        u32 bits;
        memcpy(&bits, &sum, sizeof bits);
        dst[x] = (u8)bits;
    }
}

EXPORT void clahe_plane(
    const u8 *src, ptrdiff_t height, ptrdiff_t width, double limit, ptrdiff_t tiles_y,
    ptrdiff_t tiles_x, u8 *maps, u8 *dst
) {
    const ptrdiff_t tall = (height + tiles_y - 1) / tiles_y, wide = (width + tiles_x - 1) / tiles_x;
    map_tiles(src, height, width, limit, tiles_y, tiles_x, tall, wide, maps);
    u32 *joint = (u32 *)(maps + 256 * tiles_y * tiles_x);
    const float down = 1.0f / (float)tall, across = 1.0f / (float)wide;
    ptrdiff_t joined = -2;
    for (ptrdiff_t y = 0; y < height; y++) {
        const ptrdiff_t row = centre_before(y, down);
        if (row != joined) {
            const u8 *upper = maps + 256 * tiles_x * kept_within(row, tiles_y - 1);
            const u8 *lower = maps + 256 * tiles_x * kept_within(row + 1, tiles_y - 1);
            for (ptrdiff_t k = 0; k <= tiles_x; k++) {
                const ptrdiff_t left = kept_within(k - 1, tiles_x - 1);
                join(upper, lower, left, kept_within(k, tiles_x - 1), joint + 256 * k);
            }
            joined = row;
        }
        const float wy = (float)y * down - 0.5f - (float)row;
        for (ptrdiff_t x = 0; x < width;) {
            const ptrdiff_t column = centre_before(x, across);
            ptrdiff_t end = kept_within((column + 1) * wide + wide / 2, width); /* or near it */
            while (end > x + 1 && centre_before(end - 1, across) > column) end--;
            while (end < width && centre_before(end, across) == column) end++;
            const u32 *four = joint + 256 * (column + 1);
            blend(src + y * width, x, end, four, across, (float)column, wy, dst + y * width);
            x = end;
        }
    }
}

EXPORT void luma_u8(const u8 *src, ptrdiff_t pixels, u8 *dst) {
    byte_planes p = {0};
    for (ptrdiff_t at = 0; at < pixels; at += BLOCK) {
        const ptrdiff_t n = pixels - at < BLOCK ? pixels - at : BLOCK;
        apart(src + 3 * at, n, &p);
        grey_plane(&p, bt601, p.r);
        memcpy(dst + at, p.r, (size_t)n);
    }
}

INLINE u8 moved(u8 x, int by) {
    const int to = x + by;
    return (u8)(to < 0 ? 0 : to > 255 ? 255 : to);
}

EXPORT void follow_luma_u8(
    const u8 *src, ptrdiff_t pixels, const u8 *before, const u8 *after, u8 *dst
) {
    byte_planes p;
    for (ptrdiff_t at = 0; at < pixels; at += BLOCK) {
        const ptrdiff_t n = pixels - at < BLOCK ? pixels - at : BLOCK;
        apart(src + 3 * at, n, &p);
        for (ptrdiff_t i = 0; i < n; i++) {
            const int by = after[at + i] - before[at + i];
            p.r[i] = moved(p.r[i], by);
            p.g[i] = moved(p.g[i], by);
            p.b[i] = moved(p.b[i], by);
        }
        together(&p, n, dst + 3 * at);
    }
}
