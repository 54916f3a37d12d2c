/* Colours mixed: table, matrix, hue, matrix, table in one pass, a block of pixels at a time. */
#include "colour_bytes.h"
#include "table.h"

/* Added to 0..2^22, a float's last place is 1: rounded half to even, and the low bits are the
 * number. */
#define FLOAT_ROUNDER 12582912.0f

INLINE u32 whole(float x) {
    const float sum = x + FLOAT_ROUNDER;
    u32 bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits & 0x3fffff;
}

#define WITH_KNOWN(what, ...)                                \
    switch (what) {                                           \
    case 1: { const int known = 1; __VA_ARGS__; } break;             \
    case 2: { const int known = 2; __VA_ARGS__; } break;             \
    case 3: { const int known = 3; __VA_ARGS__; } break;             \
    case 4: { const int known = 4; __VA_ARGS__; } break;             \
    case 5: { const int known = 5; __VA_ARGS__; } break;             \
    case 6: { const int known = 6; __VA_ARGS__; } break;             \
    case 7: { const int known = 7; __VA_ARGS__; } break;             \
    default: break;                                           \
    }

INLINE int what_of(const mixing *m) {
    return (m->first ? 1 : 0) | (m->turn != 0 ? 2 : 0) | (m->second ? 4 : 0);
}

INLINE void look_up_planes(byte_planes *p, const u8 *tables, ptrdiff_t rows) {
    look_up(p->r, BLOCK, tables, p->r);
    look_up(p->g, BLOCK, tables + (rows > 1 ? 256 : 0), p->g);
    look_up(p->b, BLOCK, tables + (rows > 1 ? 512 : 0), p->b);
}

/* Planes of the next block; all of it is computed, whatever lies beyond the last pixel. */
INLINE void colour_next(
    const u8 *src, ptrdiff_t n, const u8 *before, ptrdiff_t before_rows, const mixing *m,
    const u8 *after, ptrdiff_t after_rows, byte_planes *p
) {
    apart(src, n, p);
    if (before) look_up_planes(p, before, before_rows);
    colour_block(p, m);
    if (after) look_up_planes(p, after, after_rows);
}

EXPORT void colour_u8(
    const u8 *src, ptrdiff_t pixels, const u8 *before, ptrdiff_t before_rows, const float *first,
    float turn, const float *second, float low, float high, const u8 *after, ptrdiff_t after_rows,
    u8 *dst
) {
    const mixing m = {(const affine *)first, (const affine *)second, turn, low, high};
    byte_planes p = {0};
    for (ptrdiff_t at = 0; at < pixels; at += BLOCK) {
        const ptrdiff_t n = pixels - at < BLOCK ? pixels - at : BLOCK;
        colour_next(src + 3 * at, n, before, before_rows, &m, after, after_rows, &p);
        together(&p, n, dst + 3 * at);
    }
}

EXPORT void colour_planes_u8(
    const u8 *src, ptrdiff_t pixels, const u8 *before, ptrdiff_t before_rows, const float *first,
    float turn, const float *second, float low, float high, const u8 *after, ptrdiff_t after_rows,
    const float *scale, const float *offset, float *dst
) {
    const mixing m = {(const affine *)first, (const affine *)second, turn, low, high};
    byte_planes p = {0};
    for (ptrdiff_t at = 0; at < pixels; at += BLOCK) {
        const ptrdiff_t n = pixels - at < BLOCK ? pixels - at : BLOCK;
        colour_next(src + 3 * at, n, before, before_rows, &m, after, after_rows, &p);
        for (ptrdiff_t c = 0; c < 3; c++) {
            const u8 *from = c == 0 ? p.r : c == 1 ? p.g : p.b;
            float *restrict to = dst + c * pixels + at;
            for (ptrdiff_t i = 0; i < n; i++) to[i] = (float)from[i] * scale[c] + offset[c];
        }
    }
}

#define COLOUR(name, type, stored)                                                          \
    EXPORT void name(                                                                       \
        const type *src, ptrdiff_t pixels, const float *first, float turn, const float *second, \
        float low, float high, type *dst                                                    \
    ) {                                                                                     \
        const mixing m = {(const affine *)first, (const affine *)second, turn, low, high};  \
        WITH_KNOWN(what_of(&m), for (ptrdiff_t i = 0; i < pixels; i++) {                    \
            const type *p = src + 3 * i;                                                    \
            rgb x = clipped((rgb){p[0], p[1], p[2]}, low, high);                            \
            if (known & 1) x = clipped(mixed(x, m.first), low, high);                       \
            if (known & 2) x = turned(x, turn);                                             \
            if (known & 4) x = clipped(mixed(x, m.second), low, high);                      \
            dst[3 * i] = stored(x.r);                                                       \
            dst[3 * i + 1] = stored(x.g);                                                   \
            dst[3 * i + 2] = stored(x.b);                                                   \
        })                                                                                  \
    }

#define AS_U16(x) (u16) whole(x)
#define AS_IS(x) (x)
COLOUR(colour_u16, u16, AS_U16)
COLOUR(colour_f32, float, AS_IS)

#define MATRIX(name, type, stored)                                                          \
    INLINE void name##_of(                                                                  \
        const type *restrict src, ptrdiff_t pixels, const ptrdiff_t channels,               \
        const float *restrict matrix, float low, float high, type *restrict dst             \
    ) {                                                                                     \
        for (ptrdiff_t i = 0; i < pixels; i++, src += channels, dst += channels) {          \
            for (ptrdiff_t c = 0; c < channels; c++) {                                      \
                const float *row = matrix + c * (channels + 1);                             \
                float sum = 0;                                                              \
                for (ptrdiff_t k = 0; k < channels; k++) sum += row[k] * (float)src[k];     \
                dst[c] = stored(within(sum + row[channels], low, high));                    \
            }                                                                               \
        }                                                                                   \
    }                                                                                       \
                                                                                            \
    EXPORT void name(                                                                       \
        const type *src, ptrdiff_t pixels, ptrdiff_t channels, const float *matrix, float low, \
        float high, type *dst                                                               \
    ) {                                                                                     \
        if (channels == 1) name##_of(src, pixels, 1, matrix, low, high, dst);               \
        else if (channels == 2) name##_of(src, pixels, 2, matrix, low, high, dst);          \
        else if (channels == 4) name##_of(src, pixels, 4, matrix, low, high, dst);          \
        else name##_of(src, pixels, channels, matrix, low, high, dst);                      \
    }

#define AS_U8(x) (u8) whole(x)
MATRIX(matrix_u8, u8, AS_U8)
MATRIX(matrix_u16, u16, AS_U16)
MATRIX(matrix_f32, float, AS_IS)
