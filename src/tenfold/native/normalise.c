/* The last pass before training: value * scale + offset as float, channels mixed or one by one. */
#include "planes.h"

#define FEW 4
#define PERIOD 16 /* pixels after which a row of scales begins again where a register does */

INLINE float normal(float x, float by, float plus) { return x * by + plus; }

#define NORMALISE(name, type)                                                                 \
    INLINE void name##_one(                                                                   \
        const type *restrict src, ptrdiff_t n, float by, float plus, float *restrict dst      \
    ) {                                                                                       \
        for (ptrdiff_t i = 0; i < n; i++) dst[i] = normal((float)src[i], by, plus);           \
    }                                                                                         \
                                                                                              \
    INLINE void name##_mixed(                                                                 \
        const type *restrict src, ptrdiff_t pixels, const int channels, const float *scale,   \
        const float *offset, float *restrict dst                                              \
    ) {                                                                                       \
        float by[PERIOD * FEW], plus[PERIOD * FEW];                                           \
        const int width = PERIOD * channels;                                                  \
        for (int k = 0; k < width; k++) {                                                     \
            by[k] = scale[k % channels];                                                      \
            plus[k] = offset[k % channels];                                                   \
        }                                                                                     \
        ptrdiff_t i = 0;                                                                      \
        for (; i + PERIOD <= pixels; i += PERIOD, src += width, dst += width) {               \
            for (int k = 0; k < width; k++) dst[k] = normal((float)src[k], by[k], plus[k]);   \
        }                                                                                     \
        for (int k = 0; k < (pixels - i) * channels; k++) {                                   \
            dst[k] = normal((float)src[k], by[k], plus[k]);                                   \
        }                                                                                     \
    }                                                                                         \
                                                                                              \
    INLINE void name##_strided(                                                               \
        const type *restrict src, ptrdiff_t pixels, ptrdiff_t channels, const float *scale,   \
        const float *offset, int planar, float *restrict dst                                  \
    ) {                                                                                       \
        for (ptrdiff_t c = 0; c < channels; c++) {                                            \
            float *to = dst + (planar ? c * pixels : c);                                      \
            const ptrdiff_t step = planar ? 1 : channels;                                     \
            for (ptrdiff_t i = 0; i < pixels; i++) {                                          \
                to[i * step] = normal((float)src[i * channels + c], scale[c], offset[c]);     \
            }                                                                                 \
        }                                                                                     \
    }                                                                                         \
                                                                                              \
    EXPORT void name(                                                                         \
        const type *src, ptrdiff_t pixels, ptrdiff_t channels, const float *scale,            \
        const float *offset, int planar, float *dst                                           \
    ) {                                                                                       \
        if (channels == 1) name##_one(src, pixels, scale[0], offset[0], dst);                 \
        else if (!planar && channels == 2) name##_mixed(src, pixels, 2, scale, offset, dst);  \
        else if (!planar && channels == 3) name##_mixed(src, pixels, 3, scale, offset, dst);  \
        else if (!planar && channels == 4) name##_mixed(src, pixels, 4, scale, offset, dst);  \
        else if (planar && channels == 3) name##_three(src, pixels, scale, offset, dst);      \
        else name##_strided(src, pixels, channels, scale, offset, planar, dst);               \
    }

#define THREE(name, type)                                                                     \
    INLINE void name##_three(                                                                 \
        const type *restrict src, ptrdiff_t pixels, const float *scale, const float *offset,  \
        float *restrict dst                                                                   \
    ) {                                                                                       \
        const float by[3] = {scale[0], scale[1], scale[2]};                                   \
        const float plus[3] = {offset[0], offset[1], offset[2]};                              \
        float *restrict r = dst, *restrict g = dst + pixels, *restrict b = dst + 2 * pixels;  \
        for (ptrdiff_t i = 0; i < pixels; i++) {                                              \
            r[i] = normal((float)src[3 * i], by[0], plus[0]);                                 \
            g[i] = normal((float)src[3 * i + 1], by[1], plus[1]);                             \
            b[i] = normal((float)src[3 * i + 2], by[2], plus[2]);                             \
        }                                                                                     \
    }

INLINE void normalise_u8_three(
    const u8 *src, ptrdiff_t pixels, const float *scale, const float *offset, float *restrict dst
) {
    byte_planes p;
    for (ptrdiff_t at = 0; at < pixels; at += BLOCK) {
        const ptrdiff_t n = pixels - at < BLOCK ? pixels - at : BLOCK;
        apart(src + 3 * at, n, &p);
        const u8 *planes[3] = {p.r, p.g, p.b};
        for (int c = 0; c < 3; c++) {
            const float by = scale[c], plus = offset[c];
            float *restrict to = dst + c * pixels + at;
            for (ptrdiff_t i = 0; i < n; i++) to[i] = normal(planes[c][i], by, plus);
        }
    }
}

THREE(normalise_u16, u16)
THREE(normalise_f32, float)

NORMALISE(normalise_u8, u8)
NORMALISE(normalise_u16, u16)
NORMALISE(normalise_f32, float)
