/* Every function that Python calls. cffi reads this file too, so it holds plain declarations only.
 *
 * Rasters are C-contiguous (H, W, C). No function keeps a pointer, allocates memory or fails.
 * All of them give the same bytes on every processor: see native/README.md.
 */

/* 2, 3 or 4: which x86-64 level this processor and operating system run (4 with VBMI); else 0. */
int tenfold_level(void);

/* ---- Pointwise, and what is measured on the way (table.c, table_curves.c, histogram.c, colour.c,
 * normalise.c, clahe.c). `dst` may be `src` where their types agree. `low` and `high` are black and
 * white in the image's own units; results are clipped to them. */

/* Integers by tables (rows, 256) or (rows, 65536); rows: 1, or `channels`. */
void look_up_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels, const uint8_t *tables,
                ptrdiff_t rows, uint8_t *dst);
void look_up_u16(const uint16_t *src, ptrdiff_t pixels, ptrdiff_t channels, const uint16_t *tables,
                 ptrdiff_t rows, uint16_t *dst);

/* Of each channel: counts (channels, 256) or (channels, 65536); sums (channels); least and greatest
 * (channels, 2). All are overwritten. */
void histogram_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels, uint64_t *counts);
void histogram_u16(const uint16_t *src, ptrdiff_t pixels, ptrdiff_t channels, uint64_t *counts);
void sums_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels, uint64_t *sums);
void extremes_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels, uint8_t *extremes);

/* A run of curves, one after the other, made into tables; the rows made (1 or `channels`) are
 * returned, `tables` has room for (channels, 256 or 65536).
 * program: of `length` numbers: for each curve its code (tone.py), how many parameters it has, and
 *     these.
 * src: what curves measure; may be NULL where none does.
 * scratch: (2 * channels + 1) * 256 (or 65536) doubles; for bytes NULL if channels <= 4. */
ptrdiff_t curve_tables_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels,
                          const double *program, ptrdiff_t length, double low, double high,
                          double *scratch, uint8_t *tables);
ptrdiff_t curve_tables_u16(const uint16_t *src, ptrdiff_t pixels, ptrdiff_t channels,
                           const double *program, ptrdiff_t length, double low, double high,
                           double *scratch, uint16_t *tables);
/* Tables of many runs that differ in their parameters only and measure nothing: programs
 * (copies, length) to tables (copies, rows, 256); `rows` is `channels` if a curve has parameters
 * for each channel, else 1. */
void curve_tables_u8_many(ptrdiff_t copies, ptrdiff_t channels, const double *programs,
                          ptrdiff_t length, double low, double high, double *scratch,
                          ptrdiff_t rows, uint8_t *tables);
/* Tables made as above and applied at once. */
void curves_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels, const double *program,
               ptrdiff_t length, double low, double high, double *scratch, uint8_t *tables,
               uint8_t *dst);
void curves_u16(const uint16_t *src, ptrdiff_t pixels, ptrdiff_t channels, const double *program,
                ptrdiff_t length, double low, double high, double *scratch, uint16_t *tables,
                uint16_t *dst);
/* Curves that measure nothing, value by value. */
void curves_f32(const float *src, ptrdiff_t pixels, ptrdiff_t channels, const double *program,
                ptrdiff_t length, double low, double high, float *dst);

/* RGB in one pass: tables before (NULL: none), a matrix (3, 4) in the image's own units (NULL:
 * none), hue turned in HSV by `turn` sixths of a circle (1 to 7; 0: not at all), another matrix
 * (NULL: none), tables after (NULL: none). Clipped after each, rounded once, before the last. */
void colour_u8(const uint8_t *src, ptrdiff_t pixels, const uint8_t *before, ptrdiff_t before_rows,
               const float *first, float turn, const float *second, float low, float high,
               const uint8_t *after, ptrdiff_t after_rows, uint8_t *dst);
/* The same, then value * scale[c] + offset[c] as (3, pixels) float. */
void colour_planes_u8(const uint8_t *src, ptrdiff_t pixels, const uint8_t *before,
                      ptrdiff_t before_rows, const float *first, float turn, const float *second,
                      float low, float high, const uint8_t *after, ptrdiff_t after_rows,
                      const float *scale, const float *offset, float *dst);
void colour_u16(const uint16_t *src, ptrdiff_t pixels, const float *first, float turn,
                const float *second, float low, float high, uint16_t *dst);
void colour_f32(const float *src, ptrdiff_t pixels, const float *first, float turn,
                const float *second, float low, float high, float *dst);

/* Any number of channels by a matrix (channels, channels + 1) in the image's own units. `dst` is
 * not `src`. */
void matrix_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels, const float *matrix,
               float low, float high, uint8_t *dst);
void matrix_u16(const uint16_t *src, ptrdiff_t pixels, ptrdiff_t channels, const float *matrix,
                float low, float high, uint16_t *dst);
void matrix_f32(const float *src, ptrdiff_t pixels, ptrdiff_t channels, const float *matrix,
                float low, float high, float *dst);

/* value * scale[c] + offset[c] as float: (pixels, channels), or (channels, pixels) if `planar`. */
void normalise_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels, const float *scale,
                  const float *offset, int planar, float *dst);
void normalise_u16(const uint16_t *src, ptrdiff_t pixels, ptrdiff_t channels, const float *scale,
                   const float *offset, int planar, float *dst);
void normalise_f32(const float *src, ptrdiff_t pixels, ptrdiff_t channels, const float *scale,
                   const float *offset, int planar, float *dst);

/* CLAHE of one plane (height, width) of bytes, the same numbers as OpenCV's; `maps` is scratch of
 * 256 * (tiles_y * tiles_x + 4 * (tiles_x + 1)) bytes. `dst` is not `src`. */
void clahe_plane(const uint8_t *src, ptrdiff_t height, ptrdiff_t width, double limit,
                 ptrdiff_t tiles_y, ptrdiff_t tiles_x, uint8_t *maps, uint8_t *dst);
/* Luma (BT.601) of RGB, rounded; and RGB moved in all channels by what its luma moved, clipped. */
void luma_u8(const uint8_t *src, ptrdiff_t pixels, uint8_t *dst);
void follow_luma_u8(const uint8_t *src, ptrdiff_t pixels, const uint8_t *before,
                    const uint8_t *after, uint8_t *dst);

/* ---- End of pointwise. */

/* Randomness a copy (philox.c). keys (count, 2), copies (count), ops (op_count): the words of the
 * counter. uniforms: (op_count, 16, count) in (0, 1); seeds: (op_count, count), 53 bits. */
void draw_uniforms(const uint32_t *keys, const uint32_t *copies, ptrdiff_t count,
                   const uint32_t *ops, ptrdiff_t op_count, double *uniforms, int64_t *seeds);

/* uniforms: (count, width) in (0, 1); row i depends on seeds[i] alone. */
void row_uniforms(const int64_t *seeds, ptrdiff_t count, ptrdiff_t width, double *uniforms);

/* ---- Geometry: warp.c, resize.c, move.c -----------------------------------------------------
 *
 * Coordinates are continuous: the first pixel's centre is 0.5.
 * type: 0 uint8, 1 uint16, 2 float32, 3 any values of 8 bytes (nearest and moves only; those take
 *     0, 1 and 2 for any values of 1, 2 and 4 bytes).
 * interpolation: 0 nearest, 1 linear, 2 cubic (Keys, a = -0.75).
 * border: 0 reflect (without repeating the edge), 1 edge, 2 wrap, 3 constant.
 * beyond: one pixel (channels values of the raster's type) for the constant border; else unused.
 */

/* The target's pixel centres through a spline and then a matrix to the source.
 * matrix: 9 numbers, target to source; null for none. control: (rows, columns, 2) displacements
 * (dx, dy) of the target's frame in C order; null for none. */
void tenfold_warp(
    const void *source, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, int type,
    void *target, ptrdiff_t target_height, ptrdiff_t target_width, const double *matrix,
    const double *control, ptrdiff_t rows, ptrdiff_t columns, int interpolation, int border,
    const void *beyond);

/* The same through any chain of up to 64 stages, in the order in which they pull.
 * shapes: (count, 4): rows and columns of a control grid, height and width of its frame; all 0 for
 * a matrix. numbers: those of all stages, one after the other. */
void tenfold_warp_chain(
    const void *source, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, int type,
    void *target, ptrdiff_t target_height, ptrdiff_t target_width, const double *numbers,
    const ptrdiff_t *shapes, ptrdiff_t count, int interpolation, int border, const void *beyond);

/* Axis-aligned maps: target x looks at source x across[0] * x + across[1], y alike; negative
 * factors flip. Linear where the picture grows; where it shrinks, the mean over each target
 * pixel's own area (each source pixel counts by the area that lies within). across[2], in source
 * pixels: the mean is taken over a box at least so wide; 0 for no more than the above.
 * scratch: tenfold_resize_scratch() bytes. */
void tenfold_resize(
    const void *source, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels, int type,
    void *target, ptrdiff_t target_height, ptrdiff_t target_width, const double *across,
    const double *down, int border, const void *beyond, void *scratch);
ptrdiff_t tenfold_resize_scratch(
    ptrdiff_t width, ptrdiff_t channels, ptrdiff_t target_width, const double *across,
    const double *down);

/* Flips, quarter turns and whole shifts: pixels moved as they are. matrix: 9 numbers, target to
 * source, whole as `Map.grid` has it. size: bytes of a pixel. beyond: a pixel, as above. */
void tenfold_move(
    const void *source, ptrdiff_t height, ptrdiff_t width, ptrdiff_t size, void *target,
    ptrdiff_t target_height, ptrdiff_t target_width, const double *matrix, int border,
    const void *beyond);

/* All of these by the way that fits: pixels moved as they are, resized along the axes, or warped,
 * where a picture that shrinks is averaged first. One call for a map of a spline and a matrix.
 * sizes: height, width, channels, type, target height, target width, interpolation, border, rows,
 *     columns. matrix, control, beyond: as for tenfold_warp.
 * scratch: tenfold_resample_scratch() bytes; 0, and so null, for moves and plain warps. */
void tenfold_resample(
    const void *source, void *target, const int64_t *sizes, const double *matrix,
    const double *control, const void *beyond, void *scratch);
ptrdiff_t tenfold_resample_scratch(
    const int64_t *sizes, const double *matrix, const double *control);

/* ---- PNG files (png.c). */

/* Bytes of work space for rows of `row` bytes; bytes of the longest file without its head. */
ptrdiff_t png_work_size(ptrdiff_t row);
ptrdiff_t png_bound(ptrdiff_t height, ptrdiff_t row);

/* Write a whole file to `out`, which holds head_size + png_bound(height, row) bytes; returns its
 * size. `head` is all that stands before the pixels' chunk. pixels: (height, row) bytes; `step` is
 * the bytes from a value to its left neighbour's (1 where values are smaller than a byte); `deep`
 * pixels are 16-bit values of this machine. */
ptrdiff_t png_encode(const uint8_t *pixels, ptrdiff_t height, ptrdiff_t row, int step, int deep,
                     const uint8_t *head, ptrdiff_t head_size, uint8_t *out, uint8_t *work);

/* ---- End of PNG. */

/* ---- Noise, convolution, median, fills (random.c, noise.c, light.c, convolve.c, smooth.c,
 * taps.c, median.c, fill.c). `dst` may be `src` for noise and fills, not for convolution and median. `low` and `high`
 * are black and white in the image's own units; results are clipped to them. */

/* Numbers `first` to `first + count` of a seed's stream: even 32-bit words; and standard normal
 * numbers (fields, count), row i of seeds[i]. */
void pixel_words(uint64_t seed, uint32_t stream, ptrdiff_t first, ptrdiff_t count, uint32_t *out);
void pixel_normals(const int64_t *seeds, ptrdiff_t fields, uint32_t stream, ptrdiff_t first,
                   ptrdiff_t count, float *out);

/* The normal numbers of one seed's stream that bytes get, as integers of deviation 3959.82. */
void pixel_normals16(uint64_t seed, uint32_t stream, ptrdiff_t first, ptrdiff_t count, int16_t *out);

/* y = x + z * (spread + slope * (x - low)), z normal; one z for all channels of a pixel if
 * `shared`. Gaussian noise has slope 0; multiplicative noise spread 0. */
void normal_noise_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels, int shared,
                     uint64_t seed, float spread, float slope, float low, float high, uint8_t *dst);
void normal_noise_u16(const uint16_t *src, ptrdiff_t pixels, ptrdiff_t channels, int shared,
                      uint64_t seed, float spread, float slope, float low, float high,
                      uint16_t *dst);
void normal_noise_f32(const float *src, ptrdiff_t pixels, ptrdiff_t channels, int shared,
                      uint64_t seed, float spread, float slope, float low, float high, float *dst);

/* In linear light x (decoded from sRGB unless `linear`): Poisson(photons * x) / photons. */
void shot_noise_u8(const uint8_t *src, ptrdiff_t values, uint64_t seed, float photons, int linear,
                   float low, float high, uint8_t *dst);
void shot_noise_u16(const uint16_t *src, ptrdiff_t values, uint64_t seed, float photons, int linear,
                    float low, float high, uint16_t *dst);
void shot_noise_f32(const float *src, ptrdiff_t values, uint64_t seed, float photons, int linear,
                    float low, float high, float *dst);

/* In linear light x: x + z * sqrt(gain * x + floor), z normal. */
void sensor_noise_u8(const uint8_t *src, ptrdiff_t values, uint64_t seed, float gain, float floor,
                     int linear, float low, float high, uint8_t *dst);
void sensor_noise_u16(const uint16_t *src, ptrdiff_t values, uint64_t seed, float gain, float floor,
                      int linear, float low, float high, uint16_t *dst);
void sensor_noise_f32(const float *src, ptrdiff_t values, uint64_t seed, float gain, float floor,
                      int linear, float low, float high, float *dst);

/* Pixels (values, unless `shared`) whose random word is below `limit` become `high` if it is below
 * `white` too, else `low`. */
void salt_and_pepper_u8(const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels, int shared,
                        uint64_t seed, uint32_t limit, uint32_t white, uint8_t low, uint8_t high,
                        uint8_t *dst);
void salt_and_pepper_u16(const uint16_t *src, ptrdiff_t pixels, ptrdiff_t channels, int shared,
                         uint64_t seed, uint32_t limit, uint32_t white, uint16_t low, uint16_t high,
                         uint16_t *dst);
void salt_and_pepper_f32(const float *src, ptrdiff_t pixels, ptrdiff_t channels, int shared,
                         uint64_t seed, uint32_t limit, uint32_t white, float low, float high,
                         float *dst);

/* Correlation with row factors[0] along x and factors[1] along y, (2, size), size odd; mirrored
 * without the edge pixel. scratch: 2 * (width + size) * channels + 64 floats. */
void separable_u8(const uint8_t *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                  const float *factors, ptrdiff_t size, float low, float high, float *scratch,
                  uint8_t *dst);
void separable_u16(const uint16_t *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                   const float *factors, ptrdiff_t size, float low, float high, float *scratch,
                   uint16_t *dst);
void separable_f32(const float *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                   const float *factors, ptrdiff_t size, float low, float high, float *scratch,
                   float *dst);

/* Correlation with a kernel (rows, columns), both odd; mirrored likewise. Zeros cost nothing.
 * scratch: rows * ((width + columns) * channels + 32) + (width + 16) * channels + 64 floats. */
void correlate_u8(const uint8_t *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                  const float *kernel, ptrdiff_t rows, ptrdiff_t columns, float low, float high,
                  float *scratch, uint8_t *dst);
void correlate_u16(const uint16_t *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                   const float *kernel, ptrdiff_t rows, ptrdiff_t columns, float low, float high,
                   float *scratch, uint16_t *dst);
void correlate_f32(const float *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                   const float *kernel, ptrdiff_t rows, ptrdiff_t columns, float low, float high,
                   float *scratch, float *dst);

/* Median of the window of (2 * radius + 1)^2, radius 1 or 2; beyond the border the edge goes on.
 * scratch: 5 * ((width + 4) * channels + 64) values. */
void median_u8(const uint8_t *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
               ptrdiff_t radius, uint8_t *scratch, uint8_t *dst);
void median_u16(const uint16_t *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                ptrdiff_t radius, uint16_t *scratch, uint16_t *dst);
void median_f32(const float *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels,
                ptrdiff_t radius, float *scratch, float *dst);

/* An image of any type, `pixel` bytes a pixel, with rectangles (count, 4) x0, y0, x1, y1 (end
 * excluded, inside the image) in one colour of `pixel` bytes. */
void fill_rectangles(const uint8_t *src, ptrdiff_t height, ptrdiff_t width, ptrdiff_t pixel,
                     const int64_t *rectangles, ptrdiff_t count, const uint8_t *colour,
                     uint8_t *dst);

/* Rectangles in `dst` of even noise from low to high, for integers both included. */
void fill_noise_u8(ptrdiff_t width, ptrdiff_t channels, const int64_t *rectangles, ptrdiff_t count,
                   uint64_t seed, uint8_t low, uint8_t high, uint8_t *dst);
void fill_noise_u16(ptrdiff_t width, ptrdiff_t channels, const int64_t *rectangles, ptrdiff_t count,
                    uint64_t seed, uint16_t low, uint16_t high, uint16_t *dst);
void fill_noise_f32(ptrdiff_t width, ptrdiff_t channels, const int64_t *rectangles, ptrdiff_t count,
                    uint64_t seed, float low, float high, float *dst);

/* ---- End of noise, convolution, median, fills. */

/* ---- Many images of one shape in one call (many.c): `count` of them, one after the other, and as
 * many of all numbers. Where `acts[k]` is 0 image k is copied. */

/* tenfold_resample() with one matrix each and, where `bends[k]`, a grid of controls (count, rows,
 * columns, 2). scratch: the most that one of them needs. */
void tenfold_resample_many(ptrdiff_t count, const uint8_t *sources, uint8_t *targets,
                           const int64_t *sizes, const double *matrices, const double *controls,
                           const uint8_t *bends, const uint8_t *acts, const void *beyond,
                           void *scratch);
/* tenfold_resample_scratch() of each. */
void tenfold_resample_scratches(ptrdiff_t count, const int64_t *sizes, const double *matrices,
                                const double *controls, const uint8_t *bends, int64_t *bytes);

/* Matrices (count, 3, 3): whole = matrix @ whole where `acts`; inverses by the adjugate. The
 * arithmetic is that of `ops/matrices.py`, to the last bit. */
void tenfold_follow(ptrdiff_t count, const double *matrices, const uint8_t *acts, double *wholes);
void tenfold_inverses(ptrdiff_t count, const double *given, double *inverses);

void normal_noise_u8_many(ptrdiff_t count, const uint8_t *src, ptrdiff_t pixels,
                          ptrdiff_t channels, const uint8_t *shared, const int64_t *seeds,
                          const float *spreads, const float *slopes, float low, float high,
                          const uint8_t *acts, uint8_t *dst);
void normal_noise_u16_many(ptrdiff_t count, const uint16_t *src, ptrdiff_t pixels,
                           ptrdiff_t channels, const uint8_t *shared, const int64_t *seeds,
                           const float *spreads, const float *slopes, float low, float high,
                           const uint8_t *acts, uint16_t *dst);
void normal_noise_f32_many(ptrdiff_t count, const float *src, ptrdiff_t pixels,
                           ptrdiff_t channels, const uint8_t *shared, const int64_t *seeds,
                           const float *spreads, const float *slopes, float low, float high,
                           const uint8_t *acts, float *dst);
/* Tables (count, rows, 256). */
void look_up_u8_many(ptrdiff_t count, const uint8_t *src, ptrdiff_t pixels, ptrdiff_t channels,
                     const uint8_t *tables, ptrdiff_t rows, const uint8_t *acts, uint8_t *dst);

/* ---- End of many. */

/* ---- Tomography (tomography_rays.c, tomography_views.c, tomography_beam.c).
 *
 * Lines and views are padded: a zero before the first pixel (or detector element), two behind the
 * last; `stride` counts them too. Place 1 is the first one's centre; places beyond stand on zeros.
 * 64 floats behind the last line or view may be read, whatever they are. */

/* Sums along rays through `count` lines: a ray crosses line n at place start + slope * n, between
 * two pixels that count by nearness. */
void ray_sums(const float *lines, ptrdiff_t count, ptrdiff_t stride, const float *starts,
              const float *slopes, ptrdiff_t rays, float *sums);
/* The transpose: each ray's value goes to where ray_sums() takes it from. All of `lines` is
 * overwritten; what fell beyond the image is in the padding. */
void ray_spread(const float *values, const float *starts, const float *slopes, ptrdiff_t rays,
                ptrdiff_t count, ptrdiff_t stride, float *lines);

/* out[v][s] = sum over k of views[v][k] * kernel[size - 1 + s - k]; kernel (2 * size - 1). Not
 * padded. `out` is not `views`. */
void filter_views(const float *views, ptrdiff_t count, ptrdiff_t size, const float *kernel,
                  float *out);
/* Each pixel's sum over views (count, stride). places (count, 6) a, b: pixel (row r, column c)
 * looks at place u = a0 + a1 c + a2 r; in a fan at u / v, v = b0 + b1 c + b2 r, with weight 1 / v^2. */
void back_views(const float *views, ptrdiff_t count, ptrdiff_t stride, const double *places,
                int fan, ptrdiff_t height, ptrdiff_t width, float *image);

/* light = sum over e of weights[e] * exp(-sum over m of attenuation[e][m] * lengths[m][ray]). */
void beam_light(const float *lengths, ptrdiff_t materials, ptrdiff_t rays,
                const double *attenuation, const double *weights, ptrdiff_t energies,
                float *light);
/* -ln(light), light positive and normal. */
void minus_log(const float *light, ptrdiff_t count, float *lines);

/* ---- End of tomography. */

/* ---- Cells by nearest sites (sites.c) and their outlines (outlines.c). */

/* For each point (3, height, width) its site of least power, distance^2 - weight, among sites
 * (count, 4) x, y, z, weight: its number or -1, the power, how far the nearest wall is between it
 * and sites of other owners (exact up to `reach`, at most `far`) and the site across. Sites within
 * `far` of a point count, and some that are a little further. A point sees only sites whose tag is
 * its own in `wanted` (height, width), or 0 where that is NULL; below 0 it sees none.
 * Sites are sorted into cubic bins, shape (3) along x, y, z, z the quickest; starts (bins + 1);
 * frame: low x, y, z, side of a bin, greatest weight. list, away: scratch, one value a site. */
void tenfold_nearest_sites(const float *points, ptrdiff_t height, ptrdiff_t width,
                           const int32_t *wanted, const float *sites, const int32_t *tags,
                           const int32_t *owners, const int64_t *starts, const int64_t *shape,
                           const float *frame, float reach, float far, int32_t *list, float *away,
                           int32_t *nearest, float *power, int32_t *other, float *gap);

/* Outlines of the 4-connected regions of labels other than 0, along pixels' edges, clockwise on the
 * screen round a region and counterclockwise round holes. counts (2): loops and corners in all;
 * corners (corners, 2) x, y, and loops (loops, 3): label, its first corner, twice its signed area;
 * either may be NULL, to count only. seen: scratch, one byte a pixel. */
void tenfold_outlines(const int32_t *labels, ptrdiff_t height, ptrdiff_t width, uint8_t *seen,
                      int32_t *corners, int64_t *loops, int64_t *counts);

/* ---- End of sites and outlines. */
