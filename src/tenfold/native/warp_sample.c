/* A block of pixels of any type and number of channels, beyond the source's border too. */
#include "warp.h"

/* The taps of one axis: indices (-1 beyond a constant border) and weights. */
typedef struct {
    ptrdiff_t index[4];
    float weight[4];
} Taps;

INLINE void taps_of(
    Taps *taps, ptrdiff_t from, float place, ptrdiff_t size, int border, int interpolation
) {
    if (interpolation == NEAREST) {
        taps->index[0] =
            warp_inside(from + (ptrdiff_t)__builtin_floorf(place + 0.5f), size, border);
        return;
    }
    const float below = __builtin_floorf(place), f = place - below;
    const ptrdiff_t first = from + (ptrdiff_t)below;
    if (interpolation == LINEAR) {
        taps->weight[0] = 1.0f - f;
        taps->weight[1] = f;
        for (int k = 0; k < 2; k++) taps->index[k] = warp_inside(first + k, size, border);
        return;
    }
    /* Keys 1981 with a = -0.75, as OpenCV has it. */
    const float g = 1.0f - f;
    taps->weight[0] = -0.75f * f * g * g;
    taps->weight[3] = -0.75f * g * f * f;
    taps->weight[1] = (1.25f * f - 2.25f) * f * f + 1.0f;
    taps->weight[2] = 1.0f - taps->weight[0] - taps->weight[1] - taps->weight[3];
    for (int k = 0; k < 4; k++) taps->index[k] = warp_inside(first - 1 + k, size, border);
}

INLINE float value_at(const u8 *pixel, ptrdiff_t channel, int type) {
    if (type == TYPE_U8) return (float)pixel[channel];
    if (type == TYPE_U16) return (float)((const u16 *)(const void *)pixel)[channel];
    return ((const float *)(const void *)pixel)[channel];
}

INLINE void put(u8 *pixel, ptrdiff_t channel, int type, float value) {
    if (type == TYPE_F32) {
        ((float *)(void *)pixel)[channel] = value;
        return;
    }
    const float most = type == TYPE_U8 ? 255.0f : 65535.0f;
    value += 0.5f;
    value = value > 0 ? value : 0;
    value = value < most ? value : most;
    if (type == TYPE_U8) pixel[channel] = (u8)value;
    else ((u16 *)(void *)pixel)[channel] = (u16)value;
}

INLINE void sample(
    const Source *source, const Points *points, const int interpolation, const int type, u8 *target
) {
    const ptrdiff_t channels = source->channels, size = channels << type;
    const int count = interpolation == NEAREST ? 1 : interpolation == LINEAR ? 2 : 4;
    for (ptrdiff_t k = 0; k < points->n; k++, target += size) {
        Taps across, down;
        taps_of(&across, points->x, points->u[k], source->width, source->border, interpolation);
        taps_of(&down, points->y, points->v[k], source->height, source->border, interpolation);
        const u8 *pixels[4][4];
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count; j++) {
                const ptrdiff_t y = down.index[i], x = across.index[j];
                pixels[i][j] =
                    x < 0 || y < 0 ? source->beyond : source->data + (y * source->width + x) * size;
            }
        if (interpolation == NEAREST) {
            for (ptrdiff_t c = 0; c < size; c += (ptrdiff_t)1 << type)
                __builtin_memcpy(target + c, pixels[0][0] + c, (size_t)1 << type);
            continue;
        }
        for (ptrdiff_t c = 0; c < channels; c++) {
            float sum = 0;
            for (int i = 0; i < count; i++) {
                float along = 0;
                for (int j = 0; j < count; j++)
                    along += across.weight[j] * value_at(pixels[i][j], c, type);
                sum += down.weight[i] * along;
            }
            put(target, c, type, sum);
        }
    }
}

void warp_sample(const Source *source, const Points *points, int interpolation, u8 *target) {
#define EACH(TYPE)                                                                      \
    case TYPE:                                                                          \
        if (interpolation == NEAREST) sample(source, points, NEAREST, TYPE, target);    \
        else if (interpolation == LINEAR) sample(source, points, LINEAR, TYPE, target); \
        else sample(source, points, CUBIC, TYPE, target);                               \
        break;
    switch (source->type) {
        EACH(TYPE_U8)
        EACH(TYPE_U16)
        EACH(TYPE_F32)
    default:
        sample(source, points, NEAREST, TYPE_8_BYTES, target);
    }
}
