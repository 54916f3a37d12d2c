/* Blocks of uint8 pixels with one to four channels by linear interpolation, in whole numbers.
 *
 * Three passes over a block, each simple enough for vectors: offsets and weights (14 bits of
 * fraction, four weights whose sum is one), loads (both pixels of a row at once), sums. */
#include "warp_sums.h"

typedef struct {
    int32_t first, side; /* of the block's origin; pixels along the axis */
    float origin;        /* its place relative to the points' */
} Line;

/* First tap and weights along one axis. */
INLINE int32_t tap(Line line, float place, const int border, int32_t *wa, int32_t *wb) {
    const int32_t q = (int32_t)((place - line.origin) * (float)ONE + 0.5f);
    int32_t at = line.first + (q >> BITS), f = q & (ONE - 1);
    const int32_t last = line.side - 2;
    if (border == REFLECT) {
        f = at < 0 ? ONE - f : f;
        at = at < 0 ? ~at : at;
        f = at > last ? ONE - f : f;
        at = at > last ? 2 * last + 1 - at : at;
    } else if (border == EDGE) {
        f = at < 0 ? 0 : at > last ? ONE : f;
        at = at < 0 ? 0 : at > last ? last : at;
    } else if (border == CONSTANT) {
        *wa = at >= 0 && at <= last ? ONE - f : at == -1 ? f : 0;
        *wb = at >= 0 && at <= last ? f : at == last + 1 ? ONE - f : 0;
        return at < 0 ? 0 : at > last ? last : at;
    }
    *wa = ONE - f;
    *wb = f;
    return at;
}

INLINE void place(
    const Points *points, int from, int end, Line across, Line down, int32_t stride,
    const int32_t channels, const int border, Work *restrict work
) {
    for (int start = from; start < end; start += LANES)
        for (int j = 0; j < LANES; j++) {
            const int k = start + j;
            int32_t xa, xb, ya, yb;
            const int32_t x = tap(across, points->u[k], border, &xa, &xb);
            const int32_t y = tap(down, points->v[k], border, &ya, &yb);
            work->offset[k] = y * stride + x * channels;
            const int32_t both = (xb * yb + HALF) >> BITS;
            int32_t right = xb - both, lower = yb - both, first = ONE - xb - lower;
            if (border == CONSTANT) {
                first = (xa * ya + HALF) >> BITS;
                right = (xb * ya + HALF) >> BITS;
                lower = (xa * yb + HALF) >> BITS;
                work->rest[k] = ONE - first - right - lower - both;
            }
            work->top[k] = (u32)(first | right << 16);
            work->low[k] = (u32)(lower | both << 16);
        }
}

INLINE u64 bytes_at(const u8 *there, const int channels) {
    u64 eight;
    u32 four;
    u16 two;
    if (channels >= 3) return __builtin_memcpy(&eight, there, 8), eight;
    if (channels == 2) return __builtin_memcpy(&four, there, 4), four;
    return __builtin_memcpy(&two, there, 2), two;
}

typedef u64 Pair __attribute__((vector_size(16), aligned(8)));

/* Two pixels at a time into a pair: quicker than a gather instruction, and half the stores. */
INLINE void load(const u8 *base, ptrdiff_t stride, int n, const int channels, Work *restrict work) {
    const u8 *next = base + stride;
    for (int k = 0; k < n; k += 2) {
        const ptrdiff_t a = work->offset[k], b = work->offset[k + 1];
        *(Pair *)(work->above + k) =
            (Pair){bytes_at(base + a, channels), bytes_at(base + b, channels)};
        *(Pair *)(work->below + k) =
            (Pair){bytes_at(next + a, channels), bytes_at(next + b, channels)};
    }
}

/* One channel: all four neighbours in a word. */
INLINE void load_words(const u8 *base, ptrdiff_t stride, int n, Work *restrict work) {
    const u8 *next = base + stride;
#pragma clang loop vectorize(disable) unroll_count(4)
    for (int k = 0; k < n; k++) {
        const ptrdiff_t at = work->offset[k];
        work->word[k] = (u32)bytes_at(base + at, 1) | (u32)bytes_at(next + at, 1) << 16;
    }
}

/* The same for three channels near the source's end, `spare` bytes on: a load that would go beyond
 * it starts earlier. */
INLINE void load_carefully(
    const u8 *base, ptrdiff_t spare, ptrdiff_t stride, int n, Work *restrict work
) {
    for (int k = 0; k < n; k++) {
        const ptrdiff_t at = work->offset[k], early = at + stride + 8 > spare ? 2 : 0;
        work->above[k] = bytes_at(base + at, 3);
        work->below[k] = bytes_at(base + at + stride - early, 3) >> 8 * early;
    }
}

INLINE void put_plainly(
    const Work *work, int n, const int channels, const int border, const u8 *beyond, u8 *target
) {
    u32 pixels[BLOCK];
    for (int start = 0; start < n; start += LANES)
        for (int j = 0; j < LANES; j++) {
            const int k = start + j;
            const int32_t w00 = work->top[k] & 0xffff, w01 = work->top[k] >> 16;
            const int32_t w10 = work->low[k] & 0xffff, w11 = work->low[k] >> 16;
            const u64 above = channels == 1 ? work->word[k] : work->above[k];
            const u64 below = channels == 1 ? work->word[k] >> 16 : work->below[k];
            const u32 p00 = (u32)above, p01 = (u32)(above >> 8 * channels);
            const u32 p10 = (u32)below, p11 = (u32)(below >> 8 * channels);
            u32 packed = 0;
            for (int c = 0; c < channels; c++) {
                int32_t sum =
                    (int32_t)(p00 >> 8 * c & 255) * w00 + (int32_t)(p01 >> 8 * c & 255) * w01 +
                    (int32_t)(p10 >> 8 * c & 255) * w10 + (int32_t)(p11 >> 8 * c & 255) * w11;
                if (border == CONSTANT) sum += work->rest[k] * beyond[c];
                packed |= (u32)(sum + HALF) >> BITS << 8 * c;
            }
            pixels[k] = packed;
        }
    for (int k = 0; k < n; k++)
        for (int c = 0; c < channels; c++) target[k * channels + c] = (u8)(pixels[k] >> 8 * c);
}

INLINE void block(
    const Source *source, const Points *points, Line across, Line down, const u8 *base,
    const int channels, const int border, int careful, u8 *target
) {
    Work work;
    const ptrdiff_t stride = source->width * channels;
    const int n = (int)points->n, lanes = (n + LANES - 1) / LANES * LANES;
#if defined(__AVX512VBMI__)
    if (channels >= 3 && !(careful && channels == 3)) {
        /* Places of the next pixels are made while these are loaded. */
        for (int k = 0; k < lanes + LANES; k += LANES) {
            if (k < lanes)
                place(points, k, k + LANES, across, down, (int32_t)stride, channels, border, &work);
            if (k < LANES) continue;
            const Near near = near_at(base, stride, work.offset + k - LANES);
            put_sums(&work, k - LANES, n, near, channels, border, source->beyond, target);
        }
        return;
    }
#endif
    place(points, 0, lanes, across, down, (int32_t)stride, channels, border, &work);
    if (careful && channels == 3)
        load_carefully(base, source->data + source->height * stride - base, stride, lanes, &work);
    else if (channels == 1) load_words(base, stride, lanes, &work);
    else load(base, stride, lanes, channels, &work);
#if defined(__AVX512VBMI__)
    if (channels >= 3) {
        for (int k = 0; k < n; k += LANES) {
            Near near;
            __builtin_memcpy(near.above, work.above + k, sizeof near.above);
            __builtin_memcpy(near.below, work.below + k, sizeof near.below);
            put_sums(&work, k, n, near, channels, border, source->beyond, target);
        }
        return;
    }
#endif
    put_plainly(&work, n, channels, border, source->beyond, target);
}

INLINE void block_of(
    const Source *source, const Points *points, Line across, Line down, const u8 *base,
    const int border, int careful, u8 *target
) {
    switch (source->channels) {
    case 1:
        block(source, points, across, down, base, 1, border, careful, target);
        break;
    case 2:
        block(source, points, across, down, base, 2, border, careful, target);
        break;
    case 3:
        block(source, points, across, down, base, 3, border, careful, target);
        break;
    default:
        block(source, points, across, down, base, 4, border, careful, target);
    }
}

static void fill(u8 *target, ptrdiff_t n, ptrdiff_t channels, const u8 *pixel) {
    for (ptrdiff_t k = 0; k < n; k++)
        for (ptrdiff_t c = 0; c < channels; c++) *target++ = pixel[c];
}

int warp_sample_bytes(const Source *source, const Points *points, u8 *target) {
    const ptrdiff_t height = source->height, width = source->width;
    const ptrdiff_t stride = width * source->channels;
    if (source->type != TYPE_U8 || source->channels > 4 || height < 2 || width < 2) return 0;
    const float origin_u = __builtin_floorf(points->least_u),
                origin_v = __builtin_floorf(points->least_v);
    /* Places are rounded: to BITS bits, and as floats before that, the farther apart the more. */
    const float wide = points->most_u - points->least_u, tall = points->most_v - points->least_v;
    const double slack = 1.0 / ONE + (double)(wide > tall ? wide : tall) * 0x1p-22;
    const ptrdiff_t left = points->x + (ptrdiff_t)origin_u, top = points->y + (ptrdiff_t)origin_v;
    const ptrdiff_t right = points->x + (ptrdiff_t)__builtin_floor(points->most_u + slack);
    const ptrdiff_t low = points->y + (ptrdiff_t)__builtin_floor(points->most_v + slack);
    if ((low - top + 2) * stride > INT32_MAX) return 0;
    if (right - left > APART || low - top > APART) return 0;
    /* Whether anything looks at the last rows, reflected ones too. */
    const int careful = low > height - 3 || top < 4 - height;
    if (left >= 0 && top >= 0 && right < width - 1 && low < height - 1) {
        const Line across = {0, (int32_t)width, origin_u}, down = {0, (int32_t)height, origin_v};
        const u8 *base = source->data + top * stride + left * source->channels;
        block_of(source, points, across, down, base, NO_BORDER, careful, target);
        return 1;
    }
    if (height * stride > INT32_MAX) return 0;
    if (source->border == CONSTANT && (right < -1 || left >= width || low < -1 || top >= height)) {
        fill(target, points->n, source->channels, source->beyond);
        return 1;
    }
    const ptrdiff_t far = INT32_MAX / 2;
    if (left < -far || right > far || top < -far || low > far) return 0;
    const Line across = {(int32_t)left, (int32_t)width, origin_u};
    const Line down = {(int32_t)top, (int32_t)height, origin_v};
    switch (source->border) {
    case REFLECT:
        if (left <= -width || right >= 2 * width - 2 || top <= -height || low >= 2 * height - 2)
            return 0;
        block_of(source, points, across, down, source->data, REFLECT, careful, target);
        return 1;
    case EDGE:
        block_of(source, points, across, down, source->data, EDGE, careful, target);
        return 1;
    case CONSTANT:
        block_of(source, points, across, down, source->data, CONSTANT, careful, target);
        return 1;
    default:
        return 0;
    }
}
