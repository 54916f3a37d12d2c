/* Power diagrams by looking up: for each point the nearest site and how far its cell's wall is.
 *
 * The power of a point with respect to a site is distance^2 - weight; a site's region is where its
 * power is the least (Aurenhammer, "Power diagrams", SIAM J. Comput. 16, 1987; with equal weights
 * Voronoi's). The wall between sites a and b is a plane at (power_b - power_a) / (2 |a - b|) from
 * the point. Sites of one owner have no walls between them.
 *
 * Points come as a picture, 4 x 4 of them together. Sites lie in cubic bins. From a tile's middle
 * outward bins are gone through until none further can matter to any of the tile's points. */
#include "lanes.h"

typedef int32_t counts __attribute__((vector_size(64)));

enum { SIDE = 4 };

typedef struct {
    const float *sites; /* (count, 4) x, y, z, weight, by bin */
    const int32_t *tags, *owners;
    const int64_t *starts, *shape; /* of bins (x, y, z), z the quickest */
    const float *frame;            /* low x, y, z, side of a bin, greatest weight */
    float reach, far;
} field;

typedef struct {
    lanes x, y, z;
    float middle[3], radius;
} tile;

INLINE float root(float value) { return __builtin_elementwise_sqrt(value > 0 ? value : 0); }

/* All that is known while bins are gone through: upper bounds of the least power of any point of
 * the tile, for the best owner and for another. */
typedef struct {
    float least, next;
    int32_t owner;
    ptrdiff_t found;
} bounds;

static const float NEVER = 3e38f;

/* The sites of bins (i, j, from..to) with this tag: listed, and bounds lowered. */
static void visit(const field *f, const tile *t, int32_t tag, int64_t i, int64_t j, int64_t from,
                  int64_t to, int32_t *list, float *away, bounds *b) {
    const int64_t row = (i * f->shape[1] + j) * f->shape[2];
    for (int64_t s = f->starts[row + from]; s < f->starts[row + to + 1]; s++) {
        if (f->tags[s] != tag) continue;
        const float *site = f->sites + 4 * s;
        const float x = site[0] - t->middle[0], y = site[1] - t->middle[1],
                    z = site[2] - t->middle[2];
        const float distance = root(x * x + y * y + z * z);
        if (distance - t->radius > f->far) continue;
        const float most = distance + t->radius, power = most * most - site[3];
        list[b->found] = (int32_t)s;
        away[b->found++] = distance;
        if (power < b->least) {
            if (f->owners[s] != b->owner) b->next = b->least;
            b->least = power;
            b->owner = f->owners[s];
        } else if (f->owners[s] != b->owner && power < b->next)
            b->next = power;
    }
}

/* Whether a site so far away with such a weight may matter to a point of the tile: as its nearest,
 * or by a wall within reach. */
INLINE int matters(const field *f, const tile *t, const bounds *b, float distance, float weight) {
    const float least = distance > t->radius ? distance - t->radius : 0;
    const float power = least * least - weight;
    const float own = t->radius + root(b->least + f->frame[4]);
    const float near = b->least + 2 * f->reach * (distance + own);
    return power <= (b->next < near ? near : b->next);
}

static ptrdiff_t gather(const field *f, const tile *t, int32_t tag, int32_t *list, float *away) {
    bounds b = {NEVER, NEVER, -1, 0};
    const float side = f->frame[3];
    int64_t bin[3];
    for (int k = 0; k < 3; k++) {
        const float at = (t->middle[k] - f->frame[k]) / side;
        bin[k] = !(at > 0) ? 0 : at < (float)f->shape[k] ? (int64_t)at : f->shape[k] - 1;
    }
    for (int64_t ring = 0;; ring++) {
        int64_t low[3], high[3];
        float covered = NEVER; /* all sites nearer than this have been seen */
        for (int k = 0; k < 3; k++) {
            low[k] = bin[k] - ring;
            high[k] = bin[k] + ring;
            const float below = t->middle[k] - (f->frame[k] + (float)low[k] * side);
            const float above = f->frame[k] + (float)(high[k] + 1) * side - t->middle[k];
            if (low[k] > 0 && below < covered) covered = below;
            if (high[k] < f->shape[k] - 1 && above < covered) covered = above;
        }
        for (int64_t i = low[0] < 0 ? 0 : low[0]; i <= high[0] && i < f->shape[0]; i++)
            for (int64_t j = low[1] < 0 ? 0 : low[1]; j <= high[1] && j < f->shape[1]; j++) {
                const int64_t from = low[2] < 0 ? 0 : low[2];
                const int64_t to = high[2] < f->shape[2] ? high[2] : f->shape[2] - 1;
                if (i == low[0] || i == high[0] || j == low[1] || j == high[1]) {
                    visit(f, t, tag, i, j, from, to, list, away, &b);
                    continue;
                }
                if (low[2] >= 0) visit(f, t, tag, i, j, low[2], low[2], list, away, &b);
                if (high[2] < f->shape[2] && ring)
                    visit(f, t, tag, i, j, high[2], high[2], list, away, &b);
            }
        if (covered - t->radius > f->far) break;
        if (b.least < NEVER && b.next < NEVER && covered > t->radius &&
            !matters(f, t, &b, covered, f->frame[4]))
            break;
    }
    ptrdiff_t kept = 0;
    for (ptrdiff_t i = 0; i < b.found; i++) {
        list[kept] = list[i];
        kept += matters(f, t, &b, away[i], f->sites[4 * list[i] + 3]);
    }
    return kept;
}

/* Bits of `b` where `mask`, else of `a`. */
#define PICK(mask, a, b) (((counts)(a) & ~(mask)) | ((counts)(b) & (mask)))

static void look_up(const field *f, const tile *t, const int32_t *list, ptrdiff_t found,
                    counts *nearest, lanes *power, counts *other, lanes *gap) {
    lanes best = {0}, x = best, y = best, z = best, wall = best;
    best += NEVER;
    wall += f->far;
    counts at = {0}, owner = {0}, across = {0};
    at -= 1, owner -= 1, across -= 1;
    for (ptrdiff_t i = 0; i < found; i++) {
        const float *site = f->sites + 4 * list[i];
        const lanes dx = t->x - site[0], dy = t->y - site[1], dz = t->z - site[2];
        const lanes value = dx * dx + dy * dy + dz * dz - site[3];
        const counts less = value < best, here = (counts){0} + list[i];
        best = (lanes)PICK(less, best, value);
        at = PICK(less, at, here);
        owner = PICK(less, owner, (counts){0} + f->owners[list[i]]);
        x = (lanes)PICK(less, x, (lanes){0} + site[0]);
        y = (lanes)PICK(less, y, (lanes){0} + site[1]);
        z = (lanes)PICK(less, z, (lanes){0} + site[2]);
    }
    for (ptrdiff_t i = 0; i < found; i++) {
        const float *site = f->sites + 4 * list[i];
        const lanes dx = t->x - site[0], dy = t->y - site[1], dz = t->z - site[2];
        const lanes value = dx * dx + dy * dy + dz * dz - site[3];
        const lanes ax = x - site[0], ay = y - site[1], az = z - site[2];
        const lanes apart = __builtin_elementwise_sqrt(ax * ax + ay * ay + az * az);
        const lanes distance = (value - best) / (2 * apart + 1e-20f);
        const counts less = (distance < wall) & (owner != f->owners[list[i]]);
        wall = (lanes)PICK(less, wall, distance);
        across = PICK(less, across, (counts){0} + list[i]);
    }
    *nearest = at, *power = best, *other = across, *gap = wall;
}

EXPORT void tenfold_nearest_sites(const float *points, ptrdiff_t height, ptrdiff_t width,
                                  const int32_t *wanted, const float *sites, const int32_t *tags,
                                  const int32_t *owners, const int64_t *starts,
                                  const int64_t *shape, const float *frame, float reach, float far,
                                  int32_t *list, float *away, int32_t *nearest, float *power,
                                  int32_t *other, float *gap) {
    const field f = {sites, tags, owners, starts, shape, frame, reach, far};
    const ptrdiff_t plane = height * width;
    for (ptrdiff_t top = 0; top < height; top += SIDE)
        for (ptrdiff_t left = 0; left < width; left += SIDE) {
            ptrdiff_t where[LANES];
            int32_t tag[LANES];
            int open = 0; /* bit by point: still to be done */
            for (int k = 0; k < LANES; k++) {
                const ptrdiff_t row = top + k / SIDE, column = left + k % SIDE;
                const int inside = row < height && column < width;
                where[k] = inside ? row * width + column : top * width + left;
                tag[k] = wanted ? wanted[where[k]] : 0;
                open |= inside << k;
            }
            while (open) {
                const int32_t now = tag[__builtin_ctz(open)];
                int some = 0;
                for (int k = 0; k < LANES; k++) some |= (tag[k] == now) << k;
                some &= open;
                open &= ~some;
                tile t;
                float at[3][LANES];
                const int first = __builtin_ctz(some);
                for (int axis = 0; axis < 3; axis++) {
                    float low = NEVER, high = -NEVER;
                    for (int k = 0; k < LANES; k++) {
                        const float v = points[axis * plane + where[some >> k & 1 ? k : first]];
                        at[axis][k] = v;
                        low = v < low ? v : low;
                        high = v > high ? v : high;
                    }
                    t.middle[axis] = (low + high) / 2;
                }
                t.radius = 0;
                for (int k = 0; k < LANES; k++) {
                    const float x = at[0][k] - t.middle[0], y = at[1][k] - t.middle[1],
                                z = at[2][k] - t.middle[2], square = x * x + y * y + z * z;
                    t.radius = square > t.radius ? square : t.radius;
                }
                t.radius = root(t.radius) * 1.0001f;
                get(at[0], &t.x), get(at[1], &t.y), get(at[2], &t.z);
                counts who, others;
                lanes least, wall;
                const ptrdiff_t found = now < 0 ? 0 : gather(&f, &t, now, list, away);
                look_up(&f, &t, list, found, &who, &least, &others, &wall);
                for (int k = 0; k < LANES; k++) {
                    if (!(some >> k & 1)) continue;
                    nearest[where[k]] = who[k];
                    power[where[k]] = least[k];
                    other[where[k]] = others[k];
                    gap[where[k]] = wall[k];
                }
            }
        }
}
