/* One resampling by the way that fits its map: pixels moved as they are, an axis-aligned resize, or
 * a warp, before which pictures that shrink are averaged. */
#include "warp.h"

static const double WHOLE = 1e-9; /* off whole numbers */
static const double SHRINKS = 1.25; /* source pixels a target pixel from which on it's averaged */
static const double MOST = 65536;   /* and up to which: farther ones would show nothing but cost room */

enum { H, W, CHANNELS, TYPE, TARGET_H, TARGET_W, INTERPOLATION, BORDER, ROWS, COLUMNS };

typedef struct {
    enum { MOVE, RESIZE, WARP, AVERAGE } way;
    double matrix[9]; /* target to source, scaled so that its last number is 1 */
    double across[3], down[3]; /* of the resize, or of the averaging */
    ptrdiff_t height, width; /* of the averaged source */
} Plan;

static int moves_pixels(const double *m) {
    if (m[6] != 0 || m[7] != 0) return 0;
    for (int k = 0; k < 6; k++) {
        const double off = m[k] - __builtin_rint(m[k]);
        if (__builtin_fabs(off) > WHOLE) return 0;
    }
    const double a = __builtin_fabs(__builtin_rint(m[0])), b = __builtin_fabs(__builtin_rint(m[1]));
    const double c = __builtin_fabs(__builtin_rint(m[3])), d = __builtin_fabs(__builtin_rint(m[4]));
    return a == d && b == c && a + b == 1;
}

/* Whether a factor and a shift are such that a resize along the axes makes sense; no number doesn't. */
INLINE int resizes(double factor, double shift) {
    return __builtin_fabs(factor) <= MOST && __builtin_fabs(shift) <= MOST * MOST;
}

/* How many source pixels along x and along y make one target pixel: see `Map.shrinking`. */
static void shrinking(
    const int64_t *sizes, const double *matrix, const double *control, double widths[2]
) {
    const double x = (double)sizes[TARGET_W] / 2, y = (double)sizes[TARGET_H] / 2;
    const Stage stages[2] = {
        {control, control ? sizes[ROWS] : 0, sizes[COLUMNS], sizes[TARGET_H], sizes[TARGET_W]},
        {matrix, 0, 0, 0, 0},
    };
    double ends[4][2] = {{x * 1.5, y}, {x * 0.5, y}, {x, y * 1.5}, {x, y * 0.5}};
    for (int k = 0; k < 4; k++) {
        if (control) warp_through(&stages[0], &ends[k][0], &ends[k][1]);
        warp_through(&stages[1], &ends[k][0], &ends[k][1]);
    }
    const double a = (ends[0][0] - ends[1][0]) / x, c = (ends[0][1] - ends[1][1]) / x;
    const double b = (ends[2][0] - ends[3][0]) / y, d = (ends[2][1] - ends[3][1]) / y;
    const double area = __builtin_fabs(a * d - b * c);
    const double along_x = __builtin_sqrt(c * c + d * d), along_y = __builtin_sqrt(a * a + b * b);
    widths[0] = area / (along_x > 1e-12 ? along_x : 1e-12);
    widths[1] = area / (along_y > 1e-12 ? along_y : 1e-12);
}

/* One axis of the averaging: means over `width` source pixels, two of them or so in each. */
static ptrdiff_t average(ptrdiff_t side, double width, double line[3]) {
    const double block = width >= 3 ? __builtin_floor(width / 1.5 + 1e-6) : 1;
    const double count = __builtin_rint((double)side / block);
    const ptrdiff_t small = count > 1 ? (ptrdiff_t)count : 1;
    line[0] = (double)side / (double)small;
    line[1] = 0;
    line[2] = width > 1.01 ? width : 1;
    return small;
}

static Plan plan_of(const int64_t *sizes, const double *matrix, const double *control) {
    Plan plan = {.way = WARP};
    static const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double *m = plan.matrix;
    for (int k = 0; k < 9; k++) m[k] = matrix ? matrix[k] / matrix[8] : identity[k];
    if (!control && moves_pixels(m)) {
        plan.way = MOVE;
        return plan;
    }
    if (sizes[INTERPOLATION] == NEAREST) return plan;
    if (!control && sizes[INTERPOLATION] == LINEAR && m[6] == 0 && m[7] == 0 && m[1] == 0 &&
        m[3] == 0 && resizes(m[0], m[2]) && resizes(m[4], m[5])) {
        plan.way = RESIZE;
        for (int k = 0; k < 2; k++) {
            plan.across[k] = m[2 * k];
            plan.down[k] = m[4 + k];
        }
        return plan;
    }
    double widths[2];
    shrinking(sizes, m, control, widths);
    if (!(widths[0] >= SHRINKS || widths[1] >= SHRINKS)) return plan;
    if (!(widths[0] <= MOST && widths[1] <= MOST)) return plan;
    plan.way = AVERAGE;
    plan.width = average(sizes[W], widths[0], plan.across);
    plan.height = average(sizes[H], widths[1], plan.down);
    for (int k = 0; k < 3; k++) {
        m[k] /= plan.across[0];
        m[3 + k] /= plan.down[0];
    }
    return plan;
}

enum { LINE = 64 };

INLINE ptrdiff_t averaged_bytes(const int64_t *sizes, const Plan *plan) {
    const ptrdiff_t bytes = plan->height * plan->width * (sizes[CHANNELS] << sizes[TYPE]);
    return (bytes + 2 * LINE - 1) / LINE * LINE;
}

EXPORT ptrdiff_t
tenfold_resample_scratch(const int64_t *sizes, const double *matrix, const double *control) {
    const Plan plan = plan_of(sizes, matrix, control);
    if (plan.way == MOVE || plan.way == WARP) return 0;
    const ptrdiff_t target = plan.way == RESIZE ? sizes[TARGET_W] : plan.width;
    const ptrdiff_t rows =
        tenfold_resize_scratch(sizes[W], sizes[CHANNELS], target, plan.across, plan.down);
    return rows + (plan.way == AVERAGE ? averaged_bytes(sizes, &plan) : 0);
}

EXPORT void tenfold_resample(
    const void *source, void *target, const int64_t *sizes, const double *matrix,
    const double *control, const void *beyond, void *scratch
) {
    const int64_t *s = sizes;
    const Plan plan = plan_of(sizes, matrix, control);
    const int type = (int)s[TYPE], border = (int)s[BORDER];
    if (plan.way == MOVE) {
        const ptrdiff_t size = s[CHANNELS] << type;
        tenfold_move(
            source, s[H], s[W], size, target, s[TARGET_H], s[TARGET_W], plan.matrix, border, beyond
        );
        return;
    }
    if (plan.way == RESIZE) {
        tenfold_resize(
            source, s[H], s[W], s[CHANNELS], type, target, s[TARGET_H], s[TARGET_W], plan.across,
            plan.down, border, beyond, scratch
        );
        return;
    }
    ptrdiff_t height = s[H], width = s[W];
    if (plan.way == AVERAGE) {
        u8 *averaged = scratch;
        scratch = averaged + averaged_bytes(sizes, &plan);
        tenfold_resize(
            source, height, width, s[CHANNELS], type, averaged, plan.height, plan.width,
            plan.across, plan.down, border == WRAP ? WRAP : REFLECT, beyond, scratch
        );
        source = averaged;
        height = plan.height;
        width = plan.width;
    }
    tenfold_warp(
        source, height, width, s[CHANNELS], type, target, s[TARGET_H], s[TARGET_W], plan.matrix,
        control, s[ROWS], s[COLUMNS], (int)s[INTERPOLATION], border, beyond
    );
}
