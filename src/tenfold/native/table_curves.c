/* Runs of curves made into one table, and what some of them measure on the image. */
#include "curve.h"
#include "histogram.h"
#include "table.h"

/* Parts of white in which values are summed, as whole numbers, so that no order matters. */
#define PARTS 65535
#define FINE_PARTS 0x1p30
#define FEW 4 /* channels that need no scratch of the caller's */

void look_up_u8(const u8 *, ptrdiff_t, ptrdiff_t, const u8 *, ptrdiff_t, u8 *);
void look_up_u16(const u16 *, ptrdiff_t, ptrdiff_t, const u16 *, ptrdiff_t, u16 *);

/* A table in the making, and what is known of the image. */
typedef struct {
    const void *src; /* the image, or NULL where nothing is measured */
    ptrdiff_t pixels, channels, levels, rows;
    double span;    /* white less black, in the image's units */
    int counted;    /* whether `counts` is filled in */
    double *values; /* (rows, levels) */
    u64 *counts;    /* (channels, levels) */
} making;

static void count(making *m) {
    if (m->counted) return;
    if (m->levels == 256) histogram_u8(m->src, m->pixels, m->channels, m->counts);
    else histogram_u16(m->src, m->pixels, m->channels, m->counts);
    m->counted = 1;
}

/* One row for each channel from here on. */
static void spread(making *m) {
    for (; m->rows < m->channels; m->rows++) {
        memcpy(m->values + m->rows * m->levels, m->values, (size_t)m->levels * sizeof(double));
    }
}

INLINE const double *row_of(const making *m, ptrdiff_t channel) {
    return m->values + (m->rows > 1 ? channel * m->levels : 0);
}

/* Sums of the looked-up values of bytes, in parts of white. */
static void sum_bytes(making *m, u64 *sums) {
    u16 parts[FEW * 256];
    int same = m->rows == 1;
    for (ptrdiff_t i = 0; i < m->rows * 256; i++) parts[i] = (u16)(int)(m->values[i] * PARTS + 0.5);
    for (int v = 0; v < 256; v++) same &= parts[v] == 257 * v;
    if (same) {
        sums_u8(m->src, m->pixels, m->channels, sums);
        for (ptrdiff_t c = 0; c < m->channels; c++) sums[c] *= 257;
        return;
    }
#if defined(SUMS_LOOKED_UP)
    if (m->channels == 3) {
        sums_looked_up(m->src, m->pixels, parts, m->rows, sums);
        return;
    }
#endif
    count(m);
    for (ptrdiff_t c = 0; c < m->channels; c++) {
        const u16 *row = parts + (m->rows > 1 ? 256 * c : 0);
        sums[c] = 0;
        for (int v = 0; v < 256; v++) sums[c] += m->counts[256 * c + v] * row[v];
    }
}

static u64 sum_counted(making *m, ptrdiff_t channel) {
    count(m);
    const double *v = row_of(m, channel);
    const u64 *counts = m->counts + channel * m->levels;
    u64 sum = 0;
    for (ptrdiff_t i = 0; i < m->levels; i++) {
        sum += counts[i] * (u64)(int)(v[i] * FINE_PARTS + 0.5);
    }
    return sum;
}

/* About the mean luma of three channels (BT.601), or the mean of all. */
static void contrast_about_mean(making *m, double factor) {
    static const double luma[3] = {0.299, 0.587, 0.114};
    const int bytes = m->levels == 256 && m->channels <= FEW && !m->counted;
    u64 sums[FEW];
    if (bytes) sum_bytes(m, sums);
    double pivot = 0;
    for (ptrdiff_t c = 0; c < m->channels; c++) {
        const double sum = bytes ? (double)sums[c] / PARTS : (double)sum_counted(m, c) / FINE_PARTS;
        const double mean = sum / (double)m->pixels;
        pivot += mean * (m->channels == 3 ? luma[c] : 1.0 / (double)m->channels);
    }
    const double numbers[2] = {factor, pivot};
    const curve same = {CONTRAST_ABOUT, 2, numbers};
    run_curve(same, 0, m->values, m->rows * m->levels);
}

/* How many pixels of channels first..last are at most (or, if `least`, at least) `x`. */
static u64 mass(const making *m, ptrdiff_t first, ptrdiff_t last, double x, int least) {
    u64 sum = 0;
    for (ptrdiff_t c = first; c < last; c++) {
        const double *v = row_of(m, c);
        const u64 *counts = m->counts + c * m->levels;
        for (ptrdiff_t i = 0; i < m->levels; i++) {
            sum += (least ? v[i] >= x : v[i] <= x) ? counts[i] : 0;
        }
    }
    return sum;
}

/* The least value such that more than `drop` pixels have at most it; or, from above, the greatest
 * such that more than `drop` have at least it. Numbers from 0 to 1 are ordered as their bits. */
static double end_of(const making *m, ptrdiff_t first, ptrdiff_t last, u64 drop, int above) {
    u64 low = 0, high = bits_of(1.0);
    while (low < high) {
        const u64 middle = low + (high - low + (u64)above) / 2;
        const int enough = mass(m, first, last, of_bits(middle), above) > drop;
        if (above) {
            if (enough) low = middle;
            else high = middle - 1;
        } else {
            if (enough) high = middle;
            else low = middle + 1;
        }
    }
    return of_bits(low);
}

/* Whether the least and the greatest byte of a channel have its least and greatest value. */
static int rises(const making *m) {
    if (m->levels != 256 || m->channels > FEW || m->counted) return 0;
    int up = 1;
    for (ptrdiff_t row = 0; row < m->rows; row++) {
        const double *v = m->values + 256 * row;
        for (int i = 0; i < 255; i++) up &= v[i] <= v[i + 1];
    }
    return up;
}

static void ends_by_bytes(const making *m, ptrdiff_t first, ptrdiff_t last, double *ends) {
    u8 bytes[2 * FEW];
    extremes_u8(m->src, m->pixels, m->channels, bytes);
    ends[0] = 1;
    ends[1] = 0;
    for (ptrdiff_t c = first; c < last; c++) {
        const double *v = row_of(m, c), low = v[bytes[2 * c]], high = v[bytes[2 * c + 1]];
        ends[0] = low < ends[0] ? low : ends[0];
        ends[1] = high > ends[1] ? high : ends[1];
    }
}

/* Darkest to 0 and brightest to 1, without the share `cutoff` of pixels at each end. */
static void autocontrast(making *m, double cutoff, int joint) {
    if (!joint) spread(m);
    const ptrdiff_t groups = joint ? 1 : m->channels, together = joint ? m->channels : 1;
    const u64 drop = (u64)(cutoff * (double)(m->pixels * together));
    const int by_bytes = !drop && rises(m);
    double ends[FEW][2];
    for (ptrdiff_t g = 0; by_bytes && g < groups; g++) ends_by_bytes(m, g, g + together, ends[g]);
    for (ptrdiff_t g = 0; g < groups; g++) {
        double own[2];
        if (by_bytes) {
            own[0] = ends[g][0];
            own[1] = ends[g][1];
        } else {
            count(m);
            own[0] = end_of(m, g, g + together, drop, 0);
            own[1] = end_of(m, g, g + together, drop, 1);
        }
        const curve stretch = {STRETCH, 2, own};
        run_curve(stretch, 0, m->values + g * m->levels, (joint ? m->rows : 1) * m->levels);
    }
}

INLINE ptrdiff_t level_of(const making *m, double x) {
    const ptrdiff_t level = (ptrdiff_t)(x * m->span + 0.5);
    return level < m->levels ? level : m->levels - 1; /* white may lie beyond the dtype */
}

/* A value as the image holds it: black and white may lie beyond what its dtype can say. */
INLINE int level_held(const making *m, double value, double low) {
    const double level = rounded(low + value * m->span), most = (double)(m->levels - 1);
    return (int)(level > 0 ? level < most ? level : most : 0);
}

/* Rank in place of value: the share of darker pixels, brightest to 1. Values are whole levels. */
static void equalize(making *m, double *ranks) {
    spread(m);
    count(m);
    for (ptrdiff_t c = 0; c < m->channels; c++) {
        double *v = m->values + c * m->levels;
        u64 *counts = m->counts + c * m->levels, *masses = (u64 *)ranks;
        memset(masses, 0, (size_t)m->levels * sizeof(u64));
        for (ptrdiff_t i = 0; i < m->levels; i++) masses[level_of(m, v[i])] += counts[i];
        u64 darker = 0, brightest = 0;
        for (ptrdiff_t i = 0; i < m->levels; i++) brightest = masses[i] ? masses[i] : brightest;
        const u64 rest = (u64)m->pixels - brightest;
        if (!rest) continue; /* one value only: nothing to spread */
        for (ptrdiff_t i = 0; i < m->levels; i++) {
            const u64 here = masses[i];
            ranks[i] = clip((double)darker / (double)rest);
            darker += here;
        }
        for (ptrdiff_t i = 0; i < m->levels; i++) v[i] = ranks[level_of(m, v[i])];
    }
}

/* Before a curve with jumps, values are rounded to the image's levels: rounding that comes later
 * could land on the other side of a jump. */
static void to_levels(making *m) {
    if (!(m->span > 0)) return;
    const double span = m->span;
    for (ptrdiff_t i = 0; i < m->rows * m->levels; i++) {
        m->values[i] = rounded(m->values[i] * span) / span;
    }
}

/* The whole run. `ranks`: scratch of `levels`. */
static void run_program(making *m, const double *program, ptrdiff_t length, double *ranks) {
    for (ptrdiff_t at = 0; at < length;) {
        const curve c = next_curve(program, &at);
        if (c.code == EQUALIZE || c.code == SOLARIZE || c.code == POSTERIZE) to_levels(m);
        if (c.code == LIGHT_GAIN && c.count > 2) spread(m);
        if (c.code == CONTRAST_MEAN) contrast_about_mean(m, c.numbers[0]);
        else if (c.code == AUTOCONTRAST) autocontrast(m, c.numbers[0], c.numbers[1] != 0);
        else if (c.code == EQUALIZE) equalize(m, ranks);
        else
            for (ptrdiff_t row = 0; row < m->rows; row++) {
                run_curve(c, row, m->values + row * m->levels, m->levels);
            }
    }
}

static void start(making *m, double low, double high) {
    m->span = high - low;
    m->rows = 1;
    m->counted = 0;
    const double span = m->span;
    for (ptrdiff_t i = 0; i < m->levels; i++) {
        m->values[i] = span > 0 ? clip(((double)(int)i - low) / span) : 0;
    }
}

EXPORT ptrdiff_t curve_tables_u8(
    const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, const double *program, ptrdiff_t length,
    double low, double high, double *scratch, u8 *tables
) {
    double own[9 * 256];
    if (channels <= FEW) scratch = own;
    making m = {.src = src, .pixels = pixels, .channels = channels, .levels = 256};
    m.values = scratch;
    m.counts = (u64 *)(scratch + channels * 256);
    start(&m, low, high);
    run_program(&m, program, length, scratch + 2 * channels * 256);
    for (ptrdiff_t i = 0; i < m.rows * 256; i++) tables[i] = (u8)level_held(&m, m.values[i], low);
    return m.rows;
}

EXPORT ptrdiff_t curve_tables_u16(
    const u16 *src, ptrdiff_t pixels, ptrdiff_t channels, const double *program, ptrdiff_t length,
    double low, double high, double *scratch, u16 *tables
) {
    making m = {.src = src, .pixels = pixels, .channels = channels, .levels = 65536};
    m.values = scratch;
    m.counts = (u64 *)(scratch + channels * 65536);
    start(&m, low, high);
    run_program(&m, program, length, scratch + 2 * channels * 65536);
    for (ptrdiff_t i = 0; i < m.rows * 65536; i++) tables[i] = (u16)level_held(&m, m.values[i], low);
    return m.rows;
}

EXPORT void curve_tables_u8_many(
    ptrdiff_t copies, ptrdiff_t channels, const double *programs, ptrdiff_t length, double low,
    double high, double *scratch, ptrdiff_t rows, u8 *tables
) {
    for (ptrdiff_t i = 0; i < copies; i++) {
        u8 *own = tables + i * rows * 256;
        curve_tables_u8(0, 0, channels, programs + i * length, length, low, high, scratch, own);
    }
}

EXPORT void curves_u8(
    const u8 *src, ptrdiff_t pixels, ptrdiff_t channels, const double *program, ptrdiff_t length,
    double low, double high, double *scratch, u8 *tables, u8 *dst
) {
    const ptrdiff_t rows =
        curve_tables_u8(src, pixels, channels, program, length, low, high, scratch, tables);
    look_up_u8(src, pixels, channels, tables, rows, dst);
}

EXPORT void curves_u16(
    const u16 *src, ptrdiff_t pixels, ptrdiff_t channels, const double *program, ptrdiff_t length,
    double low, double high, double *scratch, u16 *tables, u16 *dst
) {
    const ptrdiff_t rows =
        curve_tables_u16(src, pixels, channels, program, length, low, high, scratch, tables);
    look_up_u16(src, pixels, channels, tables, rows, dst);
}

#define RUN 256 /* values at once */

EXPORT void curves_f32(
    const float *src, ptrdiff_t pixels, ptrdiff_t channels, const double *program, ptrdiff_t length,
    double low, double high, float *dst
) {
    const double span = high - low;
    double v[RUN];
    for (ptrdiff_t first = 0; first < pixels; first += RUN) {
        const ptrdiff_t n = pixels - first < RUN ? pixels - first : RUN;
        for (ptrdiff_t c = 0; c < channels; c++) {
            const float *from = src + first * channels + c;
            float *to = dst + first * channels + c;
            for (ptrdiff_t i = 0; i < n; i++) {
                v[i] = span > 0 ? clip((from[i * channels] - low) / span) : 0;
            }
            for (ptrdiff_t at = 0; at < length;) run_curve(next_curve(program, &at), c, v, n);
            for (ptrdiff_t i = 0; i < n; i++) to[i * channels] = (float)(low + v[i] * span);
        }
    }
}
