/* Colours of bytes mixed, a block of pixels at a time.
 *
 * Between two steps they are held in 128ths of a level. */
#ifndef TENFOLD_COLOUR_BYTES_H
#define TENFOLD_COLOUR_BYTES_H

#include "colour_pixel.h"
#include "grey.h"
#include "registers.h"
#include "planes.h"

#define PARTS 128

typedef struct {
    u16 r[BLOCK], g[BLOCK], b[BLOCK];
} deep_planes;

typedef struct {
    words r, g, b;
} deep;

/* A matrix made ready. Where a channel differs from the others in the share of itself only, as when
 * colours get paler or stronger, the rest is computed once for all three. */

typedef struct {
    int shared;
    float row[3][4], own[3]; /* if shared, only the first row, and the own shares beyond it */
} mixer;

INLINE mixer made_ready(const affine *by, float linear, float offset) {
    mixer out;
    const float *m = by->m;
    for (int i = 0; i < 12; i++) out.row[i / 4][i % 4] = m[i] * (i % 4 == 3 ? offset : linear);
    const int shared =
        m[4] == m[8] && m[1] == m[9] && m[2] == m[6] && m[3] == m[7] && m[3] == m[11];
    const float other[3] = {out.row[1][0], out.row[0][1], out.row[0][2]};
    for (int c = 0; c < 3; c++) out.own[c] = out.row[c][c] - other[c];
    out.shared = shared;
    if (shared) out.row[0][0] = other[0];
    return out;
}

typedef struct {
    floats low, high;
} wide; /* the floats of a register of words */

INLINE wide widened(words x) { return (wide){low_floats(x), high_floats(x)}; }

INLINE wide sum_of(wide r, wide g, wide b, const float *row) {
    return (wide){
        row[0] * r.low + row[1] * g.low + row[2] * b.low + row[3],
        row[0] * r.high + row[1] * g.high + row[2] * b.high + row[3],
    };
}

INLINE wide with_own(wide sum, wide x, float own) {
    return (wide){sum.low + own * x.low, sum.high + own * x.high};
}

/* Rounded and kept within low and high. */
INLINE words settled(wide x, u16 low, u16 high) {
    return MIN(MAX(nearest_words(x.low, x.high), (words){0} + low), (words){0} + high);
}

INLINE deep mixed_words(deep x, const mixer *by, const int shared, u16 low, u16 high) {
    const wide r = widened(x.r), g = widened(x.g), b = widened(x.b);
    const wide sum = sum_of(r, g, b, by->row[0]);
    if (shared) {
        return (deep){
            settled(with_own(sum, r, by->own[0]), low, high),
            settled(with_own(sum, g, by->own[1]), low, high),
            settled(with_own(sum, b, by->own[2]), low, high),
        };
    }
    return (deep){
        settled(sum, low, high),
        settled(sum_of(r, g, b, by->row[1]), low, high),
        settled(sum_of(r, g, b, by->row[2]), low, high),
    };
}

INLINE deep deep_at(const deep_planes *p, int i) {
    return (deep){load_words(p->r + i), load_words(p->g + i), load_words(p->b + i)};
}

INLINE void store_deep(deep_planes *p, int i, deep x) {
    store_words(p->r + i, x.r);
    store_words(p->g + i, x.g);
    store_words(p->b + i, x.b);
}

INLINE void widened_at(const byte_planes *p, int i, deep *low, deep *high) {
    const bytes r = load_bytes(p->r + i), g = load_bytes(p->g + i), b = load_bytes(p->b + i);
    *low = (deep){low_words(r), low_words(g), low_words(b)};
    *high = (deep){high_words(r), high_words(g), high_words(b)};
}

INLINE void store_narrowed(byte_planes *p, int i, deep low, deep high) {
    store_bytes(p->r + i, narrowed(low.r, high.r));
    store_bytes(p->g + i, narrowed(low.g, high.g));
    store_bytes(p->b + i, narrowed(low.b, high.b));
}

INLINE void mix_bytes_as(byte_planes *p, const mixer by, const int shared, u16 low, u16 high) {
    for (int i = 0; i < BLOCK; i += WIDTH) {
        deep x, y;
        widened_at(p, i, &x, &y);
        x = mixed_words(x, &by, shared, low, high);
        y = mixed_words(y, &by, shared, low, high);
        store_narrowed(p, i, x, y);
    }
}

INLINE void mix_to_deep_as(
    const byte_planes *p, const mixer by, const int shared, u16 low, u16 high, deep_planes *to
) {
    for (int i = 0; i < BLOCK; i += WIDTH) {
        deep x, y;
        widened_at(p, i, &x, &y);
        store_deep(to, i, mixed_words(x, &by, shared, low, high));
        store_deep(to, i + WIDTH / 2, mixed_words(y, &by, shared, low, high));
    }
}

INLINE void mix_to_bytes_as(
    const deep_planes *p, const mixer by, const int shared, u16 low, u16 high, byte_planes *to
) {
    for (int i = 0; i < BLOCK; i += WIDTH) {
        const deep x = mixed_words(deep_at(p, i), &by, shared, low, high);
        const deep y = mixed_words(deep_at(p, i + WIDTH / 2), &by, shared, low, high);
        store_narrowed(to, i, x, y);
    }
}

static void mix_bytes(byte_planes *p, const mixer *by, u16 low, u16 high) {
    if (by->shared) mix_bytes_as(p, *by, 1, low, high);
    else mix_bytes_as(p, *by, 0, low, high);
}

static void mix_to_deep(const byte_planes *p, const mixer *by, u16 low, u16 high, deep_planes *to) {
    if (by->shared) mix_to_deep_as(p, *by, 1, low, high, to);
    else mix_to_deep_as(p, *by, 0, low, high, to);
}

static void mix_to_bytes(
    const deep_planes *p, const mixer *by, u16 low, u16 high, byte_planes *to
) {
    if (by->shared) mix_to_bytes_as(p, *by, 1, low, high, to);
    else mix_to_bytes_as(p, *by, 0, low, high, to);
}

static void deepen(const byte_planes *p, deep_planes *to) {
    for (int i = 0; i < BLOCK; i += WIDTH) {
        deep x, y;
        widened_at(p, i, &x, &y);
        store_deep(to, i, (deep){x.r * PARTS, x.g * PARTS, x.b * PARTS});
        store_deep(to, i + WIDTH / 2, (deep){y.r * PARTS, y.g * PARTS, y.b * PARTS});
    }
}

INLINE deep flattened(deep x) {
    return (deep){(x.r + PARTS / 2) / PARTS, (x.g + PARTS / 2) / PARTS, (x.b + PARTS / 2) / PARTS};
}

static void flatten(const deep_planes *p, byte_planes *to) {
    for (int i = 0; i < BLOCK; i += WIDTH) {
        store_narrowed(to, i, flattened(deep_at(p, i)), flattened(deep_at(p, i + WIDTH / 2)));
    }
}

/* Hue turned by less than a sixth (by / 65536) towards y. In terms of the greatest channel M, the
 * next N and the one after it P, a pixel is (N - P) / chroma past M's hue. What is added to that
 * makes N grow up to 1, and then M shrink up to 2. */
INLINE void turn_little(
    const u16 *x, const u16 *y, const u16 *z, u16 by, u16 *to_x, u16 *to_y, u16 *to_z
) {
    for (int i = 0; i < BLOCK; i += WIDTH / 2) {
        const words r = load_words(x + i), g = load_words(y + i), b = load_words(z + i);
        const words most = MAX(MAX(r, g), b), least = MIN(MIN(r, g), b), chroma = most - least;
        const words red = (words)(r == most), green = (words)(g == most);
        const words next = CHOSEN(red, g, CHOSEN(green, b, r));
        const words last = CHOSEN(red, b, CHOSEN(green, r, g));
        const words past = LESS(next, last), before = LESS(last, next);
        const words more = times_high(chroma, by), beyond = LESS(more + past, before);
        const words m = most - LESS(beyond, chroma);
        const words n = least + MIN(beyond, chroma);
        const words p = least + LESS(before, more);
        store_words(to_x + i, CHOSEN(red, m, CHOSEN(green, p, n)));
        store_words(to_y + i, CHOSEN(red, n, CHOSEN(green, m, p)));
        store_words(to_z + i, CHOSEN(red, p, CHOSEN(green, n, m)));
    }
}

/* Any turn: whole thirds of the circle are other channels, and what is left is little. */
static void turn_planes(const deep_planes *x, float turn, deep_planes *to) {
    const int thirds = (int)(turn * 0.5f + 0.5f);
    const float rest = turn - 2 * (float)thirds;
    u16 *out[3] = {to->r, to->g, to->b};
    u16 *r = out[thirds % 3], *g = out[(thirds + 1) % 3], *b = out[(thirds + 2) % 3];
    const int parts = (int)(__builtin_fabsf(rest) * 65536 + 0.5f);
    const u16 by = (u16)(parts < 65535 ? parts : 65535);
    if (rest < 0) turn_little(x->r, x->b, x->g, by, r, b, g);
    else turn_little(x->r, x->g, x->b, by, r, g, b);
}

static void clip_bytes(byte_planes *p, int low, int high) {
    u8 *planes[3] = {p->r, p->g, p->b};
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < BLOCK; i += WIDTH) {
            const bytes x = MAX(load_bytes(planes[c] + i), (bytes){0} + (u8)low);
            store_bytes(planes[c] + i, MIN(x, (bytes){0} + (u8)high));
        }
    }
}

/* Whether all channels of a result are the same mean of the channels, and of what shares. */
static int makes_grey(const affine *by, shares *of) {
    const float *m = by->m;
    for (int i = 0; i < 4; i++) {
        if (m[i] != m[4 + i] || m[i] != m[8 + i]) return 0;
    }
    const float r = m[0], g = m[1], b = m[2], sum = r + g + b;
    if (!(r >= 0 && g >= 0 && b >= 0 && g < 1 && m[3] == 0)) return 0;
    if (!(sum > 0.999999f && sum < 1.000001f && r < 1 && b < 1)) return 0;
    of->r = (u16)(r * 65536 + 0.5f);
    of->b = (u16)(b * 65536 + 0.5f);
    of->g = (u16)(65536 - of->r - of->b);
    return of->g > 0;
}

/* All of a block, whatever lies beyond the last pixel. */
static void colour_block(byte_planes *p, const mixing *m) {
    const u16 low = (u16)(m->low + 0.5f), high = (u16)(m->high + 0.5f);
    const u16 deep_low = low * PARTS, deep_high = high * PARTS;
    const int deep_between = m->turn != 0 || (m->first && m->second);
    if (low > 0 || high < 255) clip_bytes(p, low, high);
    if (!deep_between) {
        const affine *only = m->first ? m->first : m->second;
        if (!only) return;
        shares of;
        if (low == 0 && high == 255 && makes_grey(only, &of)) {
            grey_plane(p, of, p->r);
            memcpy(p->g, p->r, BLOCK);
            memcpy(p->b, p->r, BLOCK);
            return;
        }
        const mixer by = made_ready(only, 1, 1);
        mix_bytes(p, &by, low, high);
        return;
    }
    deep_planes x, y;
    if (m->first) {
        const mixer by = made_ready(m->first, PARTS, PARTS);
        mix_to_deep(p, &by, deep_low, deep_high, &x);
    } else {
        deepen(p, &x);
    }
    if (m->turn != 0) turn_planes(&x, m->turn, &y);
    const deep_planes *z = m->turn != 0 ? &y : &x;
    if (m->second) {
        const mixer by = made_ready(m->second, 1.0f / PARTS, 1);
        mix_to_bytes(z, &by, low, high, p);
    } else {
        flatten(z, p);
    }
}

#endif
