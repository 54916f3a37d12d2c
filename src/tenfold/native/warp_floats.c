/* Blocks of pixels of any type by linear or cubic interpolation in float32, and by nearest
 * neighbour: first where all taps of a block lie, then pixel by pixel. */
#include "warp.h"

typedef float Four __attribute__((ext_vector_type(4)));

typedef struct {
    int32_t x[BLOCK], y[BLOCK]; /* the first tap of two */
    float fx[BLOCK], fy[BLOCK];
} Work;

INLINE Four four_at(const u8 *from, const int type) {
    if (type == TYPE_U8) {
        typedef u8 Raw __attribute__((ext_vector_type(4)));
        Raw raw;
        __builtin_memcpy(&raw, from, 4);
        return __builtin_convertvector(raw, Four);
    }
    if (type == TYPE_U16) {
        typedef u16 Raw __attribute__((ext_vector_type(4)));
        Raw raw;
        __builtin_memcpy(&raw, from, 8);
        return __builtin_convertvector(raw, Four);
    }
    Four raw;
    __builtin_memcpy(&raw, from, 16);
    return raw;
}

INLINE float one_at(const u8 *from, ptrdiff_t c, const int type) {
    if (type == TYPE_U8) return (float)from[c];
    if (type == TYPE_U16) return (float)((const u16 *)(const void *)from)[c];
    return ((const float *)(const void *)from)[c];
}

INLINE void put(u8 *to, ptrdiff_t c, const int type, float value) {
    if (type == TYPE_F32) {
        ((float *)(void *)to)[c] = value;
        return;
    }
    const float most = type == TYPE_U8 ? 255.0f : 65535.0f;
    value += 0.5f;
    value = value > 0 ? value : 0;
    value = value < most ? value : most;
    if (type == TYPE_U8) to[c] = (u8)(int)value;
    else ((u16 *)(void *)to)[c] = (u16)(int)value;
}

/* Keys 1981 with a = -0.75, as OpenCV has it. */
INLINE void cubic_weights(float f, float w[4]) {
    const float g = 1.0f - f;
    w[0] = -0.75f * f * g * g;
    w[3] = -0.75f * g * f * f;
    w[1] = (1.25f * f - 2.25f) * f * f + 1.0f;
    w[2] = 1.0f - w[0] - w[1] - w[3];
}

/* One pixel whose taps all lie inside; `from` is the first one. */
INLINE void inner_pixel(
    const u8 *from, ptrdiff_t stride, float fx, float fy, const ptrdiff_t channels, const int type,
    const int count, u8 *to
) {
    float wx[4] = {1.0f - fx, fx, 0, 0}, wy[4] = {1.0f - fy, fy, 0, 0};
    if (count == 4) {
        cubic_weights(fx, wx);
        cubic_weights(fy, wy);
    }
    const ptrdiff_t size = channels << type;
    if (channels == 3 || channels == 4) {
        Four sum = 0;
        for (int i = 0; i < count; i++) {
            Four along = 0;
            for (int j = 0; j < count; j++)
                along += four_at(from + i * stride + j * size, type) * wx[j];
            sum += along * wy[i];
        }
        for (ptrdiff_t c = 0; c < channels; c++) put(to, c, type, sum[c]);
        return;
    }
    for (ptrdiff_t c = 0; c < channels; c++) {
        float sum = 0;
        for (int i = 0; i < count; i++) {
            float along = 0;
            for (int j = 0; j < count; j++)
                along += one_at(from + i * stride + j * size, c, type) * wx[j];
            sum += along * wy[i];
        }
        put(to, c, type, sum);
    }
}

INLINE void block(
    const Source *source, const Points *points, const Work *work, const ptrdiff_t channels,
    const int type, const int count, u8 *target
) {
    const ptrdiff_t size = channels << type, stride = source->width * size;
    const ptrdiff_t before = count == 4 ? 1 : 0;
    /* Four channels are read at a time: not beyond the last row but one's end. */
    const ptrdiff_t last_x = source->width - count,
                    last_y = source->height - count - (channels == 3);
    for (ptrdiff_t k = 0; k < points->n; k++, target += size) {
        const ptrdiff_t x = work->x[k] - before, y = work->y[k] - before;
        if (x < 0 || y < 0 || x > last_x || y > last_y) {
            const int out =
                x + count <= 0 || x >= source->width || y + count <= 0 || y >= source->height;
            if (out && source->border == CONSTANT) {
                for (ptrdiff_t b = 0; b < size; b++) target[b] = source->beyond[b];
                continue;
            }
            const Points one = {
                .u = {work->fx[k]},
                .v = {work->fy[k]},
                .x = x + before,
                .y = y + before,
                .n = 1,
            };
            warp_sample(source, &one, count == 4 ? CUBIC : LINEAR, target);
            continue;
        }
        inner_pixel(
            source->data + y * stride + x * size, stride, work->fx[k], work->fy[k], channels, type,
            count, target
        );
    }
}

/* First taps and fractions; for a reflecting border, and for linear interpolation at an edge that
 * is repeated, those of the place inside that looks the same. */
INLINE void place(
    const float *restrict from, ptrdiff_t n, int32_t origin, ptrdiff_t side, const int border,
    int32_t *restrict at, float *restrict f
) {
    const int32_t last = (int32_t)side - 2;
    for (ptrdiff_t start = 0; start < n; start += LANES)
        for (int j = 0; j < LANES; j++) {
            const ptrdiff_t k = start + j;
            const float below = __builtin_floorf(from[k]);
            float part = from[k] - below;
            int32_t tap = origin + (int32_t)below;
            if (border == REFLECT) {
                part = tap < 0 ? 1.0f - part : part;
                tap = tap < 0 ? ~tap : tap;
                part = tap > last ? 1.0f - part : part;
                tap = tap > last ? 2 * last + 1 - tap : tap;
            } else if (border == EDGE) {
                part = tap < 0 ? 0.0f : tap > last ? 1.0f : part;
                tap = tap < 0 ? 0 : tap > last ? last : tap;
            }
            at[k] = tap;
            f[k] = part;
        }
}

static void place_by(
    const float *from, ptrdiff_t n, float least, float most, ptrdiff_t origin, ptrdiff_t side,
    int border, int count, int32_t *at, float *f
) {
    const ptrdiff_t low = origin + (ptrdiff_t)__builtin_floorf(least);
    const ptrdiff_t high = origin + (ptrdiff_t)__builtin_floorf(most);
    const int inside = low >= 0 && high < side - 1;
    if (!inside && border == REFLECT && side > 1 && low > -side && high < 2 * side - 2)
        place(from, n, (int32_t)origin, side, REFLECT, at, f);
    else if (!inside && border == EDGE && side > 1 && count == 2)
        place(from, n, (int32_t)origin, side, EDGE, at, f);
    else place(from, n, (int32_t)origin, side, CONSTANT, at, f);
}

INLINE void block_of(
    const Source *source, const Points *points, const Work *work, const int type, const int count,
    u8 *target
) {
    switch (source->channels) {
    case 1:
        block(source, points, work, 1, type, count, target);
        break;
    case 3:
        block(source, points, work, 3, type, count, target);
        break;
    case 4:
        block(source, points, work, 4, type, count, target);
        break;
    default:
        block(source, points, work, source->channels, type, count, target);
    }
}

void warp_sample_floats(const Source *source, const Points *points, int interpolation, u8 *target) {
    const ptrdiff_t far = 1 << 29, x = points->x, y = points->y;
    if (x < -far || x > far || y < -far || y > far) {
        warp_sample(source, points, interpolation, target);
        return;
    }
    Work work;
    const int count = interpolation == CUBIC ? 4 : 2, border = source->border;
    place_by(
        points->u, points->n, points->least_u, points->most_u, x, source->width, border, count,
        work.x, work.fx
    );
    place_by(
        points->v, points->n, points->least_v, points->most_v, y, source->height, border, count,
        work.y, work.fy
    );
#define EACH(TYPE)                                                        \
    case TYPE:                                                            \
        if (count == 4) block_of(source, points, &work, TYPE, 4, target); \
        else block_of(source, points, &work, TYPE, 2, target);            \
        break;
    switch (source->type) {
        EACH(TYPE_U8)
        EACH(TYPE_U16)
        EACH(TYPE_F32)
    }
}

INLINE void nearest(
    const Source *source, const Points *points, const ptrdiff_t size, u8 *restrict target
) {
    const ptrdiff_t width = source->width, height = source->height;
    int32_t x[BLOCK], y[BLOCK];
    for (ptrdiff_t k = 0; k < points->n; k++) {
        x[k] = (int32_t)points->x + (int32_t)__builtin_floorf(points->u[k] + 0.5f);
        y[k] = (int32_t)points->y + (int32_t)__builtin_floorf(points->v[k] + 0.5f);
    }
    const float low_u = __builtin_floorf(points->least_u),
                low_v = __builtin_floorf(points->least_v);
    const float high_u = __builtin_floorf(points->most_u) + 1,
                high_v = __builtin_floorf(points->most_v) + 1;
    const int inside = points->x + (ptrdiff_t)low_u >= 0 && points->y + (ptrdiff_t)low_v >= 0 &&
                       points->x + (ptrdiff_t)high_u < width &&
                       points->y + (ptrdiff_t)high_v < height;
    for (ptrdiff_t k = 0; k < points->n; k++) {
        const u8 *from;
        if (inside) {
            from = source->data + (y[k] * width + x[k]) * size;
        } else {
            const ptrdiff_t i = warp_inside(y[k], height, source->border);
            const ptrdiff_t j = warp_inside(x[k], width, source->border);
            from = i < 0 || j < 0 ? source->beyond : source->data + (i * width + j) * size;
        }
        for (ptrdiff_t b = 0; b < size; b++) target[k * size + b] = from[b];
    }
}

void warp_sample_nearest(const Source *source, const Points *points, u8 *target) {
    const ptrdiff_t far = 1 << 29, x = points->x, y = points->y;
    const ptrdiff_t size = source->channels << source->type;
    if (x < -far || x > far || y < -far || y > far) warp_sample(source, points, NEAREST, target);
    else if (size == 1) nearest(source, points, 1, target);
    else if (size == 2) nearest(source, points, 2, target);
    else if (size == 3) nearest(source, points, 3, target);
    else if (size == 4) nearest(source, points, 4, target);
    else nearest(source, points, size, target);
}
