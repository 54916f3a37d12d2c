/* Axis-aligned resampling in two steps: a few rows become one, then its pixels are put together.
 *
 * A source pixel's weight is the part of it that lies within a box about the target pixel's place,
 * as wide as a target pixel (or wider, if so asked), at least one source pixel. At that width it is
 * linear interpolation, beyond it the exact mean over the box. */
#include "resize_bytes.h"
#include "warp.h"

enum { SPARE = 64 }; /* bytes: a cache line */

typedef float Four __attribute__((vector_size(16), aligned(4)));

typedef u8 Bytes __attribute__((vector_size(4)));

typedef struct {
    double factor, shift, width; /* target place t looks at factor * t + shift */
    ptrdiff_t most;              /* taps of a target pixel */
} Axis;

typedef struct {
    Source source;
    u8 *target;
    ptrdiff_t target_height, target_width;
    Axis across, down;
    ptrdiff_t first, end; /* source columns that the row holds; may be beyond the picture */
    int32_t *starts;      /* of each target column's taps, in the row */
    float *weights;       /* (target_width, across.most) */
    float *whole;         /* all columns of the picture, if the border shows more than the row */
    float *row;           /* columns first to end */
} Resize;

static Axis axis_of(const double *line) {
    const double factor = __builtin_fabs(line[0]), least = line[2] > 1 ? line[2] : 1;
    const double width = factor > least ? factor : least;
    return (Axis){line[0], line[1], width, (ptrdiff_t)__builtin_ceil(width) + 1};
}

/* Source pixels of a target pixel and their weights; the number of those before which are 0. */
static ptrdiff_t taps(const Axis *axis, ptrdiff_t target, float *weights) {
    const double centre = axis->factor * ((double)target + 0.5) + axis->shift;
    const double left = centre - axis->width / 2, right = left + axis->width;
    const double first = __builtin_floor(left);
    for (ptrdiff_t k = 0; k < axis->most; k++) {
        const double at = first + (double)k;
        const double low = left > at ? left : at, high = right < at + 1 ? right : at + 1;
        weights[k] = high > low ? (float)((high - low) / axis->width) : 0.0f;
    }
    return (ptrdiff_t)first;
}

INLINE float value_at(const u8 *values, ptrdiff_t k, int type) {
    if (type == TYPE_U8) return (float)values[k];
    if (type == TYPE_U16) return (float)((const u16 *)(const void *)values)[k];
    return ((const float *)(const void *)values)[k];
}

INLINE void blend_as(
    const u8 *values, float weight, ptrdiff_t n, int fresh, float *restrict out, const int type
) {
    if (fresh)
        for (ptrdiff_t j = 0; j < n; j++) out[j] = weight * value_at(values, j, type);
    else
        for (ptrdiff_t j = 0; j < n; j++) out[j] += weight * value_at(values, j, type);
}

/* One row of the picture's columns from `first` to `end`, as floats: the target row's mean. */
static void blend(
    const Resize *r, ptrdiff_t target, float *weights, ptrdiff_t first, ptrdiff_t end, float *out
) {
    const Source *s = &r->source;
    const ptrdiff_t size = s->channels << s->type, n = (end - first) * s->channels;
    const ptrdiff_t top = taps(&r->down, target, weights);
    ptrdiff_t count = r->down.most;
    while (count > 1 && weights[count - 1] == 0) count--;
    const u8 *rows[FEW];
    int plain = s->type == TYPE_U8 && count <= FEW && count > 1;
    /* What the next rows need comes from memory meanwhile. */
    for (ptrdiff_t k = 1; k <= (ptrdiff_t)r->down.width + 1; k++) {
        const ptrdiff_t y = r->down.factor > 0 ? top + count - 1 + k : top - k;
        if (y < 0 || y >= s->height) break;
        const u8 *row = s->data + (y * s->width + first) * size;
        for (ptrdiff_t at = 0; at < (end - first) * size; at += SPARE)
            __builtin_prefetch(row + at, 0, 3);
    }
    for (ptrdiff_t k = 0; plain && k < count; k++) {
        const ptrdiff_t y = warp_inside(top + k, s->height, s->border);
        rows[k] = s->data + (y * s->width + first) * size;
        plain = y >= 0;
    }
    if (plain) {
        blend_bytes(rows, weights, count, n, out);
        return;
    }
    for (ptrdiff_t k = 0; k < count; k++) {
        const ptrdiff_t y = warp_inside(top + k, s->height, s->border);
        if (y < 0) {
            for (ptrdiff_t c = 0; c < s->channels; c++) {
                const float value = value_at(s->beyond, c, s->type) * weights[k];
                for (ptrdiff_t j = c; j < n; j += s->channels) out[j] = (k ? out[j] : 0) + value;
            }
            continue;
        }
        const u8 *values = s->data + (y * s->width + first) * size;
        if (s->type == TYPE_U8) blend_as(values, weights[k], n, k == 0, out, TYPE_U8);
        else if (s->type == TYPE_U16) blend_as(values, weights[k], n, k == 0, out, TYPE_U16);
        else blend_as(values, weights[k], n, k == 0, out, TYPE_F32);
    }
}

/* The row that the target row's pixels are put together from, its border filled in. */
static void fill(const Resize *r, ptrdiff_t target, float *weights) {
    const ptrdiff_t channels = r->source.channels, width = r->source.width;
    const ptrdiff_t low = r->first > 0 ? r->first : 0, high = r->end < width ? r->end : width;
    if (r->whole) blend(r, target, weights, 0, width, r->whole);
    if (low < high) blend(r, target, weights, low, high, r->row + (low - r->first) * channels);
    for (ptrdiff_t x = r->first; x < r->end; x++) {
        if (x == low && low < high) x = high;
        if (x == r->end) break;
        const ptrdiff_t from = warp_inside(x, width, r->source.border);
        float *to = r->row + (x - r->first) * channels;
        const float *there = r->whole ? r->whole + from * channels : to + (from - x) * channels;
        for (ptrdiff_t c = 0; c < channels; c++)
            to[c] = from < 0 ? value_at(r->source.beyond, c, r->source.type) : there[c];
    }
}

/* Whether the border shows columns that the row doesn't hold otherwise. */
static int shows_more(const Resize *r) {
    const ptrdiff_t width = r->source.width;
    for (ptrdiff_t x = r->first; x < r->end; x++) {
        if (x == 0 && r->end > 0) x = width;
        if (x >= r->end) break;
        const ptrdiff_t from = warp_inside(x, width, r->source.border);
        if (from >= 0 && (from < r->first || from >= r->end)) return 1;
    }
    return 0;
}

INLINE void put(u8 *pixel, ptrdiff_t channel, int type, float value) {
    if (type == TYPE_U8) pixel[channel] = (u8)(int)(value + 0.5f);
    else if (type == TYPE_U16) ((u16 *)(void *)pixel)[channel] = (u16)(int)(value + 0.5f);
    else ((float *)(void *)pixel)[channel] = value;
}

INLINE void gather(
    const Resize *r, u8 *restrict to, const ptrdiff_t channels, const ptrdiff_t most, const int type
) {
    const float *restrict row = r->row, *restrict weights = r->weights;
    const int32_t *restrict starts = r->starts;
    const ptrdiff_t size = channels << type;
    if (channels == 3 || channels == 4) {
        for (ptrdiff_t x = 0; x < r->target_width; x++, to += size, weights += most) {
            const float *from = row + starts[x] * channels;
            Four sum = *(const Four *)from * weights[0];
            for (ptrdiff_t k = 1; k < most; k++)
                sum += *(const Four *)(from + k * channels) * weights[k];
            if (type == TYPE_U8 && x < r->target_width - 1) { /* a byte more, written over next */
                const Bytes four = __builtin_convertvector(sum + 0.5f, Bytes);
                __builtin_memcpy(to, &four, 4);
                continue;
            }
            for (ptrdiff_t c = 0; c < channels; c++) put(to, c, type, sum[c]);
        }
        return;
    }
    for (ptrdiff_t x = 0; x < r->target_width; x++, to += size, weights += most) {
        const float *from = row + starts[x] * channels;
        for (ptrdiff_t c = 0; c < channels; c++) {
            float sum = 0;
            for (ptrdiff_t k = 0; k < most; k++) sum += from[k * channels + c] * weights[k];
            put(to, c, type, sum);
        }
    }
}

/* The same for a picture that is shifted but not scaled: all pixels have the same weights. */
INLINE void slide(const Resize *r, u8 *restrict to, const int type) {
    const ptrdiff_t channels = r->source.channels, most = r->across.most;
    const ptrdiff_t n = r->target_width * channels;
    enum { CHUNK = 64 };
    ptrdiff_t at = 0;
    for (; at + CHUNK <= n; at += CHUNK) {
        float sum[CHUNK];
        for (int j = 0; j < CHUNK; j++) sum[j] = r->row[at + j] * r->weights[0];
        for (ptrdiff_t k = 1; k < most; k++) {
            const float *from = r->row + at + k * channels;
            const float weight = r->weights[k];
            for (int j = 0; j < CHUNK; j++) sum[j] += from[j] * weight;
        }
        for (int j = 0; j < CHUNK; j++) put(to, at + j, type, sum[j]);
    }
    for (; at < n; at++) {
        float sum = r->row[at] * r->weights[0];
        for (ptrdiff_t k = 1; k < most; k++) sum += r->row[at + k * channels] * r->weights[k];
        put(to, at, type, sum);
    }
}

INLINE void gather_type(const Resize *r, u8 *to, const int type) {
    const ptrdiff_t channels = r->source.channels, most = r->across.most;
    if (r->across.factor == 1) slide(r, to, type);
    else if (channels == 3 && most == 2) gather(r, to, 3, 2, type);
    else if (channels == 3 && most == 3) gather(r, to, 3, 3, type);
    else if (channels == 3 && most == 4) gather(r, to, 3, 4, type);
    else if (channels == 3) gather(r, to, 3, most, type);
    else if (channels == 1) gather(r, to, 1, most, type);
    else if (channels == 4) gather(r, to, 4, most, type);
    else gather(r, to, channels, most, type);
}

/* Number of source columns that a row holds at most. */
static ptrdiff_t reach(const Axis *axis, ptrdiff_t target) {
    return (ptrdiff_t)(__builtin_fabs(axis->factor) * (double)target) + axis->most + 3;
}

INLINE ptrdiff_t part(ptrdiff_t bytes) { return (bytes + 2 * SPARE - 1) / SPARE * SPARE; }

EXPORT ptrdiff_t tenfold_resize_scratch(
    ptrdiff_t width, ptrdiff_t channels, ptrdiff_t target_width, const double *across,
    const double *down
) {
    const Axis x = axis_of(across), y = axis_of(down);
    const ptrdiff_t row = reach(&x, target_width) * channels, whole = width * channels;
    return part(4 * target_width) + part(4 * target_width * x.most) + part(4 * y.most) +
           part(4 * row) + part(4 * whole);
}

EXPORT void tenfold_resize(
    const void *source, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, int type,
    void *target, ptrdiff_t target_height, ptrdiff_t target_width, const double *across,
    const double *down, int border, const void *beyond, void *scratch
) {
    Resize r = {
        .source = {source, height, width, channels, type, border, beyond},
        .target = target,
        .target_height = target_height,
        .target_width = target_width,
        .across = axis_of(across),
        .down = axis_of(down),
    };
    u8 *there = scratch;
    r.starts = (int32_t *)(void *)there;
    there += part(4 * target_width);
    r.weights = (float *)(void *)there;
    there += part(4 * target_width * r.across.most);
    float *weights = (float *)(void *)there;
    there += part(4 * r.down.most);
    r.row = (float *)(void *)there;
    there += part(4 * reach(&r.across, target_width) * channels);

    /* The leftmost and the rightmost target pixel reach farthest. */
    float *columns = r.weights;
    const ptrdiff_t one = taps(&r.across, 0, columns);
    const ptrdiff_t other = taps(&r.across, target_width - 1, columns);
    r.first = one < other ? one : other;
    r.end = (one < other ? other : one) + r.across.most;
    for (ptrdiff_t x = 0; x < target_width; x++)
        r.starts[x] = (int32_t)(taps(&r.across, x, columns + x * r.across.most) - r.first);
    if (shows_more(&r)) r.whole = (float *)(void *)there;
    for (int k = 0; k < 4; k++) r.row[(r.end - r.first) * channels + k] = 0;

    for (ptrdiff_t y = 0; y < target_height; y++) {
        fill(&r, y, weights);
        u8 *to = r.target + y * target_width * (channels << type);
        if (type == TYPE_U8) gather_type(&r, to, TYPE_U8);
        else if (type == TYPE_U16) gather_type(&r, to, TYPE_U16);
        else gather_type(&r, to, TYPE_F32);
    }
}
